"""Claims hold, or raise with everything one needs to know; they print no noise."""

import builtins
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from metarec.book import ClaimError, as_table, check, say
from metarec.evaluation import Interval

BETTER = Interval(-0.0273, -0.0341, -0.0209, 0.0034, n=149)


@pytest.fixture
def line(capsys):
    """What a claim prints."""

    def of(*args, **options):
        check(*args, **options)
        return capsys.readouterr().out

    return of


class TestWhatHolds:
    @pytest.mark.parametrize(
        ("value", "low", "high"),
        [(0.91, None, 0.92), (0.92, None, 0.92), (0.93, 0.92, None), (0.92, 0.92, 0.93), (3, 3, 3)],
    )
    def test_the_band_includes_its_ends(self, line, value, low, high):
        assert line("it is so", value, low, high).startswith("✓ holds   it is so: ")

    @pytest.mark.parametrize(
        ("value", "low", "high"),
        [
            (0.9201, None, 0.92),
            (0.9199, 0.92, None),
            (0.5, 0.6, 0.7),
            (0.8, 0.6, 0.7),
            (math.nan, 0, 1),
            (math.nan, None, 1),
            (math.inf, 0, None),
            (-math.inf, None, 0),
            (2.999, 3, 3),
        ],
    )
    def test_outside_raises_and_prints_nothing(self, capsys, value, low, high):
        with pytest.raises(ClaimError, match=f"it is so: {value}.*claimed: "):
            check("it is so", value, low, high)
        assert capsys.readouterr().out == ""

    def test_a_failing_claim_is_an_assertion_error(self):
        with pytest.raises(AssertionError, match=r"0.95 \(claimed: at most 0.92\)"):
            check("it is so", 0.95, high=0.92)

    def test_of_an_interval_both_ends_must_be_inside(self, line):
        assert "below 0" in line("better", BETTER, high=0)
        assert "between −0.04 and −0.02" in line("better", BETTER, low=-0.04, high=-0.02)
        for band in ({"high": -0.03}, {"low": -0.03}, {"low": 0}, {"low": -0.04, "high": -0.03}):
            with pytest.raises(ClaimError, match=r"-0.0273 \[-0.0341, -0.0209\]"):
                check("better", BETTER, **band)

    def test_equal_methods_are_not_better(self):
        with pytest.raises(ClaimError):
            check("better", Interval(0.0, 0.0, 0.0, 0.0, n=149), high=0)

    def test_an_interval_with_nan_fails(self):
        with pytest.raises(ClaimError):
            check("better", Interval(-1.0, math.nan, -0.5, 0.1, n=9), high=0)

    @pytest.mark.parametrize("value", [np.float32(0.5), np.int64(0), np.array(0.5), 0])
    def test_any_kind_of_number_will_do(self, line, value):
        assert "holds" in line("it is so", value, 0, 1)


