"""Markov chain over items: which item follows which."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import NEXT_ITEM
from metarec.models.base import RankingMethod
from metarec.models.linalg import framed, histories
from metarec.models.parameters import Range
from metarec.models.sequential.recent_knn import recency

__all__ = ["MarkovChain"]


class MarkovChain(RankingMethod):
    r"""Which item follows which: a first-order Markov chain, smoothed, that may skip items.

    A pair (i, j) counts :math:`\gamma^{h-1}` if j came h ≤ `n_steps` places after i in somebody's
    order of time. The chance of j after i is :math:`P_{ij} = (c_{ij} + \lambda \pi_j) /
    (c_{i\cdot} + \lambda)`, where :math:`\pi` is the popularity, summing to 1. The score of j is
    the sum of :math:`\gamma^{h-1} P_{ij}` over the last `n_steps` items i, h places ago.
    One step is the plain chain. Whoever shows nothing, or only items that lead nowhere, gets the
    items by popularity. Introduced in chapter 03.

    Parameters
    ----------
    n_steps : int
        How far apart two items may be, at least 1; the default is tuned on next item.
    decay : float
        γ, 0 to 1.
    smoothing : float
        λ ≥ 0: how many steps to a random popular item each item is given.

    Attributes
    ----------
    transitions_ : array, shape [items + 1, items + 1]
        P; the last row, for unseen items, is the popularity.
    popularity_ : array, shape [items + 1]
        π, the last row of P.

    Raises
    ------
    ValueError
        In `fit`, when the ratings have no timestamps or a parameter is out of range.

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

    label = "Markov chain with skips"
    fits = (NEXT_ITEM,)
    ranges = {"n_steps": Range(1, whole=True), "decay": Range(0, 1), "smoothing": Range(0)}
    variants = {"Markov chain": {"n_steps": 1}}
    at_prompt = False

    def __init__(self, n_steps: int = 15, decay: float = 0.8, smoothing: float = 3.0):
        self.n_steps = n_steps
        self.decay = decay
        self.smoothing = smoothing

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        if not ratings.has_timestamps:
            raise ValueError(
                f"{ratings.name} has no timestamps; a chain needs the order of time: "
                "give the table a column timestamp"
            )
        counts = self._counts(ratings)
        popularity = ratings.item_counts() / len(ratings)
        total = counts.sum(1, keepdims=True)
        chances = (counts + self.smoothing * popularity) / np.maximum(total + self.smoothing, 1e-12)
        self.items_ = ratings.items.index.to_numpy()
        self.transitions_ = framed(chances)
        self.transitions_[-1, :-1] = popularity
        self.popularity_ = self.transitions_[-1]
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

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        support, _ = self.rows(episodes)
        weight = recency(episodes.support_mask, self.n_steps, self.decay)
        return histories(support, weight > 0, weight, len(self.items_)) @ self.transitions_
