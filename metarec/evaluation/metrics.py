"""How far predicted ratings are from the true ones, and how well they order them.

Every function reads arrays [users, candidates] with a boolean mask and gives one value for each
user: the user is the unit that intervals resample (see `metarec.evaluation.uncertainty`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metarec.evaluation._arrays import aligned, ratio


def rmse(predicted: ArrayLike, true: ArrayLike, mask: ArrayLike | None = None) -> np.ndarray:
    r"""Root mean squared error of each user's predictions.

    .. math:: \mathrm{RMSE}_u = \sqrt{\frac{1}{|\mathcal Q_u|}
              \sum_{i \in \mathcal Q_u} (\hat r_{ui} - r_{ui})^2}

    Introduced in chapter 02.

    Parameters
    ----------
    predicted, true : array [users, candidates]
        Predicted and true ratings, in stars.
    mask : boolean array [users, candidates], optional
        False where a row is padding. Default: everything counts.

    Returns
    -------
    array [users]
        In stars, from 0 (perfect) up; lower is better. NaN for a user without ratings.

    Raises
    ------
    ValueError
        When shapes differ, or a value that counts is NaN or infinite.

    Notes
    -----
    The book averages these values over users, so that everyone weighs the same. The *pooled*
    RMSE, common in the literature, is the root of the mean over all ratings of all users: there
    someone with 400 ratings weighs ten times as much as someone with 40. Neither bounds the
    other. For the newcomers of MovieLens-100K the pooled value is two to three hundredths of a
    star lower, because those who rate a lot are easier to predict: never put the two in one
    table.

    References
    ----------
    Herlocker, Konstan, Terveen & Riedl (2004), Evaluating collaborative filtering recommender
    systems, ACM TOIS 22(1). https://doi.org/10.1145/963770.963772

    Examples
    --------
    >>> from metarec.evaluation import rmse
    >>> rmse(predicted=[[4, 3], [2, 5]], true=[[5, 3], [2, 1]], mask=[[True, True], [True, False]])
    array([0.70710678, 0.        ])
    """
    predicted, true, mask = aligned(mask, predicted=predicted, true=true)
    return np.sqrt(ratio(((predicted - true) ** 2).sum(axis=1), mask.sum(axis=1)))


def mae(predicted: ArrayLike, true: ArrayLike, mask: ArrayLike | None = None) -> np.ndarray:
    r"""Mean absolute error of each user's predictions.

    .. math:: \mathrm{MAE}_u = \frac{1}{|\mathcal Q_u|}
              \sum_{i \in \mathcal Q_u} |\hat r_{ui} - r_{ui}|

    Introduced in chapter 02.

    Parameters
    ----------
    predicted, true : array [users, candidates]
        Predicted and true ratings, in stars.
    mask : boolean array [users, candidates], optional
        False where a row is padding. Default: everything counts.

    Returns
    -------
    array [users]
        In stars, from 0 (perfect) up; lower is better, and never above the same user's RMSE. NaN
        for a user without ratings.

    Raises
    ------
    ValueError
        When shapes differ, or a value that counts is NaN or infinite.

    Notes
    -----
    The mean over users gives each person the same weight; the pooled MAE gives each rating the
    same weight, so it speaks mostly of those who rate a lot.

    References
    ----------
    Herlocker, Konstan, Terveen & Riedl (2004), Evaluating collaborative filtering recommender
    systems, ACM TOIS 22(1). https://doi.org/10.1145/963770.963772

    Examples
    --------
    >>> from metarec.evaluation import mae
    >>> mae(predicted=[[4, 3]], true=[[5, 3]])
    array([0.5])
    """
    predicted, true, mask = aligned(mask, predicted=predicted, true=true)
    return ratio(np.abs(predicted - true).sum(axis=1), mask.sum(axis=1))


def pairwise_accuracy(
    scores: ArrayLike, true: ArrayLike, mask: ArrayLike | None = None
) -> np.ndarray:
    r"""Share of a user's pairs with different ratings that the scores put in the right order.

    .. math:: \mathrm{PA}_u = \frac{\sum_{r_{ui} > r_{uj}}
              [\hat r_{ui} > \hat r_{uj}] + \tfrac12 [\hat r_{ui} = \hat r_{uj}]}
              {\#\{(i, j): r_{ui} > r_{uj}\}}

    Only the order of the scores matters. With two rating levels this is the area under the ROC
    curve. Introduced in chapter 02.

    Parameters
    ----------
    scores : array [users, candidates]
        Any number that is higher for what should come first. Equal scores count one half.
    true : array [users, candidates]
        True ratings.
    mask : boolean array [users, candidates], optional
        False where a row is padding. Default: everything counts.

    Returns
    -------
    array [users]
        From 0 (all pairs the wrong way round) through 0.5 (chance) to 1 (perfect). NaN for a user
        whose ratings are all the same: there is no pair to order.

    Raises
    ------
    ValueError
        When shapes differ, or a value that counts is NaN or infinite.

    Notes
    -----
    Sorting by score once, then one pass for each rating level: O(q log q + levels · q) for q
    candidates, where comparing all pairs would be O(q²).

    References
    ----------
    Koren & Sill (2011), OrdRec, RecSys '11 (there pooled over users, as the
    fraction of concordant pairs). https://doi.org/10.1145/2043932.2043956

    Examples
    --------
    Pairs 5 > 3 and 5 > 1 are right; 3 > 1 has equal scores and counts one half.

    >>> from metarec.evaluation import pairwise_accuracy
    >>> pairwise_accuracy(scores=[[0.9, 0.2, 0.2]], true=[[5, 3, 1]]).round(3)
    array([0.833])
    """
    scores, true, mask = aligned(mask, scores=scores, true=true)
    order = np.argsort(scores, axis=1)
    first, end = _tie_groups(np.take_along_axis(scores, order, axis=1))
    level = np.take_along_axis(_levels(true, mask), order, axis=1)  # padding: -1, in no pair
    n = len(level)
    right, pairs = np.zeros(n), np.zeros(n)
    below = np.zeros((n, level.shape[1] + 1))  # [users, q + 1] lower ratings so far
    for this in range(1, level.max(initial=0) + 1):
        below[:, 1:] += np.cumsum(level == this - 1, axis=1)
        here = np.nonzero(level == this)
        user = here[0]
        behind = below[user, first[here]]  # lower rating, lower score
        not_ahead = below[user, end[here]]  # lower rating, lower or equal score
        right += np.bincount(user, (behind + not_ahead) / 2, minlength=n)
        pairs += np.bincount(user, minlength=n) * below[:, -1]
    return ratio(right, pairs)


def _levels(true: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Rank of each rating among its user's different ratings, from 0; -1 where masked out."""
    order = np.argsort(true, axis=1)
    ordered = np.take_along_axis(true, order, axis=1)
    rank = np.zeros(true.shape, dtype=np.int64)
    rank[:, 1:] = np.cumsum(ordered[:, 1:] != ordered[:, :-1], axis=1)
    levels = np.empty_like(rank)
    np.put_along_axis(levels, order, rank, axis=1)
    return np.where(mask, levels, -1)


def _tie_groups(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the run of equal values around each position of a sorted row starts, and ends."""
    users, q = ordered.shape
    new = np.ones((users, q + 1), dtype=bool)
    new[:, 1:-1] = ordered[:, 1:] != ordered[:, :-1]
    place = np.arange(q + 1)
    first = np.maximum.accumulate(np.where(new, place, 0), axis=1)[:, :-1]
    end = np.minimum.accumulate(np.where(new, place, q)[:, ::-1], axis=1)[:, ::-1][:, 1:]
    return first, end
