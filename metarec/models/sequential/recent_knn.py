"""Recent-item kNN: item neighbours of a history whose last items weigh more."""

from __future__ import annotations

from typing import Self

import numpy as np

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import NEXT_ITEM
from metarec.models.base import RankingMethod, with_unseen
from metarec.models.linalg import framed, histories, liked, unit_columns
from metarec.models.parameters import Range

__all__ = ["RecentItemNeighbours"]


class RecentItemNeighbours(RankingMethod):
    r"""Item neighbours (ItemKNN) in which the last items of the history weigh more.

    The item that was rated a places before the last weighs :math:`\gamma^a` if a < `n_recent`,
    else 0. The score of j is the weighted sum of :math:`s_{ij}`, the cosine of the sets of people
    who rated i and j, whatever the rating. Supports are read oldest first. An empty history gets
    the items by popularity. Introduced in chapter 03.

    Parameters
    ----------
    n_recent : int
        How many of the last items count, at least 1; the default is tuned on next item.
    decay : float
        γ, 0 to 1; 1 forgets the order.

    Attributes
    ----------
    similarity_ : array, shape [items + 1, items + 1]
        s, with a zero diagonal; the last row and column stand for unseen items.
    popularity_ : array, shape [items + 1]
        Ratings of each item.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

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

    label = "item kNN, recent items"
    fits = (NEXT_ITEM,)
    ranges = {"n_recent": Range(1, whole=True), "decay": Range(0, 1)}
    variants = {"item kNN, whole history": {"decay": 1.0, "n_recent": 1000}}
    at_prompt = False

    def __init__(self, n_recent: int = 5, decay: float = 0.6):
        self.n_recent = n_recent
        self.decay = decay

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        unit = unit_columns(liked(ratings, -np.inf))
        similarity = (unit.T @ unit).toarray()
        np.fill_diagonal(similarity, 0)
        self.similarity_ = framed(similarity)
        self.popularity_ = with_unseen(ratings.item_counts().astype(float), 0.0)
        return self

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        support, _ = self.rows(episodes)
        weight = recency(episodes.support_mask, self.n_recent, self.decay)
        return histories(support, weight > 0, weight, len(self.items_)) @ self.similarity_


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
