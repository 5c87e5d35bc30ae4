"""The floor under every table: chance, means, biases and popularity. Introduced in chapter 02.

They can be asked anything, and `fits` is empty: a protocol that lacks one of them lacks nothing.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.base import Method, with_unseen
from metarec.models.parameters import SEED, Range

__all__ = ["Bias", "GlobalMean", "ItemMean", "Popularity", "RandomScores"]


class RandomScores(Method):
    """Ratings drawn at random from the training ratings: what knowing nothing looks like.

    Parameters
    ----------
    seed : int
        Seed of the draws; the same episodes get the same draws.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [4, 4]})
    >>> ratings = Ratings.from_table(table)
    >>> RandomScores().fit(ratings).predict(Episodes.of_one(ratings, {}))
    array([[4., 4.]])
    """

    label = "chance"
    at_prompt = False
    ranges = {"seed": SEED}

    def __init__(self, seed: int = 0):
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        self.ratings_ = ratings.table["rating"].to_numpy(copy=True)
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        return np.random.default_rng(self.seed).choice(self.ratings_, query.shape)


class GlobalMean(Method):
    """The mean of all training ratings, for everybody and everything.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [2, 4]})
    >>> ratings = Ratings.from_table(table)
    >>> GlobalMean().fit(ratings).predict(Episodes.of_one(ratings, {}))
    array([[3., 3.]])
    """

    label = "global mean"
    at_prompt = False

    def fit(self, ratings: Ratings) -> Self:
        self.items_ = ratings.items.index.to_numpy()
        self.mean_ = float(ratings.table["rating"].mean())
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        return np.full(query.shape, self.mean_)


class ItemMean(Method):
    """The mean rating of each item, pulled towards the global mean when ratings are few.

    Item i with n_i ratings gets (Σ r + λ μ) / (n_i + λ).

    Parameters
    ----------
    shrinkage : float
        λ ≥ 0: how many ratings at the global mean each item is given; 0 is the plain mean.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2], "item": [1, 1, 2], "rating": [5, 5, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> ItemMean(shrinkage=0).fit(ratings).predict(Episodes.of_one(ratings, {}))
    array([[5., 2.]])
    """

    label = "item mean"
    ranges = {"shrinkage": Range(0)}

    def __init__(self, shrinkage: float = 3.0):
        self.shrinkage = shrinkage

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        self.means_ = with_unseen(
            ratings.item_means(self.shrinkage), ratings.table["rating"].mean()
        )
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        return self.means_[query]


class Bias(Method):
    r"""Item bias plus user bias: :math:`\hat r_{ui} = \mu + b_i + b_u`.

    Both are fitted together, by turns, so that an item is not blamed for harsh raters:
    :math:`b_i = \sum_u (r_{ui} - \mu - b_u) / (n_i + \lambda_i)` and
    :math:`b_u = \sum_i (r_{ui} - \mu - b_i) / (n_u + \lambda_u)`. A newcomer's bias comes from
    the support by the second formula, so that a person without ratings has none.

    Parameters
    ----------
    item_shrinkage, user_shrinkage : float
        λ ≥ 0 of the items and of the users, in ratings.
    n_sweeps : int
        How often the two formulas take turns, at least once.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Koren, Bell and Volinsky (2009), Matrix factorization techniques for recommender systems,
    Computer 42(8), doi:10.1109/MC.2009.263.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [2, 4]})
    >>> ratings = Ratings.from_table(table)
    >>> model = Bias(item_shrinkage=0, user_shrinkage=1).fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 4}))
    array([[5.]])
    """

    label = "item + user bias"
    ranges = {
        "item_shrinkage": Range(0, infinite=True),
        "user_shrinkage": Range(0, infinite=True),
        "n_sweeps": Range(1, whole=True),
    }

    def __init__(
        self, item_shrinkage: float = 5.0, user_shrinkage: float = 5.0, n_sweeps: int = 10
    ):
        self.item_shrinkage = item_shrinkage
        self.user_shrinkage = user_shrinkage
        self.n_sweeps = n_sweeps

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        users, items = ratings.positions()
        values = ratings.table["rating"].to_numpy()
        mean = values.mean()
        item_bias, user_bias = np.zeros(ratings.n_items), np.zeros(ratings.n_users)
        for _ in range(self.n_sweeps):
            item_bias = _shrunken_mean(
                items, values - mean - user_bias[users], len(item_bias), self.item_shrinkage
            )
            user_bias = _shrunken_mean(
                users, values - mean - item_bias[items], len(user_bias), self.user_shrinkage
            )
        self.items_ = ratings.items.index.to_numpy()
        self.means_ = with_unseen(mean + item_bias, mean)
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        support, query = self.rows(episodes)
        _, bias = user_bias(episodes, self.means_[support], self.user_shrinkage)
        return self.means_[query] + bias[:, None]


class Popularity(Method):
    """How often each item was rated: a score that only ranks, the same for everybody.

    Parameters
    ----------
    at_least : float, optional
        Count only ratings from here on, such as 4 for likes; by default all.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 2, 2], "item": [1, 1, 2], "rating": [5, 5, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> Popularity().fit(ratings).predict(Episodes.of_one(ratings, {}))
    array([[2., 1.]])
    """

    predicts_ratings = False
    label = "popularity"
    ranges = {"at_least": Range(none=True)}

    def __init__(self, at_least: float | None = None):
        self.at_least = at_least

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        least = -np.inf if self.at_least is None else self.at_least
        self.items_ = ratings.items.index.to_numpy()
        self.counts_ = with_unseen(ratings.item_counts(least).astype(float), 0.0)
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        return self.counts_[query]


def user_bias(
    episodes: Episodes, means: np.ndarray, shrinkage: float
) -> tuple[np.ndarray, np.ndarray]:
    """What people show above what is expected of the items, and b_u, its shrunken mean.

    Parameters
    ----------
    episodes : Episodes
    means : array, shape [users, k]
        μ + b_i of the support items.
    shrinkage : float
        λ of the users, in ratings.

    Returns
    -------
    surplus : array, shape [users, k]
        0 where nothing is shown.
    bias : array, shape [users]
        0 for a person without ratings.
    """
    mask = episodes.support_mask
    surplus = np.where(mask, episodes.support_ratings - means, 0)
    return surplus, surplus.sum(1) / np.maximum(mask.sum(1) + shrinkage, 1e-12)


def _shrunken_mean(
    groups: np.ndarray, values: np.ndarray, n_groups: int, shrinkage: float
) -> np.ndarray:
    sums = np.bincount(groups, values, n_groups)
    return sums / np.maximum(np.bincount(groups, minlength=n_groups) + shrinkage, 1e-12)
