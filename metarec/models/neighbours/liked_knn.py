"""kNN on likes (ItemKNN, UserKNN for top-N): ranking, without a prediction in stars."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import KNOWN_ITEMS
from metarec.models.base import RankingMethod, least_like, with_unseen
from metarec.models.linalg import framed, histories, keep_largest, liked, unit_columns
from metarec.models.parameters import OneOf, Range

__all__ = ["LikedItemNeighbours", "LikedUserNeighbours"]


class _LikedNeighbours(RankingMethod):
    """What both sides share: the parameters, and the training likes."""

    fits = KNOWN_ITEMS
    ranges = {
        "n_neighbours": Range(1, whole=True),
        "weighting": OneOf(("bm25", "tf-idf", "cosine")),
        "at_least": Range(none=True),
        "length": Range(0),
    }

    def __init__(self, n_neighbours: int, weighting: str, at_least: float | None, length: float):
        self.n_neighbours = n_neighbours
        self.weighting = weighting
        self.at_least = at_least
        self.length = length

    def _start(self, ratings: Ratings) -> scipy.sparse.csr_array:
        """Check, and give the likes as [users, items]."""
        self.check_parameters()
        self.at_least_ = least_like(self.at_least, ratings)
        self.items_ = ratings.items.index.to_numpy()
        return liked(ratings, self.at_least_)


class LikedItemNeighbours(_LikedNeighbours):
    r"""Items like those that somebody likes: item kNN (ItemKNN) for ranking.

    An item is the set of people who like it. The score of j is the sum of :math:`s_{ij}` over the
    liked items i of the support, where :math:`s_{ij}` is the cosine of the two sets, kept for the
    `n_neighbours` items j nearest to i. With TF-IDF each person weighs
    :math:`\log(\lvert \mathcal I \rvert / (1 + n_u))`: who likes everything says little. With BM25
    too, but an item of n_i likes is divided by :math:`1 + \nu\, n_i / \bar n`, not by its length.
    (BM25's usual two parameters make one on likes, :math:`\nu = k_1 b / (1 + k_1 (1 - b))`.)
    Whoever shows no like gets the items by popularity. Introduced in chapter 03.

    Parameters
    ----------
    n_neighbours : int
        At least 1; the defaults are tuned on classic top-N.
    weighting : {"bm25", "tf-idf", "cosine"}
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.
    length : float
        ν ≥ 0 of BM25; 0 counts the people whom two items share, popular items first.

    Attributes
    ----------
    similarity_ : array, shape [items + 1, items + 1]
        s, with a zero diagonal; the last row and column stand for unseen items.
    popularity_ : array, shape [items + 1]
        Likes of each item.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Deshpande and Karypis (2004), Item-based top-N recommendation algorithms, ACM TOIS 22(1),
    doi:10.1145/963770.963776. Robertson and Zaragoza (2009), The probabilistic relevance
    framework: BM25 and beyond, Foundations and Trends in Information Retrieval 3(4),
    doi:10.1561/1500000019.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 3], "rating": [5, 5, 5]})
    >>> ratings = Ratings.from_table(table)
    >>> model = LikedItemNeighbours(weighting="cosine").fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5}))
    array([[1., 0.]])
    """

    label = "item kNN, BM25"
    variants = {
        "item kNN, cosine": {"weighting": "cosine"},
        "item kNN, tf-idf": {"weighting": "tf-idf"},
    }

    def __init__(
        self,
        n_neighbours: int = 1000,
        weighting: str = "bm25",
        at_least: float | None = None,
        length: float = 0.25,
    ):
        super().__init__(n_neighbours, weighting, at_least, length)

    def fit(self, ratings: Ratings) -> Self:
        likes = self._start(ratings)
        self.popularity_ = with_unseen(np.bincount(likes.indices, minlength=ratings.n_items), 0)
        weight = _rarity(ratings.n_items, np.diff(likes.indptr), self.weighting)
        mean = self.popularity_[:-1].mean()
        columns = _comparable(likes, weight, self.weighting, self.length, mean)
        similarity = (columns.T @ columns).toarray()
        np.fill_diagonal(similarity, 0)
        self.similarity_ = framed(keep_largest(similarity, self.n_neighbours))
        return self

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        support, _ = self.rows(episodes)
        return histories(support, self.liked(episodes), 1.0, len(self.items_)) @ self.similarity_


class LikedUserNeighbours(_LikedNeighbours):
    r"""What people with the same likes like: user kNN (UserKNN) for ranking.

    A person is the set of liked items. The score of i is the sum of :math:`s_{uu'}` over those of
    the `n_neighbours` people u' nearest to u who like i; :math:`s_{uu'}` is the cosine of the two
    sets. With TF-IDF each item weighs :math:`\log(\lvert \mathcal U \rvert / (1 + n_i))`:
    a like that all share says little. With BM25 too, but a person with n_u likes is divided by
    :math:`1 + \nu\, n_u / \bar n` and not by the length. Whoever shows no like gets the items by
    popularity. Introduced in chapter 03.

    Parameters
    ----------
    n_neighbours : int
        At least 1; the defaults are tuned on classic top-N.
    weighting : {"bm25", "tf-idf", "cosine"}
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.
    length : float
        ν ≥ 0 of BM25; 0 counts what two people share, so that those with many likes come first.

    Attributes
    ----------
    likes_ : array, shape [users, items + 1]
        1 where a training user likes an item; the last column, unseen items, is 0.
    weight_ : array, shape [items + 1]
        Weight of each item in the cosine.
    popularity_ : array, shape [items + 1]
        Likes of each item.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl (2000), Analysis of recommendation algorithms for
    e-commerce, EC, doi:10.1145/352871.352887.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 3], "rating": [5, 5, 5]})
    >>> ratings = Ratings.from_table(table)
    >>> model = LikedUserNeighbours(weighting="cosine").fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5})).round(3)
    array([[0.707, 0.   ]])
    """

    label = "user kNN, BM25"

    def __init__(
        self,
        n_neighbours: int = 100,
        weighting: str = "bm25",
        at_least: float | None = None,
        length: float = 2.5,
    ):
        super().__init__(n_neighbours, weighting, at_least, length)

    def fit(self, ratings: Ratings) -> Self:
        likes = self._start(ratings)
        count = np.bincount(likes.indices, minlength=ratings.n_items)
        self.weight_ = with_unseen(_rarity(ratings.n_users, count, self.weighting), 0.0)
        self.likes_ = np.pad(likes.toarray(), ((0, 0), (0, 1))).astype(np.float32)
        return self

    @property
    def popularity_(self) -> np.ndarray:
        """Likes of each item: [items + 1]."""
        return self.likes_.sum(0, dtype=float)

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        support, _ = self.rows(episodes)
        likes = self.liked(episodes)
        theirs = scipy.sparse.csr_array(self.likes_)
        how = self.weight_, self.weighting, self.length, theirs.sum() / len(self.likes_)
        others = _comparable(theirs.T, *how)
        mine = _comparable(histories(support, likes, 1.0, len(self.items_)).T, *how)
        nearest = keep_largest((mine.T @ others).toarray(), self.n_neighbours)  # [users, people]
        return scipy.sparse.csr_array(nearest) @ self.likes_


def _rarity(n: int, counts: np.ndarray, weighting: str) -> np.ndarray:
    """How much a feature says that `counts` of n things have; never less than 0."""
    if weighting == "cosine":
        return np.ones(len(counts))
    return np.maximum(np.log(n / (1 + counts)), 0)


def _comparable(
    likes: scipy.sparse.sparray, weight: np.ndarray, weighting: str, length: float, mean: float
) -> scipy.sparse.csr_array:
    """Columns whose products are similarities: rows weighted, each column scaled by its length."""
    columns = scipy.sparse.diags_array(weight) @ likes
    if weighting != "bm25":
        return unit_columns(columns)
    scale = 1 / (1 + length * likes.sum(0) / max(mean, 1e-12))
    return (columns @ scipy.sparse.diags_array(scale)).tocsr()
