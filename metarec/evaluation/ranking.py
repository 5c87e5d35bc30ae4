"""The top of a ranking, and how good it is: nDCG, precision, recall, hit rate, MRR.

Every metric ranks the candidates of a user (where the mask is true) by score, breaks equal scores
at random by `seed`, looks at the first k, and gives one value for each user. Which candidates are
ranked is the caller's choice, made by the mask, and decides the value: a list of ten sampled
candidates and the whole catalogue do not belong in one table (Krichene & Rendle 2020,
https://doi.org/10.1145/3394486.3403226).

In the equations L is the length of the list (the argument `k`; few-shot chapters need the letter k
for something else), and rel and gain belong to the candidate at place l of the ranking.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from metarec.evaluation._arrays import aligned, at_least_one, ratio

STARS = 5  # where the scale ends that the usual gain was made for


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
    return _select(scores, at_least_one("k", k), mask, seed)


def take(values: ArrayLike, positions: np.ndarray, missing: float = -1) -> np.ndarray:
    """`values` at the positions that `top_k` returned, `missing` where a position is -1.

    Turns positions among a user's candidates into item positions, ratings or gains. Its source is
    `numpy.take_along_axis`, which knows no empty place.
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


def exponential_gain(ratings: ArrayLike, scale: tuple[float, float] | None = None) -> np.ndarray:
    """The usual gain of a rating in nDCG: 2 ** rating - 1, so five stars count twice four.

    Introduced in chapter 02.

    Parameters
    ----------
    ratings : array of any shape
        In stars, 0 or more. NaN stays NaN.
    scale : tuple of float, optional
        Lowest and highest rating. Ratings on a scale that does not end at five stars are brought
        to 0…5 first; stars, and ratings whose scale is not given, are taken as they are.

    Returns
    -------
    array of the same shape
        1, 3, 7, 15, 31 for one to five stars.

    Raises
    ------
    ValueError
        When a rating is negative: its gain would be too.

    References
    ----------
    Burges et al. (2005), Learning to rank using gradient descent, ICML.
    https://doi.org/10.1145/1102351.1102363

    Examples
    --------
    >>> from metarec.evaluation import exponential_gain
    >>> exponential_gain([1, 2, 3, 4, 5])
    array([ 1.,  3.,  7., 15., 31.])
    """
    ratings = np.asarray(ratings, dtype=np.float64)
    if scale is not None and not 0 <= scale[0] < scale[1] == STARS:
        ratings = STARS * (ratings - scale[0]) / (scale[1] - scale[0])
    if (ratings < 0).any():
        raise ValueError(f"rating {ratings.min()} is negative; pass scale=, as in ratings.scale")
    return np.exp2(ratings) - 1


