"""Bootstrap intervals hold the truth as often as they say, and pairing sees what hides in noise."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from metarec.evaluation import Interval, bootstrap, paired
from metarec.evaluation.uncertainty import _draws

VALUES = st.lists(st.floats(-100, 100), min_size=2, max_size=30)


class TestBootstrap:
    def test_by_hand(self):
        # Two users with 0 and 1: the mean of two draws is 0, 1/2 or 1 with chances 1/4, 1/2, 1/4,
        # so the middle 95 % is everything and the middle 40 % is one half. Standard error:
        # sqrt(1/2) / sqrt(2) = 1/2.
        assert bootstrap([0, 1]) == Interval(0.5, 0.0, 1.0, pytest.approx(0.5), n=2, level=0.95)
        assert bootstrap([0, 1], level=0.4) == Interval(
            0.5, 0.5, 0.5, pytest.approx(0.5), n=2, level=0.4
        )

    def test_equals_scipy(self):
        values = np.random.default_rng(0).gamma(4, 0.25, 149)
        theirs = stats.bootstrap(
            (values,), np.mean, method="percentile", n_resamples=20_000, rng=1
        ).confidence_interval
        ours = bootstrap(values)
        error = ours.standard_error
        assert error == pytest.approx(stats.sem(values))
        assert (ours.low, ours.high) == pytest.approx(tuple(theirs), abs=0.1 * error)

    def test_holds_the_truth_as_often_as_it_says(self):
        # 400 worlds with true mean 1 and a skewed metric, 60 users each. The share of intervals
        # that hold 1 has a standard error of .011 around .95.
        rng = np.random.default_rng(0)
        worlds = rng.gamma(4, 0.25, (400, 60))
        held = np.mean([1 in bootstrap(values, n_resamples=1000) for values in worlds])
        assert 0.915 < held < 0.975

    def test_a_lower_level_is_narrower(self):
        values = np.random.default_rng(0).normal(size=50)
        narrow, wide = bootstrap(values, level=0.5), bootstrap(values, level=0.99)
        assert wide.low < narrow.low < narrow.mean < narrow.high < wide.high

    @given(VALUES)
    def test_the_mean_is_inside_the_values_too(self, values):
        interval = bootstrap(values, n_resamples=50)
        slack = 1e-9
        assert min(values) - slack <= interval.low <= interval.high <= max(values) + slack
        assert interval.mean == pytest.approx(np.mean(values), abs=1e-9)

    @given(VALUES, st.integers(-5, 5), st.integers(1, 5))
    def test_moves_with_the_unit(self, values, shift, factor):
        before = bootstrap(values, n_resamples=50)
        after = bootstrap(shift + factor * np.array(values), n_resamples=50)
        assert after.low == pytest.approx(shift + factor * before.low, abs=1e-6)
        assert after.standard_error == pytest.approx(factor * before.standard_error, abs=1e-6)

    def test_drops_users_for_whom_the_metric_is_undefined(self):
        assert bootstrap([1, np.nan, 2, 4]) == bootstrap([1, 2, 4])
        assert bootstrap([1, np.nan, 2, 4]).n == 3

    def test_the_seed_decides(self):
        values = np.random.default_rng(0).normal(size=20)
        assert bootstrap(values, seed=1) == bootstrap(values, seed=1)
        assert bootstrap(values, seed=1) != bootstrap(values, seed=2)

    def test_blocks_of_memory_do_not_change_how_many_means_are_drawn(self, monkeypatch):
        monkeypatch.setattr("metarec.evaluation.uncertainty._BLOCK", 70)
        values = np.random.default_rng(0).normal(size=20)
        _draws.cache_clear()
        small = bootstrap(values, n_resamples=2000)
        monkeypatch.undo()
        _draws.cache_clear()
        whole = bootstrap(values, n_resamples=2000)
        assert small.low == pytest.approx(whole.low, abs=0.2 * whole.standard_error)

    @pytest.mark.parametrize(
        ("values", "options", "words"),
        [
            ([1, np.nan], {}, "1 of 2 users"),
            ([], {}, "0 of 0 users"),
            ([[1, 2]], {}, "average over draws first"),
            ([1, np.inf], {}, "infinity for user 1"),
            ([1, 2], {"level": 95}, "level is 95"),
            ([1, 2], {"n_resamples": 0}, "n_resamples is 0"),
        ],
    )
    def test_bad_input_says_what_and_what_to_do(self, values, options, words):
        with pytest.raises(ValueError, match=words):
            bootstrap(values, **options)


class TestPaired:
    def test_by_hand(self):
        # Differences -1 and -1 for every resample: no width at all.
        assert paired([1, 5], [2, 6]) == Interval(-1.0, -1.0, -1.0, 0.0, n=2)

    def test_sees_a_difference_that_two_intervals_hide(self):
        # Users differ by 0.3, the methods by 0.02 with a noise of 0.05 for each user.
        rng = np.random.default_rng(0)
        hard = rng.normal(1, 0.3, 149)
        a, b = hard + rng.normal(0, 0.05, 149), hard + 0.02 + rng.normal(0, 0.05, 149)
        assert bootstrap(a).high > bootstrap(b).low
        assert paired(a, b).high < 0

    def test_is_the_interval_of_the_differences(self):
        a, b = np.random.default_rng(0).normal(size=(2, 30))
        assert paired(a, b, seed=4) == bootstrap(a - b, seed=4)

    def test_calls_equal_methods_different_one_time_in_twenty(self):
        pairs = np.random.default_rng(1).normal(size=(400, 2, 60))
        wrong = np.mean([0 not in paired(a, b, n_resamples=1000) for a, b in pairs])
        assert 0.025 < wrong < 0.085

    def test_a_user_undefined_in_either_is_dropped_from_both(self):
        assert paired([1, np.nan, 3, 5], [1, 2, np.nan, 9]) == paired([1, 5], [1, 9])

    def test_refuses_other_users(self):
        a = pd.Series([1.0, 2.0], index=[7, 9])
        with pytest.raises(ValueError, match=r"b.loc\[a.index\]"):
            paired(a, pd.Series([1.0, 2.0], index=[9, 7]))
        with pytest.raises(ValueError, match="2 users and b has 3"):
            paired([1, 2], [1, 2, 3])
        assert paired(a, a).mean == 0


class TestInterval:
    @pytest.mark.parametrize(
        ("mean", "low", "high", "text"),
        [
            (0.9112, 0.8791, 0.9429, "0.911 [0.879, 0.943]"),
            (-0.00331, -0.00583, -0.00079, "−0.0033 [−0.0058, −0.0008]"),
            (7.31, 4.02, 10.6, "7.3 [4.0, 10.6]"),
            (212.4, 103.7, 321.2, "212 [104, 321]"),
            (0.5, 0.5, 0.5, "0.500 [0.500, 0.500]"),
            (np.nan, np.nan, np.nan, "nan [nan, nan]"),
        ],
    )
    def test_prints_two_digits_of_its_width(self, mean, low, high, text):
        assert str(Interval(mean, low, high, 0.01, n=9)) == text

    def test_takes_a_format(self):
        assert f"{Interval(0.911, 0.879, 0.943, 0.016, n=149):.1f}" == "0.9 [0.9, 0.9]"
        assert f"{Interval(0.911, 0.879, 0.943, 0.016, n=149):.0%}" == "91% [88%, 94%]"

    def test_knows_what_it_holds(self):
        interval = Interval(0.5, 0.0, 1.0, 0.2, n=9)
        assert 0.0 in interval
        assert 1.0 in interval
        assert 1.1 not in interval
        assert np.nan not in interval

    def test_cannot_be_changed(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            Interval(0.5, 0.0, 1.0, 0.2, n=9).low = 0.4
