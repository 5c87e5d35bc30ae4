"""kNN on stars (UserKNN, ItemKNN): ratings of similar people, or one's own of similar items."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import CLASSIC_RATINGS, KNOWN_ITEMS, NEXT_ITEM, TOP_N
from metarec.models.base import Method
from metarec.models.baselines import Bias, user_bias
from metarec.models.linalg import histories
from metarec.models.neighbours.similarity import neighbour_mean, similarities
from metarec.models.parameters import OneOf, Range

__all__ = ["ItemNeighbours", "UserNeighbours"]


class _Neighbours(Method):
    """What both sides share: the baseline, its residuals, and the parameters."""

    fits = (*KNOWN_ITEMS, CLASSIC_RATINGS)
    ranges = {
        "similarity": OneOf(("cosine", "adjusted cosine", "pearson", "baseline")),
        "n_neighbours": Range(1, whole=True),
        "shrinkage": Range(0),
        "damping": Range(0),
        "item_shrinkage": Range(0, infinite=True),
        "user_shrinkage": Range(0, infinite=True),
    }

    def __init__(
        self,
        similarity: str,
        n_neighbours: int,
        shrinkage: float,
        damping: float,
        item_shrinkage: float,
        user_shrinkage: float,
    ):
        self.similarity = similarity
        self.n_neighbours = n_neighbours
        self.shrinkage = shrinkage
        self.damping = damping
        self.item_shrinkage = item_shrinkage
        self.user_shrinkage = user_shrinkage

    def _start(self, ratings: Ratings) -> scipy.sparse.csr_array:
        """Check, learn the baseline, and give the ratings as [users, items + 1]."""
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        self.means_ = Bias(self.item_shrinkage, self.user_shrinkage).fit(ratings).means_
        matrix = ratings.matrix()
        matrix.resize((ratings.n_users, ratings.n_items + 1))
        return matrix

    def _shown(
        self, episodes: Episodes, support: np.ndarray
    ) -> tuple[np.ndarray, scipy.sparse.csr_array, scipy.sparse.csr_array]:
        """b_u of the people who ask, their ratings, and what the baseline leaves of them.

        The ratings are [users, items + 1] without items that training never saw, of which only
        b_u tells.
        """
        size = len(self.items_)
        surplus, bias = user_bias(episodes, self.means_[support], self.user_shrinkage)
        known = episodes.support_mask & (support % (size + 1) < size)
        given = histories(support, known, episodes.support_ratings, size)
        return bias, given, histories(support, known, surplus - bias[:, None], size)

    def _residuals(
        self, given: scipy.sparse.csr_array
    ) -> tuple[np.ndarray, scipy.sparse.csr_array]:
        """b_u of each row of ratings, and what the baseline leaves of the ratings."""
        surplus = given.copy()
        surplus.data -= self.means_[given.indices]
        counts = np.diff(given.indptr)
        bias = surplus.sum(1) / np.maximum(counts + self.user_shrinkage, 1e-12)
        surplus.data -= np.repeat(bias, counts)
        return bias, surplus


class UserNeighbours(_Neighbours):
    r"""User kNN (UserKNN): what similar people gave the item, on top of the baseline.

    :math:`\hat r_{ui} = \mu + b_u + b_i + \frac{\sum_{u'} s_{uu'} (r_{u'i} - \mu - b_{u'} - b_i)}
    {\kappa + \sum_{u'} s_{uu'}}` over those `n_neighbours` people u' with the largest
    :math:`s_{uu'} > 0` who rated i. The biases are those of `Bias`; a newcomer's similarities and
    bias come from the support alone. Similarities compare the n ratings that two people share, as
    ratings ("cosine"), less the item's mean ("adjusted cosine"), less each one's mean over the
    shared ("pearson"), or less the baseline ("baseline"), and are shrunk by
    :math:`n / (n + \lambda)`. Without a neighbour the baseline remains. Introduced in chapter 03.

    Parameters
    ----------
    similarity : {"baseline", "pearson", "adjusted cosine", "cosine"}
    n_neighbours : int
        At least 1. The defaults are tuned on newcomers.
    shrinkage : float
        λ ≥ 0, in shared ratings.
    damping : float
        κ ≥ 0: how much similarity the baseline is worth.
    item_shrinkage, user_shrinkage : float
        λ ≥ 0 of the two biases, in ratings.

    Attributes
    ----------
    means_ : array, shape [items + 1]
        μ + b_i; the last is that of an unseen item.
    ratings_data_, ratings_indices_, ratings_indptr_ : arrays, shapes [ratings] twice, [users + 1]
        The training ratings as a sparse matrix.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Herlocker, Konstan, Borchers and Riedl (1999), An algorithmic framework for performing
    collaborative filtering, SIGIR, doi:10.1145/312624.312682. Koren (2010), Factor in the
    neighbors, ACM TKDD 4(1), doi:10.1145/1644873.1644874.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 5, 1, 1]}
    ... )
    >>> ratings = Ratings.from_table(table)
    >>> model = UserNeighbours("pearson").fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {}))  # nothing shown: the baseline
    array([[3., 3.]])
    """

    label = "user kNN"

    def __init__(
        self,
        similarity: str = "baseline",
        n_neighbours: int = 80,
        shrinkage: float = 160.0,
        damping: float = 0.5,
        item_shrinkage: float = 5.0,
        user_shrinkage: float = 5.0,
    ):
        super().__init__(
            similarity, n_neighbours, shrinkage, damping, item_shrinkage, user_shrinkage
        )

    def fit(self, ratings: Ratings) -> Self:
        given = self._start(ratings)
        self.ratings_data_, self.ratings_indices_ = given.data, given.indices
        self.ratings_indptr_ = given.indptr
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        support, query = self.rows(episodes)
        arrays = (self.ratings_data_, self.ratings_indices_, self.ratings_indptr_)
        theirs = scipy.sparse.csr_array(arrays, shape=(len(arrays[2]) - 1, len(self.means_)))
        bias, mine, own = self._shown(episodes, support)
        left = self._residuals(theirs)[1]
        pearson = self.similarity == "pearson"
        similarity = similarities(
            self._compared(mine, own), self._compared(theirs, left), self.shrinkage, pearson
        ).astype(np.float32)
        predicted = self.means_[query] + bias[:, None]
        users, places = np.nonzero(episodes.query_mask)
        raters = left.T.tocsr()  # [items + 1, training users]
        predicted[users, places] += neighbour_mean(
            similarity, users, raters, query[users, places], self.n_neighbours, self.damping
        )
        return predicted

    def _compared(
        self, given: scipy.sparse.csr_array, left: scipy.sparse.csr_array
    ) -> scipy.sparse.csr_array:
        """Ratings in the form that is compared, from the ratings and what the baseline leaves."""
        if self.similarity == "baseline":
            return left
        given = given.copy()
        if self.similarity == "adjusted cosine":
            given.data -= self.means_[given.indices]
        return given


class ItemNeighbours(_Neighbours):
    r"""Item kNN (ItemKNN): what the person gave similar items, on top of the baseline.

    :math:`\hat r_{ui} = \mu + b_u + b_i + \frac{\sum_j s_{ij} (r_{uj} - \mu - b_u - b_j)}
    {\kappa + \sum_j s_{ij}}` over those `n_neighbours` items j of the support with the largest
    :math:`s_{ij} > 0`. The biases are those of `Bias`. Similarities compare the n ratings of those
    who rated both items, as ratings ("cosine"), less the person's mean ("adjusted cosine"), less
    each item's mean over the shared people ("pearson"), or less the baseline ("baseline"), and
    are shrunk by :math:`n / (n + \lambda)`. Without a neighbour the baseline remains.
    Introduced in chapter 03.

    Parameters
    ----------
    similarity : {"adjusted cosine", "baseline", "pearson", "cosine"}
    n_neighbours : int
        At least 1. The defaults are tuned on classic ratings.
    shrinkage : float
        λ ≥ 0, in shared people.
    damping : float
        κ ≥ 0: how much similarity the baseline is worth.
    item_shrinkage, user_shrinkage : float
        λ ≥ 0 of the two biases, in ratings.

    Attributes
    ----------
    means_ : array, shape [items + 1]
        μ + b_i; the last is that of an unseen item.
    similarity_ : array, shape [items + 1, items + 1]
        s, with a zero diagonal; the last row and column stand for unseen items.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Sarwar, Karypis, Konstan and Riedl (2001), Item-based collaborative filtering recommendation
    algorithms, WWW, doi:10.1145/371920.372071. Koren (2010), Factor in the neighbors, ACM TKDD
    4(1), doi:10.1145/1644873.1644874.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 5, 1, 1]})
    >>> ratings = Ratings.from_table(table)
    >>> model = ItemNeighbours("pearson", shrinkage=0, damping=0, user_shrinkage=1).fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5}))  # bias 1, and its neighbour's other half
    array([[5.]])
    """

    label = "item kNN"
    book_settings = {  # the defaults where whole histories are shown
        "": {"similarity": "baseline"},
        **{protocol: {} for protocol in (CLASSIC_RATINGS, TOP_N, NEXT_ITEM)},
    }

    def __init__(
        self,
        similarity: str = "adjusted cosine",
        n_neighbours: int = 30,
        shrinkage: float = 200.0,
        damping: float = 0.3,
        item_shrinkage: float = 5.0,
        user_shrinkage: float = 5.0,
    ):
        super().__init__(
            similarity, n_neighbours, shrinkage, damping, item_shrinkage, user_shrinkage
        )

    def fit(self, ratings: Ratings) -> Self:
        given = self._start(ratings)
        if self.similarity == "baseline":
            given = self._residuals(given)[1]
        elif self.similarity == "adjusted cosine":
            counts = np.diff(given.indptr)
            given.data -= np.repeat(given.sum(1) / np.maximum(counts, 1), counts)
        columns = given.T.tocsr()
        pearson = self.similarity == "pearson"
        similarity = similarities(columns, columns, self.shrinkage, pearson)
        np.fill_diagonal(similarity, 0)
        self.similarity_ = similarity.astype(np.float32)
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        support, query = self.rows(episodes)
        bias, _, own = self._shown(episodes, support)
        predicted = self.means_[query] + bias[:, None]
        users, places = np.nonzero(episodes.query_mask)
        predicted[users, places] += neighbour_mean(
            self.similarity_, query[users, places], own, users, self.n_neighbours, self.damping
        )
        return predicted
