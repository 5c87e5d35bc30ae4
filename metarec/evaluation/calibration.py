"""Whether a method that says how sure it is deserves to be believed."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from metarec.evaluation._arrays import aligned, ratio, share

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def interval_coverage(
    predicted: ArrayLike,
    std: ArrayLike,
    true: ArrayLike,
    level: float = 0.8,
    mask: ArrayLike | None = None,
) -> np.ndarray:
    r"""Share of a user's true ratings inside the central interval of the prediction.

    .. math:: \frac{1}{|\mathcal Q_u|} \#\{ i \in \mathcal Q_u : |r_{ui} - \hat r_{ui}| \le
              z\, \hat\sigma_{ui} \}, \qquad z = \Phi^{-1}\big((1 + \mathrm{level}) / 2\big)

    The prediction is a normal distribution with the given mean and standard deviation. An honest
    80 % interval holds 80 % of the ratings; more means too timid, less means too sure.
    Introduced in chapter 02.

    Parameters
    ----------
    predicted, std, true : array [users, candidates]
        Mean and standard deviation (above 0) of the predicted rating, and the true one, in stars.
        `std` is that of a *rating*, so it includes the noise of the rating itself.
    level : float
        Between 0 and 1.
    mask : boolean array [users, candidates], optional
        False where a row is padding. Default: everything counts.

    Returns
    -------
    array [users]
        From 0 to 1; compare its mean with `level`. NaN for a user without ratings.

    Raises
    ------
    ValueError
        When shapes differ, `level` is not between 0 and 1, a standard deviation is not above 0,
        or a value that counts is NaN or infinite.

    References
    ----------
    Gneiting, Balabdaoui & Raftery (2007), Probabilistic forecasts, calibration and sharpness,
    JRSS B 69(2). https://doi.org/10.1111/j.1467-9868.2007.00587.x

    Examples
    --------
    The 80 % interval reaches 1.28 standard deviations to both sides.

    >>> from metarec.evaluation import interval_coverage
    >>> interval_coverage(predicted=[[3, 3]], std=[[1, 1]], true=[[4, 5]], level=0.8)
    array([0.5])
    """
    predicted, std, true, mask = aligned(mask, predicted=predicted, std=std, true=true)
    if (std[mask] <= 0).any():
        raise ValueError(f"std holds {std[mask].min()}, but a standard deviation is above 0")
    reach = NormalDist().inv_cdf((1 + share("level", level)) / 2) * std
    inside = mask & (np.abs(true - predicted) <= reach)
    return ratio(inside.sum(axis=1), mask.sum(axis=1))


def calibration_curve(
    predicted: ArrayLike,
    std: ArrayLike,
    true: ArrayLike,
    levels: Sequence[float] = LEVELS,
    mask: ArrayLike | None = None,
) -> np.ndarray:
    """Mean `interval_coverage` over users at each level; an honest method gives the levels back.

    Introduced in chapter 02.

    Parameters
    ----------
    predicted, std, true, mask
        As in `interval_coverage`.
    levels : sequence of float
        Each between 0 and 1.

    Returns
    -------
    array [levels]
        From 0 to 1, rising with the level.

    Raises
    ------
    ValueError
        As in `interval_coverage`, and when no user has a rating, or there is no level.

    References
    ----------
    Kuleshov, Fenner & Ermon (2018), Accurate uncertainties for deep learning using calibrated
    regression, ICML (PMLR 80). https://proceedings.mlr.press/v80/kuleshov18a.html

    Examples
    --------
    >>> from metarec.evaluation import calibration_curve
    >>> calibration_curve([[3, 3]], [[1, 1]], [[4, 5]], levels=[0.5, 0.8, 0.99])
    array([0. , 0.5, 1. ])
    """
    if len(levels) == 0:
        raise ValueError("levels is empty; give at least one, for example [0.5, 0.8, 0.95]")
    per_user = np.array([interval_coverage(predicted, std, true, at, mask) for at in levels])
    per_user = per_user[:, ~np.isnan(per_user[0])]  # [levels, users with a rating]
    if per_user.size == 0:
        raise ValueError("no user has a rating to check; is the mask false everywhere?")
    return per_user.mean(axis=1)


def calibration_error(
    predicted: ArrayLike,
    std: ArrayLike,
    true: ArrayLike,
    levels: Sequence[float] = LEVELS,
    mask: ArrayLike | None = None,
) -> float:
    r"""Mean distance between the coverage that was promised and the coverage that was kept.

    .. math:: \frac{1}{|L|} \sum_{\ell \in L} |\mathrm{coverage}(\ell) - \ell|

    Ratings are whole stars and predictions are not, so even the right mean and variance leave an
    error of a few hundredths. Introduced in chapter 02.

    Parameters
    ----------
    predicted, std, true, levels, mask
        As in `calibration_curve`.

    Returns
    -------
    float
        From 0 (honest at every level) to below 1, for all users together: taken user by user, the
        few ratings of each would look like miscalibration.

    Raises
    ------
    ValueError
        As in `calibration_curve`.

    References
    ----------
    Kuleshov, Fenner & Ermon (2018), Accurate uncertainties for deep learning using calibrated
    regression, ICML (PMLR 80), with absolute in place of squared distance.
    https://proceedings.mlr.press/v80/kuleshov18a.html

    Examples
    --------
    >>> from metarec.evaluation import calibration_error
    >>> round(calibration_error([[3, 3]], [[1, 1]], [[4, 5]], levels=[0.5, 0.8]), 3)
    0.4
    """
    kept = calibration_curve(predicted, std, true, levels, mask)
    return float(np.abs(kept - np.asarray(levels)).mean())
