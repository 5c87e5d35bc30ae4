"""Hierarchical linear regression (a mixed or multilevel model): the prior of people is learned."""

from __future__ import annotations

from typing import Literal, Self, overload

import numpy as np

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import ALL
from metarec.models.base import Method
from metarec.models.content.ridge import evidence, shown_evidence, with_intercept
from metarec.models.linalg import filled
from metarec.models.parameters import Range

__all__ = ["HierarchicalLinear"]


class HierarchicalLinear(Method):
    r"""A linear model over item features, with a prior over people's weights learned from all.

    Model: :math:`r_{ui} = \mu + \mathbf z_u^\top \mathbf c_i + \varepsilon_{ui}` with
    :math:`\mathbf c_i = (1, \text{features of } i)`, noise variance σ² and
    :math:`\mathbf z_u \sim N(\mathbf m, \Sigma)`. Expectation maximization learns m, Σ and σ²
    (empirical Bayes): given them the posterior of a person is Gaussian and exact, and given the
    posteriors the maximum is a mean. Nothing is learned about an item but through its features.
    A newcomer is one solve of size `features` + 1. Also called Bayesian linear regression with an
    empirical prior, and a linear mixed model. Introduced in chapter 05.

    Parameters
    ----------
    features : str
        Groups of `metarec.data.item_features`, separated by spaces; a group that the catalogue
        lacks adds nothing.
    n_sweeps : int
        Steps of expectation maximization (EM), at least one. The defaults are tuned for the
        protocol "both new".

    Attributes
    ----------
    content_ : array, shape [items + 1, d]
        (1, features), standardised; the last row is an item with average features. d counts
        the intercept.
    user_mean_, user_covariance_ : arrays, shapes [d] and [d, d]
        m and Σ, in rating units: what a person without ratings is given.
    noise_ : float
        σ², in squared rating units.
    global_mean_ : float
        μ.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range or a group of features is unknown.

    References
    ----------
    Gelman and Hill (2006), Data analysis using regression and multilevel/hierarchical models,
    chapter 13, doi:10.1017/CBO9780511790942.
    Dempster, Laird and Rubin (1977), Maximum likelihood from incomplete data via the EM
    algorithm, doi:10.1111/j.2517-6161.1977.tb01600.x.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> films = pd.DataFrame({"genres": ["War", "Drama", "War"]}, index=[1, 2, 3])
    >>> ratings = Ratings.from_table(table, films)
    >>> model = HierarchicalLinear(features="genres").fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {})).round(1)  # nobody has rated item 3
    array([[4.5, 1.5, 4.5]])
    """

    label = "hierarchical linear model"
    fits = ALL
    ranges = {"n_sweeps": Range(1, whole=True)}

    def __init__(self, features: str = "genres year critics", n_sweeps: int = 30):
        self.features = features
        self.n_sweeps = n_sweeps

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        self.content_ = with_intercept(ratings, self.features)
        self.global_mean_ = float(ratings.table["rating"].mean())
        scores = ratings.matrix()
        scores.data -= self.global_mean_
        gram, shift = evidence(scores, filled(scores), self.content_[:-1])
        known = np.diff(scores.indptr) > 0
        gram, shift, size = gram[known], shift[known], self.content_.shape[1]
        self.user_mean_, self.user_covariance_ = np.zeros(size), np.eye(size) / size
        self.noise_ = 1.0
        squares = (scores.data**2).sum()
        for _ in range(self.n_sweeps):
            mean, covariance = self._condition(gram, shift)
            second = covariance + mean[:, :, None] * mean[:, None, :]
            error = squares - 2 * (mean * shift).sum() + (second * gram).sum()
            self.noise_ = max(float(error) / scores.nnz, 1e-6)
            self._learn_prior(mean, covariance)
        return self

    @overload
    def predict(self, episodes: Episodes, return_std: Literal[False] = False) -> np.ndarray: ...

    @overload
    def predict(
        self, episodes: Episodes, return_std: Literal[True]
    ) -> tuple[np.ndarray, np.ndarray]: ...

    def predict(
        self, episodes: Episodes, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the query, and if asked say how sure the model is.

        Parameters
        ----------
        episodes : Episodes
        return_std : bool
            Whether to return the standard deviation of the rating too (noise included).

        Returns
        -------
        array of float, shape [users, q], or two of them
            Mean, and standard deviation, in rating units.
        """
        _, query = self.rows(episodes)
        mean, covariance = self.posterior(episodes)
        predicted = np.take_along_axis(self.global_mean_ + mean @ self.content_.T, query, axis=1)
        if not return_std:
            return predicted
        c = self.content_
        variance = np.stack([((c @ spread) * c).sum(1) for spread in covariance])  # a person each
        return predicted, np.sqrt(self.noise_ + np.take_along_axis(variance, query, axis=1))

    def posterior(self, episodes: Episodes) -> tuple[np.ndarray, np.ndarray]:
        """What the support says about each person's weights.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        mean, covariance : arrays, shapes [users, d] and [users, d, d]
            Without supports this is the prior.
        """
        support, _ = self.rows(episodes)
        gram, shift = shown_evidence(episodes, support, self.global_mean_, self.content_)
        return self._condition(gram, shift)

    def _condition(self, gram: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        precision = np.linalg.inv(self.user_covariance_)
        covariance = np.linalg.inv(precision + gram / self.noise_)
        right = precision @ self.user_mean_ + shift / self.noise_
        return np.einsum("nij,nj->ni", covariance, right), covariance

    def _learn_prior(self, mean: np.ndarray, covariance: np.ndarray) -> None:
        """The maximum in closed form: moments of what is believed about the people."""
        self.user_mean_ = mean.mean(0)
        spread = mean - self.user_mean_
        second = covariance.mean(0) + spread.T @ spread / len(mean)
        self.user_covariance_ = second + 1e-6 * np.eye(len(second))
