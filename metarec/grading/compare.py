"""Whether an answer is the expected one: the same kind of thing, and near enough in value.

Answers are plain data by now (`metarec.grading.plain`): nothing of them can decide how it is
compared. What is said about a wrong answer holds neither the expected value nor the answer, by
which a submission could carry hidden inputs out.
"""

from __future__ import annotations

import numpy as np

RTOL, ATOL = 1e-6, 1e-9


def difference(found, expected, rtol: float = RTOL, atol: float = ATOL) -> str:
    """Why `found` is not `expected`, in words for a student.

    Parameters
    ----------
    found : plain data
        The answer.
    expected : plain data
        A number also accepts numpy's scalars, a list also a tuple; an array needs its shape.
    rtol, atol : float
        Tolerances, as `numpy.isclose` has them.

    Returns
    -------
    str
        Empty when they agree.
    """
    if expected is None:
        return "" if found is None else f"None is asked for, not {kind(found)}"
    if isinstance(expected, np.ndarray):
        return _array(found, expected, rtol, atol)
    if isinstance(expected, list | tuple):
        return _sequence(found, expected, rtol, atol)
    if isinstance(expected, dict):
        return _dictionary(found, expected, rtol, atol)
    if isinstance(expected, str):
        return "" if type(found) is str and found == expected else _not(found, "a text", str)
    return _number(found, expected, rtol, atol)


def kind(value) -> str:
    """What a value is, in words."""
    if isinstance(value, np.ndarray):
        return "an array"
    if isinstance(value, np.generic):
        return f"a number of type {value.dtype}"
    words = {bool: "a truth value", int: "a whole number", float: "a number", str: "a text",
             list: "a list", tuple: "a tuple", dict: "a dictionary"}  # fmt: skip
    return words.get(type(value), "nothing")


def _not(found, wanted: str, *types: type) -> str:
    if isinstance(found, types):
        return "another value is right"
    return f"{wanted} is asked for, not {kind(found)}"


def _letter(value) -> str:
    """b, i, f for truth values, whole numbers, numbers; empty for what is no number."""
    if isinstance(value, np.generic | np.ndarray):
        return {"u": "i"}.get(value.dtype.kind, value.dtype.kind)
    return {bool: "b", int: "i", float: "f"}.get(type(value), "")


ACCEPTED = {"b": "b", "i": "i", "f": "fi"}


def _number(found, expected, rtol, atol) -> str:
    wanted = _letter(expected)
    if isinstance(found, np.ndarray) or _letter(found) not in tuple(ACCEPTED[wanted]):
        return _not(found, {"b": "a truth value", "i": "a whole number", "f": "a number"}[wanted])
    return "" if _close(found, expected, rtol, atol) else "another value is right"


def _close(found, expected, rtol, atol) -> bool:
    if _letter(expected) != "f":
        return bool(np.all(found == expected))
    with np.errstate(all="ignore"):
        found, expected = np.asarray(found, float), np.asarray(expected, float)
        return bool(np.isclose(found, expected, rtol, atol, equal_nan=True).all())


def _array(found, expected, rtol, atol) -> str:
    if not isinstance(found, np.ndarray):
        return f"a numpy array is asked for, not {kind(found)}"
    if found.shape != expected.shape:
        return "an array of another shape is asked for"
    if _letter(found) not in tuple(ACCEPTED[_letter(expected)]):
        return f"an array of another type than {found.dtype} is asked for"
    return "" if _close(found, expected, rtol, atol) else "other values are right"


def _sequence(found, expected, rtol, atol) -> str:
    if not isinstance(found, list | tuple):
        return f"a {type(expected).__name__} is asked for, not {kind(found)}"
    if len(found) != len(expected):
        return "another length is right"
    pairs = zip(found, expected, strict=True)
    return next(filter(None, (difference(f, e, rtol, atol) for f, e in pairs)), "")


def _dictionary(found, expected, rtol, atol) -> str:
    if not isinstance(found, dict):
        return f"a dictionary is asked for, not {kind(found)}"
    if {(type(k), k) for k in found} != {(type(k), k) for k in expected}:
        return "other keys are right"
    return next(
        filter(None, (difference(found[k], e, rtol, atol) for k, e in expected.items())), ""
    )
