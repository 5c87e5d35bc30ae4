"""Top-k lists: the first k candidates of each user, equal scores in random order."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metarec.evaluation._arrays import aligned, at_least_one


def top_k(scores: ArrayLike, k: int, mask: ArrayLike | None = None, seed: int = 0) -> np.ndarray:
    """Positions of each user's k best candidates, best first.

    Equal scores come in random order, drawn from `seed` for each user, so that no method gains
    from the order of the file; the same seed gives the same order in every metric, and the top 5
    are the beginning of the top 10. Introduced in chapter 02.

    Parameters
    ----------
    scores : array [users, candidates]
        Higher is better.
    k : int
        Length of the list.
    mask : boolean array [users, candidates], optional
        True where a position may be recommended. Default: everywhere.
    seed : int
        Seed of the order among equal scores.

    Returns
    -------
    int array [users, k]
        Positions into the columns of `scores`; -1 where a user has fewer than k candidates.

    Raises
    ------
    ValueError
        When k is below 1, shapes differ, or the score of a candidate is NaN or infinite.

    References
    ----------
    McSherry & Najork (2008), Computing information retrieval performance measures efficiently in
    the presence of tied scores, ECIR. https://doi.org/10.1007/978-3-540-78646-7_38

    Examples
    --------
    >>> from metarec.evaluation import top_k
    >>> top_k([[0.2, 0.9, 0.5]], k=2)
    array([[1, 2]])

    Equal scores everywhere make a uniform sample, here of three candidates among the even ones:

    >>> top_k([[0] * 6], k=3, mask=[[True, False] * 3]).shape
    (1, 3)
    """
    scores, mask = aligned(mask, scores=scores)
    return select(scores, at_least_one("k", k), mask, seed)


def take(values: ArrayLike, positions: np.ndarray, missing=-1) -> np.ndarray:
    """`values` at the positions that `top_k` returned, `missing` where a position is -1.

    Turns positions among a user's candidates into item positions, ratings or gains.
    Introduced in chapter 02.

    Parameters
    ----------
    values : array [users, candidates]
        One value for each candidate, for example `episodes.query_items`.
    positions : int array [users, k]
        From `top_k`.
    missing : scalar
        Stands where a user had fewer than k candidates.

    Returns
    -------
    array [users, k]

    Raises
    ------
    ValueError
        When the two have different numbers of users.

    Examples
    --------
    >>> from metarec.evaluation import take, top_k
    >>> take([[70, 71, 72]], top_k([[0.2, 0.9, 0.5]], k=2))
    array([[71, 72]])
    """
    values, positions = np.asarray(values), np.asarray(positions)
    if values.ndim != 2 or positions.ndim != 2 or len(values) != len(positions):
        raise ValueError(
            f"values have shape {values.shape} and positions {positions.shape}; "
            "give [users, candidates] and [users, k] of the same users"
        )
    if values.shape[1] == 0:
        return np.full(positions.shape, missing)
    taken = np.take_along_axis(values, np.maximum(positions, 0), axis=1)
    return np.where(positions >= 0, taken, missing)


def select(scores: np.ndarray, k: int, mask: np.ndarray, seed: int) -> np.ndarray:
    """`top_k` on checked arrays: find the k best in linear time, then sort only those."""
    users, q = scores.shape
    top = np.full((users, k), -1)
    if (few := min(k, q)) == 0:
        return top
    cost = np.where(mask, -scores, np.inf)  # [users, q] lowest is best
    lot = np.random.default_rng(seed).random((users, q))  # the order among equals
    threshold = np.partition(cost, few - 1, axis=1)[:, few - 1, None]  # the k-th best of each
    key = np.where(cost < threshold, -1.0, np.where(cost == threshold, lot, 2.0))
    chosen = np.argpartition(key, few - 1, axis=1)[:, :few]  # [users, few] in no order
    cost, lot = (np.take_along_axis(values, chosen, axis=1) for values in (cost, lot))
    order = np.lexsort((lot, cost), axis=1)
    found = np.take_along_axis(cost, order, axis=1) < np.inf
    top[:, :few] = np.where(found, np.take_along_axis(chosen, order, axis=1), -1)
    return top
