"""Hierarchical Bayes whose items start from their content, so that a new item is not blank."""

from __future__ import annotations

from typing import Self

import numpy as np

from metarec.data.features import item_features
from metarec.data.ratings import Ratings
from metarec.models._sparse import filled
from metarec.models.base import with_unseen
from metarec.models.bayes import HierarchicalBayes, _Belief, _Prior, _update


class ContentBayes(HierarchicalBayes):
    r"""Hierarchical Bayes with the content of an item as the prior mean of its factors.

    After `HierarchicalBayes` has learned, a ridge regression G of the posterior means
    :math:`\mathbf w_i` of rated items on their features gives a prior of its own to each item,
    :math:`N(G^\top \mathbf c_i, \Sigma_w)` with the spread that the regression leaves. One more
    update of all items then trades the old prior for it: rated items keep what their ratings
    say, and items without ratings get what their content says. Introduced in chapter 05.

    Parameters
    ----------
    n_factors, n_sweeps, seed : int
        As in `HierarchicalBayes`.
    features : str
        Groups of `metarec.data.item_features`, separated by spaces; a group that the catalogue
        lacks adds nothing.
    regularization : float
        λ > 0 of the ridge regression, in items; the intercept is free. The default is
        tuned for the protocol "both new".

    Attributes
    ----------
    item_mean_, item_covariance_ : arrays, shapes [items + 1, d + 1] and [items + 1, d + 1, d + 1]
        Posterior of each item's (b_i, v_i); the last row is an item of which nothing is known.

    References
    ----------
    Agarwal and Chen (2009), Regression-based latent factor models, KDD,
    doi:10.1145/1557019.1557029.

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec.data.episodes import Episodes
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> films = pd.DataFrame({"genres": ["War", "Drama", "War", "Drama"]}, index=[1, 2, 3, 4])
    >>> ratings = Ratings.from_table(table, films)
    >>> model = ContentBayes(n_factors=1, features="genres", regularization=1).fit(ratings)
    >>> new = model.predict(Episodes.of_one(ratings, {}, query=[3, 4]))
    >>> bool(new[0, 0] > new[0, 1])  # nobody has rated them, but War was liked more
    True
    """

    def __init__(
        self,
        n_factors: int = 8,
        n_sweeps: int = 30,
        seed: int = 0,
        features: str = "genres year critics",
        regularization: float = 3.0,
    ):
        super().__init__(n_factors, n_sweeps, seed)
        self.features = features
        self.regularization = regularization

    def fit(self, ratings: Ratings) -> Self:
        super().fit(ratings)
        content = item_features(ratings, self.features.split()).values
        rated = ratings.item_counts() > 0
        mean, covariance = self.item_mean_[:-1], self.item_covariance_[:-1]
        expected = _ridge(content, mean, rated, self.regularization)
        left = (mean - expected)[rated]
        spread = covariance[rated].mean(0) + left.T @ left / len(left)
        spread += 1e-6 * np.eye(len(spread))
        prior = np.linalg.inv(spread)
        gram, shift = self._evidence(ratings)
        covariance = np.linalg.inv(prior + gram / self.noise_)
        mean = np.einsum("nij,nj->ni", covariance, expected @ prior + shift / self.noise_)
        self.item_mean_ = with_unseen(mean, self.item_mean_[-1])
        self.item_covariance_ = with_unseen(covariance, self.item_covariance_[-1])
        return self

    def _evidence(self, ratings: Ratings) -> tuple[np.ndarray, np.ndarray]:
        """What people, once more updated, say about each item: Gram matrices and right sides."""
        scores = ratings.matrix()
        scores.data -= self.global_mean_
        seen = filled(scores)
        users = _Prior(self.user_mean_, self.user_covariance_)
        items = _Belief(self.item_mean_[:-1], self.item_covariance_[:-1])
        z, _, _ = _update(users, self.noise_, scores, seen, items)
        start = _Prior(self.item_mean_[-1], self.item_covariance_[-1])
        return _update(start, self.noise_, scores.T.tocsr(), seen.T.tocsr(), z)[1:]


def _ridge(content: np.ndarray, mean: np.ndarray, rated: np.ndarray, weight: float) -> np.ndarray:
    """What the features say of each item's vector, learned from rated items: [items, d + 1]."""
    middle, centre = content[rated].mean(0), mean[rated].mean(0)
    known, penalty = content[rated] - middle, weight * np.eye(content.shape[1])
    slope = np.linalg.solve(known.T @ known + penalty, known.T @ (mean[rated] - centre))
    return centre + (content - middle) @ slope