class TestWhatIsPrinted:
    @pytest.mark.parametrize(
        ("value", "low", "high", "expected"),
        [
            (0.91134, None, 0.92, "0.911 (claimed: at most 0.92)"),
            (0.91134, 0.9, 0.92, "0.911 (claimed: between 0.9 and 0.92)"),
            (0.91134, 0.85, None, "0.91 (claimed: at least 0.85)"),
            (0.91134, None, 1, "0.91 (claimed: at most 1)"),
            (0.91134, 0, None, "0.9 (claimed: at least 0)"),
            (1234.5, 10, None, "1200 (claimed: at least 10)"),
            (149, 149, 149, "149 (claimed: exactly 149)"),
            (3.1e-17, None, 1e-9, "0 (claimed: at most 1e−09)"),
            (3.1e-10, None, 1e-9, "3e−10 (claimed: at most 1e−09)"),
            (0.91999999, None, 0.92, "0.920 (claimed: at most 0.92)"),
            (0.9041, 0.904, 0.965, "0.904 (claimed: between 0.904 and 0.965)"),
            (-0.0004, -1, 1, "0.0 (claimed: between −1 and 1)"),
            (0.5, 0.5, None, "0.5 (claimed: at least 0.5)"),
            (BETTER, None, 0, "−0.03 [−0.03, −0.02] (claimed: the whole interval below 0)"),
            (BETTER, -1, None, "0.0 [0.0, 0.0] (claimed: the whole interval above −1)"),
        ],
    )
    def test_as_many_digits_as_the_band_is_worth(self, line, value, low, high, expected):
        assert line("it is so", value, low, high) == f"✓ holds   it is so: {expected}\n"

    @given(st.floats(-1000, 1000), st.integers(-4000, 4000), st.integers(0, 3))
    @example(5e-324, 0, 0)
    def test_no_noise_and_no_broken_band(self, value, digits, places):
        # One hand-typed end with up to three decimals; the value at any distance on the right
        # side of it. The printed number keeps to the band, is near the value, and its last digit
        # is worth at least a twentieth of the distance.
        end = round(digits / 10**places, places)
        assume(value != end)
        band = {"high" if value < end else "low": end}
        printed = printed_number("it is so", value, **band)
        text, number = printed, float(printed.replace("−", "-"))
        assert number <= end if value < end else number >= end
        decimals = len(text.partition(".")[2]) if "e" not in text else None
        assert abs(number - value) <= abs(value - end) / 2 + 0.5 * 10 ** -(places + 1)
        if decimals:
            assert 10**-decimals >= abs(value - end) / 20 * (1 - 1e-9)

    def test_a_change_far_below_the_band_hardly_ever_shows(self):
        # The values move by a thousandth in a band of width 1, the last digit printed is worth a
        # tenth: one value in a hundred prints differently (standard error .006).
        values = np.random.default_rng(0).uniform(0, 0.99, 300)
        now, then = ([printed_number("so", v, 0, 1) for v in vs] for vs in (values, values + 1e-3))
        assert np.mean([a != b for a, b in zip(now, then, strict=True)]) < 0.03

    def test_decimals_can_be_chosen(self, line):
        assert ": 0.91 (" in line("it is so", 0.91134, high=0.92, decimals=2)
        assert ": −0.027 [−0.034, −0.021] (" in line("better", BETTER, high=0, decimals=3)

    def test_a_number_that_varies_can_be_kept_out_of_sight(self, line):
        assert line("it is fast", 812.3, low=100, show=False) == (
            "✓ holds   it is fast (claimed: at least 100)\n"
        )
        with pytest.raises(ClaimError, match=r"12.3"):
            check("it is fast", 12.3, low=100, show=False)


def printed_number(*args, **options):
    """The number in the line of a claim, as text (hypothesis and capsys do not mix)."""
    lines = []
    patch = pytest.MonkeyPatch()
    patch.setattr(builtins, "print", lines.append)
    try:
        check(*args, **options)
    finally:
        patch.undo()
    return lines[0].split(": ")[1].split(" (")[0]


class TestBadClaims:
    @pytest.mark.parametrize(
        ("low", "high", "words"),
        [
            (None, None, "give low, high or both"),
            (2, 1, "from 2 to 1 is empty"),
            (math.nan, None, "low is nan"),
            (None, math.inf, "leave an open end out"),
            (None, 0.9112345678, "looks computed.*difference"),
        ],
    )
    def test_a_bad_band_is_refused(self, low, high, words):
        with pytest.raises(ValueError, match=words):
            check("it is so", 1.5, low, high)

    @pytest.mark.parametrize(
        "value", [True, np.bool_(True), "0.5", [0.5], np.array([0.5]), None, np.array(True)]
    )
    def test_a_value_that_is_no_number_is_refused(self, value):
        with pytest.raises(ValueError, match="pass the number itself"):
            check("it is so", value, 0, 1)


class TestSay:
    def test_prints_outside_ipython_with_the_indentation_removed(self, capsys):
        say("""The first line is not indented,
            the second is,
              the third more.
        """)
        assert capsys.readouterr().out == (
            "The first line is not indented,\nthe second is,\n  the third more.\n"
        )

    def test_is_markdown_in_a_notebook(self):
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.utils.capture import capture_output

        shell = InteractiveShell.instance()
        try:
            with capture_output() as shown:
                say("  **bold**")
        finally:
            InteractiveShell.clear_instance()
        assert shell is not None
        assert [output.data["text/markdown"] for output in shown.outputs] == ["**bold**"]

    def test_refuses_what_is_no_text(self):
        with pytest.raises(TypeError, match="not float"):
            say(0.5)


def test_claims_load_nothing_heavy():
    code = """if True:
        import sys
        from metarec.book import check, say
        from metarec.evaluation import Interval, paired
        heavy = {"pandas", "scipy", "torch", "matplotlib", "IPython", "sklearn"}
        print(sorted(heavy & set(sys.modules)))"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_table_of_texts_has_a_head_and_a_row_a_line():
    frame = pd.DataFrame({"year": ["1996"], "stars": ["4.2"]}, ["Fargo"])
    lines = as_table(frame, "film").splitlines()
    assert lines == ["| film | year | stars |", "|---|---|---|", "| Fargo | 1996 | 4.2 |"]
