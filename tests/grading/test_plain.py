"""Plain data comes back as it went, and nothing else comes back at all."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metarec.grading import plain
from metarec.grading.compare import difference

leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
arrays = st.sampled_from(plain.DTYPES).flatmap(
    lambda dtype: st.lists(st.integers(0, 1), max_size=4).map(lambda x: np.array(x, dtype=dtype))
)
values = st.recursive(
    leaf | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a, b):
    """Equal in type and value."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and (a == b).all()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


@settings(max_examples=150, deadline=None)
@given(values)
def test_what_goes_out_comes_back(value):
    assert same(plain.loads(plain.dumps(value)), value)


@pytest.mark.parametrize("value", [np.float32(1.5), np.int64(-3), np.bool_(True), np.array(2.0)])
def test_scalars_and_arrays_without_axes_stay_apart(value):
    assert same(plain.loads(plain.dumps(value)), value)


def test_an_array_in_another_order_of_bytes_or_memory_keeps_its_values():
    big = np.arange(6, dtype=">i4").reshape(2, 3).T
    assert (plain.loads(plain.dumps(big)) == big).all()


class Odd(float):
    """No plain number."""


@pytest.mark.parametrize(
    "value",
    [Odd(1), object(), {1, 2}, b"x", 1j, np.array([None]), np.array(["a"]), len, range(3),
     np.zeros(2).view(type("Mine", (np.ndarray,), {})), np.ma.masked_array([1.0])],
)  # fmt: skip
def test_anything_else_is_refused(value):
    with pytest.raises(plain.NotPlain):
        plain.dumps(value)
    with pytest.raises(plain.NotPlain):
        plain.dumps([value])


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(plain.NotPlain):
        plain.dumps(endless)


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", "Infinity", "[" * 10**5, "9" * 5000, '{"a": 1}', '{"tuple": 1}', "{}",
     '{"float": "1e5"}', '{"int": "zz"}', '{"int": 5}', '{"dict": [[[], 1]]}', '{"dict": [1]}',
     '{"array": ["<f8", [2], "AAAA"]}', '{"array": ["|O", [0], ""]}',
     '{"array": ["<f8", [-1], ""]}',
     '{"array": ["<f8", [true], "AAAAAAAAAAA="]}', '{"array": ["<f8", [9999999999999999999], ""]}',
     '{"array": ["<f8", [1], "\\u00e9"]}', '{"array": [["<f8"], [1], ""]}', '{"scalar": []}',
     '{"array": ["<f8", [1,1,1,1,1,1,1,1,1], "AAAAAAAAAAA="]}', '{"tuple": [], "int": "1"}'],
)  # fmt: skip
def test_a_text_that_nobody_wrote_is_refused(text):
    with pytest.raises(plain.NotPlain):
        plain.loads(text)


def test_only_known_errors_are_passed_on():
    assert plain.known("ValueError") == "ValueError"
    assert plain.known("points: 99") == plain.OWN
    assert plain.known(["x"]) == plain.OWN


# ---------------------------------------------------------------- comparing

X = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    ("found", "expected"),
    [(1.0, 1.0), (np.float64(1), 1.0), (np.float32(1), 1.0), (1, 1.0), (np.int64(1), 1.0),
     (3, 3), (np.int32(3), 3), (np.uint8(3), 3), (True, True), (np.bool_(True), True),
     (float("nan"), float("nan")), (float("inf"), float("inf")), (1 + 1e-9, 1.0), (None, None),
     ("a", "a"), (X, X), (X.astype(int), X), (X.astype("f4"), X), ([1.0, 2], [1.0, 2]),
     ((1.0, 2), [1.0, 2]), ([1.0, 2], (1.0, 2)), ({"a": 1}, {"a": 1}), ([X, 1.0], (X, 1.0))],
)  # fmt: skip
def test_right_answers(found, expected):
    assert difference(found, expected) == ""


@pytest.mark.parametrize(
    ("found", "expected", "said"),
    [(1.1, 1.0, "another value"), (True, 1.0, "a number is asked for, not a truth value"),
     (True, 1, "whole number"), (1.0, 1, "whole number"), (1, True, "truth value"),
     ("1", 1.0, "not a text"), (None, 1.0, "not nothing"), (np.array(1.0), 1.0, "not an array"),
     (X, 1.0, "not an array"), ([1.0], 1.0, "not a list"), (float("nan"), 1.0, "another value"),
     (1.0, float("nan"), "another value"), (-float("inf"), float("inf"), "another value"),
     ([1.0, 2.0], X, "a numpy array is asked for"), (X[:1], X, "another shape"),
     (X[None], X, "another shape"), (X > 0, X, "another type"), (X, X.astype(int), "another type"),
     (X + 1, X, "other values"), ([1.0], [1.0, 2], "another length"),
     (X, [1.0, 2.0], "not an array"),
     ({"a": 1}, {"b": 1}, "other keys"), ({1: 1}, {True: 1}, "other keys"), ({}, [1], "not a dict"),
     ("b", "a", "another value"), (1, "a", "a text is asked for"), (0, None, "None is asked for"),
     (False, 0.0, "not a truth value"), (0.0, [], "not a number"), (2, 3, "another value")],
)  # fmt: skip
def test_wrong_answers_and_why(found, expected, said):
    assert said in difference(found, expected)


def test_what_is_said_holds_no_value():
    for found in (123456.75, np.full(7, 123456.75), "123456", [123456.75] * 9):
        assert not any(letter.isdigit() for letter in difference(found, 654321.5))
        assert not any(letter.isdigit() for letter in difference(found, np.full((3, 5), 654321.5)))


def test_json_of_an_answer_has_no_bare_nan():
    assert json.loads(plain.dumps([float("nan")])) == [{"float": "nan"}]