def ndcg(
    scores: ArrayLike, gains: ArrayLike, k: int = 5, mask: ArrayLike | None = None, seed: int = 0
) -> np.ndarray:
    r"""Normalised discounted cumulative gain of each user's first k candidates.

    .. math:: \mathrm{nDCG@}L = \frac{\sum_{\ell=1}^{L} \mathrm{gain}_\ell / \log_2(\ell + 1)}
              {\sum_{\ell=1}^{L} \mathrm{gain}^*_\ell / \log_2(\ell + 1)}

    with :math:`\mathrm{gain}_\ell` in the order of the scores and :math:`\mathrm{gain}^*_\ell` in
    the best order of *the same candidates*. Introduced in chapter 02.

    Parameters
    ----------
    scores : array [users, candidates]
        Higher is better; equal scores come in random order.
    gains : array [users, candidates]
        What a candidate is worth, at least 0: `exponential_gain(ratings)`, or `ratings >= 4` for
        binary gains. The choice changes the value, so it is yours to write.
    k : int
        Cut-off.
    mask : boolean array [users, candidates], optional
        True where a position is a candidate. Default: everywhere.
    seed : int
        Seed of the order among equal scores.

    Returns
    -------
    array [users]
        From 0 to 1 (perfect). NaN for a user without any gain. Chance is far above 0 where most
        candidates have gains: compare with the chance row.

    Raises
    ------
    ValueError
        When k is below 1, shapes differ, a gain is negative, or a value that counts is NaN or
        infinite.

    References
    ----------
    Järvelin & Kekäläinen (2002), Cumulated gain-based evaluation of IR techniques, ACM TOIS
    20(4), with the discount of Burges et al. (2005). https://doi.org/10.1145/582415.582418

    Examples
    --------
    The best film comes second, the other one is worth nothing: 1 / log2(3).

    >>> from metarec.evaluation import ndcg
    >>> ndcg(scores=[[0.9, 0.2]], gains=[[0, 1]], k=2).round(3)
    array([0.631])
    """
    scores, gains, mask = aligned(mask, scores=scores, gains=gains)
    if (gains < 0).any():
        raise ValueError(
            f"gains hold {gains.min()}, but a gain is at least 0; "
            "pass exponential_gain(ratings), or ratings >= 4"
        )
    k = at_least_one("k", k)
    reached = take(gains, _select(scores, k, mask, seed), missing=0.0)  # [users, k]
    best = np.sort(gains, axis=1)[:, ::-1][:, :k]
    discount = 1 / np.log2(np.arange(2, k + 2))
    return ratio(reached @ discount, best @ discount[: best.shape[1]])


def precision(
    scores: ArrayLike, relevant: ArrayLike, k: int, mask: ArrayLike | None = None, seed: int = 0
) -> np.ndarray:
    r"""Share of the k recommended that are relevant.

    .. math:: \mathrm{precision@}L = \frac{1}{L} \sum_{\ell=1}^{L} \mathrm{rel}_\ell

    Introduced in chapter 02.

    Parameters
    ----------
    scores : array [users, candidates]
        Higher is better; equal scores come in random order.
    relevant : boolean array [users, candidates]
        For example `ratings >= 4`.
    k : int
        Length of the list; also the divisor when a user has fewer candidates.
    mask : boolean array [users, candidates], optional
        True where a position is a candidate. Default: everywhere.
    seed : int
        Seed of the order among equal scores.

    Returns
    -------
    array [users]
        From 0 to min(1, relevant / k). Chance is the share of relevant candidates. NaN for a user
        without a relevant candidate.

    Raises
    ------
    ValueError
        When k is below 1, shapes differ, `relevant` is not true or false, or a score that counts
        is NaN or infinite.

    References
    ----------
    Herlocker, Konstan, Terveen & Riedl (2004), Evaluating collaborative filtering recommender
    systems, ACM TOIS 22(1). https://doi.org/10.1145/963770.963772

    Examples
    --------
    >>> from metarec.evaluation import precision
    >>> precision(scores=[[0.9, 0.8, 0.1]], relevant=[[True, False, True]], k=2)
    array([0.5])
    """
    hits, n_relevant = _hits(scores, relevant, k, mask, seed)
    return np.where(n_relevant > 0, hits.mean(axis=1), np.nan)


def recall(
    scores: ArrayLike, relevant: ArrayLike, k: int, mask: ArrayLike | None = None, seed: int = 0
) -> np.ndarray:
    r"""Share of a user's relevant candidates that are among the k recommended.

    .. math:: \mathrm{recall@}L = \sum_{\ell=1}^{L} \mathrm{rel}_\ell \;\Big/\; \sum_i y_{ui}

    Introduced in chapter 02.

    Parameters
    ----------
    scores, relevant, k, mask, seed
        As in `precision`.

    Returns
    -------
    array [users]
        From 0 to min(1, k / relevant): a user with 40 relevant candidates cannot reach more than
        0.25 at k = 10 (some papers divide by min(k, relevant) instead; we do not). Chance is
        k / candidates. NaN for a user without a relevant candidate.

    Raises
    ------
    ValueError
        As in `precision`.

    References
    ----------
    Herlocker, Konstan, Terveen & Riedl (2004), Evaluating collaborative filtering recommender
    systems, ACM TOIS 22(1). https://doi.org/10.1145/963770.963772

    Examples
    --------
    >>> from metarec.evaluation import recall
    >>> recall(scores=[[0.9, 0.8, 0.1]], relevant=[[True, False, True]], k=1)
    array([0.5])
    """
    hits, n_relevant = _hits(scores, relevant, k, mask, seed)
    return ratio(hits.sum(axis=1), n_relevant)


