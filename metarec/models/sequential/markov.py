"""What comes next: methods that read a history in its order, the oldest first."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.base import Method, with_unseen
from metarec.models.linalg import framed, histories, liked, unit_columns

__all__ = ["MarkovChain", "RecentItemNeighbours"]


class RecentItemNeighbours(Method):
    r"""Item neighbours in which the last items of the history weigh more.

    The item that was rated a places before the last weighs :math:`\gamma^a` if a < `n_recent`,
    else 0. The score of j is the weighted sum of :math:`s_{ij}`, the cosine of the sets of people
    who rated i and j, whatever the rating. Supports are read oldest first. An empty history gets
    the items by popularity. Introduced in chapter 03.

    Parameters
    ----------
    n_recent : int
        How many of the last items count, at least 1; the default is tuned on next item.
    decay : float
        γ in 0..1; 1 forgets the order.

    Attributes
    ----------
    similarity_ : array, shape [items + 1, items + 1]
        s, with a zero diagonal; the last row and column stand for unseen items.
    popularity_ : array, shape [items + 1]
        Ratings of each item.

    Raises
    ------
    ValueError
        In `fit`, when `n_recent` is less than 1.

    References
    ----------
    Deshpande and Karypis (2004), Item-based top-N recommendation algorithms, ACM TOIS 22(1),
    doi:10.1145/963770.963776. Ding and Li (2005), Time weight collaborative filtering, CIKM,
    doi:10.1145/1099554.1099689.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 3, 2, 4], "rating": 5})
    >>> ratings = Ratings.from_table(table)
    >>> model = RecentItemNeighbours(decay=0.5).fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5, 2: 5}))  # the last item leads to item 4
    array([[0.5, 1. ]])
    """

    predicts_ratings = False

    def __init__(self, n_recent: int = 5, decay: float = 0.6):
        self.n_recent = n_recent
        self.decay = decay

    def fit(self, ratings: Ratings) -> Self:
        if self.n_recent < 1:
            raise ValueError(f"n_recent {self.n_recent} must be at least 1")
        self.items_ = ratings.items.index.to_numpy()
        unit = unit_columns(liked(ratings, -np.inf))
        similarity = (unit.T @ unit).toarray()
        np.fill_diagonal(similarity, 0)
        self.similarity_ = framed(similarity)
        self.popularity_ = with_unseen(ratings.item_counts().astype(float), 0.0)
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        support, query = self.rows(episodes)
        weight = recency(episodes.support_mask, self.n_recent, self.decay)
        scores = histories(support, weight > 0, weight, len(self.items_)) @ self.similarity_
        scores = np.where(scores.any(1)[:, None], scores, self.popularity_)
        return np.take_along_axis(scores, query % scores.shape[1], axis=1)


class MarkovChain(Method):
    r"""Which item follows which: a first-order chain, smoothed, that may skip items.

    A pair (i, j) counts :math:`\gamma^{h-1}` if j came h ≤ `n_steps` places after i in somebody's
    order of time. The chance of j after i is :math:`P_{ij} = (c_{ij} + \lambda \pi_j) /
    (c_{i\cdot} + \lambda)`, where :math:`\pi` is the popularity, summing to 1. The score of j is
    the sum of :math:`\gamma^{h-1} P_{ij}` over the last `n_steps` items i, h places ago.
    One step is the plain chain. Introduced in chapter 03.

    Parameters
    ----------
    n_steps : int
        How far apart two items may be, at least 1; the default is tuned on next item.
    decay : float
        γ in 0..1.
    smoothing : float
        λ ≥ 0: how many steps to a random popular item each item is given.

    Attributes
    ----------
    transitions_ : array, shape [items + 1, items + 1]
        P; the last row, for unseen items, is the popularity.

    Raises
    ------
    ValueError
        In `fit`, when the ratings have no timestamps or `n_steps` is less than 1.

    References
    ----------
    Shani, Heckerman and Brafman (2005), An MDP-based recommender system, JMLR 6, 1265-1295
    (skipping in section 4).

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": 5, "timestamp": [1, 2, 1, 2]}
    ... )
    >>> ratings = Ratings.from_table(table)
    >>> model = MarkovChain(n_steps=1, smoothing=2).fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5}))  # two steps to item 2, and half of λ
    array([[0.75]])
    """

    predicts_ratings = False

    def __init__(self, n_steps: int = 15, decay: float = 0.8, smoothing: float = 3.0):
        self.n_steps = n_steps
        self.decay = decay
        self.smoothing = smoothing

    def fit(self, ratings: Ratings) -> Self:
        if not ratings.has_timestamps:
            raise ValueError(f"{ratings.name} has no timestamps; a chain needs the order of time")
        if self.n_steps < 1:
            raise ValueError(f"n_steps {self.n_steps} must be at least 1")
        counts = self._counts(ratings)
        popularity = ratings.item_counts() / len(ratings)
        total = counts.sum(1, keepdims=True)
        chances = (counts + self.smoothing * popularity) / np.maximum(total + self.smoothing, 1e-12)
        self.items_ = ratings.items.index.to_numpy()
        self.transitions_ = framed(chances)
        self.transitions_[-1, :-1] = popularity
        return self

    def _counts(self, ratings: Ratings) -> np.ndarray:
        """c: how often j follows i, distant steps counting less; [items, items]."""
        users, items = ratings.positions()
        order = np.lexsort((ratings.table["timestamp"], users))  # stable: ties keep their rows
        users, items = users[order], items[order]
        counts = np.zeros((ratings.n_items, ratings.n_items))
        for h in range(1, self.n_steps + 1):
            same = users[h:] == users[:-h]
            pairs = items[:-h][same], items[h:][same]
            counts += self.decay ** (h - 1) * scipy.sparse.coo_array(
                (np.ones(len(pairs[0])), pairs), shape=counts.shape
            )
        return counts

    def predict(self, episodes: Episodes) -> np.ndarray:
        support, query = self.rows(episodes)
        weight = recency(episodes.support_mask, self.n_steps, self.decay)
        scores = histories(support, weight > 0, weight, len(self.items_)) @ self.transitions_
        scores = np.where(weight.any(1)[:, None], scores, self.transitions_[-1])
        return np.take_along_axis(scores, query % scores.shape[1], axis=1)


def recency(mask: np.ndarray, n_recent: int, decay: float) -> np.ndarray:
    """Weights of the items of histories: 1 for the last, then decay, decay², …, then 0.

    Parameters
    ----------
    mask : array of bool, shape [users, k]
        Filled slots, the oldest first.
    n_recent : int
        How many items get a weight.
    decay : float

    Returns
    -------
    array of float, shape [users, k]
    """
    age = mask[:, ::-1].cumsum(1)[:, ::-1] - 1  # filled slots behind this one
    return np.where(mask & (age < n_recent), float(decay) ** np.maximum(age, 0), 0.0)
