"""Predictive intervals keep what they promise, or the metrics say by how much they do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from metarec.evaluation import calibration_curve, calibration_error, interval_coverage


def honest(n_users=400, q=25, factor=1.0, seed=0):
    """Ratings drawn from the prediction; `factor` < 1 makes the prediction too sure of itself."""
    rng = np.random.default_rng(seed)
    predicted, std = rng.uniform(2, 4, (n_users, q)), rng.uniform(0.5, 1.5, (n_users, q))
    return predicted, factor * std, rng.normal(predicted, std)


def test_by_hand():
    # The central 68.27 % of a normal distribution is one standard deviation to both sides: the
    # errors 0.9 and -0.9 are inside, 1.1 outside; the last rating is padding.
    true = [[3.9, 2.1, 4.1, 3.0]]
    mask = np.array([[True, True, True, False]])
    value = interval_coverage(np.full((1, 4), 3.0), np.ones((1, 4)), true, 0.6827, mask)
    assert value == pytest.approx(2 / 3)


@given(st.floats(0.01, 0.99), st.integers(0, 99))
def test_equals_scipy_intervals_by_a_loop(level, seed):
    predicted, std, true = honest(3, 5, seed=seed)
    expected = [
        np.mean(
            [
                low <= rating <= high
                for low, high, rating in zip(*stats.norm.interval(level, m, s), t, strict=True)
            ]
        )
        for m, s, t in zip(predicted, std, true, strict=True)
    ]
    np.testing.assert_allclose(interval_coverage(predicted, std, true, level), expected)


@given(st.integers(0, 99))
def test_a_higher_level_never_holds_less(seed):
    curve = calibration_curve(*honest(3, 5, seed=seed), levels=[0.05, 0.3, 0.5, 0.9, 0.999])
    assert (np.diff(curve) >= 0).all()


def test_an_honest_prediction_is_calibrated_at_every_level():
    levels = [0.1, 0.5, 0.8, 0.95]
    np.testing.assert_allclose(calibration_curve(*honest(), levels), levels, atol=0.02)
    assert calibration_error(*honest(), levels) < 0.015


def test_half_the_honest_width_is_found_out():
    # Half the width: the 80 % interval reaches 0.641 standard deviations and holds 47.8 %.
    promised = 2 * stats.norm.cdf(stats.norm.ppf(0.9) / 2) - 1
    kept = interval_coverage(*honest(factor=0.5), level=0.8).mean()
    assert kept == pytest.approx(promised, abs=0.02)
    assert calibration_error(*honest(factor=0.5), [0.8]) == pytest.approx(0.322, abs=0.02)


def test_users_count_the_same_however_many_ratings_they_have():
    # One user is right three times, the other wrong once: 1/2, not 3/4. The third has no rating.
    true = [[3, 3, 3], [9, 9, 9], [9, 9, 9]]
    mask = np.array([[True] * 3, [True, False, False], [False] * 3])
    curve = calibration_curve(np.full((3, 3), 3), np.ones((3, 3)), true, [0.5], mask)
    assert curve == pytest.approx(0.5)


def test_a_user_without_ratings_is_undefined():
    nobody = np.zeros((1, 2), dtype=bool)
    assert np.isnan(interval_coverage([[1, 2]], [[0, 0]], [[1, 2]], 0.5, nobody)).all()
    with pytest.raises(ValueError, match="mask false everywhere"):
        calibration_error([[1, 2]], [[1, 1]], [[1, 2]], mask=nobody)


@pytest.mark.parametrize(
    ("std", "level", "words"),
    [
        ([[1, 0]], 0.8, "above 0"),
        ([[1, -1]], 0.8, "above 0"),
        ([[1, np.nan]], 0.8, r"std\[0, 1\] is nan"),
        ([[1]], 0.8, "shape"),
        ([[1, 1]], 80, "level is 80.*0.8"),
        ([[1, 1]], 0, "between 0 and 1"),
    ],
)
def test_bad_input_says_what_and_what_to_do(std, level, words):
    with pytest.raises(ValueError, match=words):
        interval_coverage([[3, 3]], std, [[3, 4]], level)


def test_no_levels_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        calibration_curve([[3]], [[1]], [[3]], levels=[])