def hit_rate(
    scores: ArrayLike, relevant: ArrayLike, k: int, mask: ArrayLike | None = None, seed: int = 0
) -> np.ndarray:
    r"""1 where at least one of the k recommended is relevant, else 0.

    .. math:: \mathrm{HR@}L = \max_{\ell \le L} \mathrm{rel}_\ell

    With one relevant candidate a user (leave one out) it equals recall.
    Introduced in chapter 02.

    Parameters
    ----------
    scores, relevant, k, mask, seed
        As in `precision`.

    Returns
    -------
    array [users]
        0 or 1; the mean over users is the rate. NaN for a user without a relevant candidate.

    Raises
    ------
    ValueError
        As in `precision`.

    References
    ----------
    Deshpande & Karypis (2004), Item-based top-N recommendation algorithms, ACM TOIS 22(1).
    https://doi.org/10.1145/963770.963776

    Examples
    --------
    >>> from metarec.evaluation import hit_rate
    >>> hit_rate(scores=[[0.9, 0.8], [0.9, 0.8]], relevant=[[True, False], [False, True]], k=1)
    array([1., 0.])
    """
    hits, n_relevant = _hits(scores, relevant, k, mask, seed)
    return np.where(n_relevant > 0, hits.any(axis=1).astype(np.float64), np.nan)


def mrr(
    scores: ArrayLike,
    relevant: ArrayLike,
    k: int | None = None,
    mask: ArrayLike | None = None,
    seed: int = 0,
) -> np.ndarray:
    r"""Reciprocal rank of the first relevant candidate; its mean over users is the MRR.

    .. math:: \mathrm{RR@}L = \max_{\ell \le L} \mathrm{rel}_\ell / \ell

    Introduced in chapter 02.

    Parameters
    ----------
    scores, relevant, mask, seed
        As in `precision`.
    k : int, optional
        Cut-off. Default: the whole ranking.

    Returns
    -------
    array [users]
        1, 1/2, 1/3, …, or 0. NaN for a user without a relevant candidate.

    Raises
    ------
    ValueError
        As in `precision`.

    References
    ----------
    Voorhees (2001), The TREC question answering track, Natural Language Engineering 7(4).
    https://doi.org/10.1017/S1351324901002789

    Examples
    --------
    >>> from metarec.evaluation import mrr
    >>> mrr(scores=[[0.9, 0.8, 0.1]], relevant=[[False, True, True]])
    array([0.5])
    """
    if k is None:
        k = max(1, np.shape(scores)[-1])
    hits, n_relevant = _hits(scores, relevant, k, mask, seed)
    reciprocal = (hits / np.arange(1, hits.shape[1] + 1)).max(axis=1)
    return np.where(n_relevant > 0, reciprocal, np.nan)


def _hits(
    scores: ArrayLike, relevant: ArrayLike, k: int, mask: ArrayLike | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Which of the first k are relevant [users, k], and how many candidates are [users]."""
    scores, relevant, mask = aligned(mask, scores=scores, relevant=relevant)
    if not np.isin(relevant, (0.0, 1.0)).all():
        raise ValueError("relevant must be true or false for each candidate; write ratings >= 4")
    top = _select(scores, at_least_one("k", k), mask, seed)
    return take(relevant, top, missing=0.0) > 0, relevant.sum(axis=1)


def _select(scores: np.ndarray, k: int, mask: np.ndarray, seed: int) -> np.ndarray:
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
