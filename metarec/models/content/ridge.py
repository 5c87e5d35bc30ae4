"""Methods that know items by their features, so that an item nobody has rated is not blank."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.features import item_features
from metarec.data.ratings import Ratings
from metarec.models.base import Method, with_unseen
from metarec.models.linalg import filled, histories, shown_items, sums

__all__ = ["ContentRidge", "HierarchicalLinear"]


class HierarchicalLinear(Method):
    r"""A linear model over item features, with a prior over people's weights learned from all.

    Model: :math:`r_{ui} = \mu + \mathbf z_u^\top \mathbf c_i + \varepsilon_{ui}` with
    :math:`\mathbf c_i = (1, \text{features of } i)`, noise variance σ² and
    :math:`\mathbf z_u \sim N(\mathbf m, \Sigma)`. Expectation maximisation learns m, Σ and σ²
    (empirical Bayes): given them the posterior of a person is Gaussian and exact, and given the
    posteriors the maximum is a mean. Nothing is learned about an item but through its features.
    A newcomer is one solve of size `features` + 1. Introduced in chapter 05.

    Parameters
    ----------
    features : str
        Groups of `metarec.data.item_features`, separated by spaces; a group that the catalogue
        lacks adds nothing.
    n_sweeps : int
        Steps of expectation maximisation. The defaults are tuned for the protocol "both new".

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

    def __init__(self, features: str = "genres year critics", n_sweeps: int = 30):
        self.features = features
        self.n_sweeps = n_sweeps

    def fit(self, ratings: Ratings) -> Self:
        self.items_ = ratings.items.index.to_numpy()
        self.content_ = _content(ratings, self.features)
        self.global_mean_ = float(ratings.table["rating"].mean())
        scores = ratings.matrix()
        scores.data -= self.global_mean_
        gram, shift = _evidence(scores, filled(scores), self.content_[:-1])
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
        return self._condition(
            *_shown_evidence(episodes, support, self.global_mean_, self.content_)
        )

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


class ContentRidge(Method):
    r"""One ridge regression a person, from the features of items to what the person thinks.

    Weights :math:`\mathbf p_u = (C^\top C + \lambda I)^{-1} C^\top \mathbf y_u`. With the target
    "liked", C holds the whole catalogue and :math:`y_{ui}` is 1 where u rated i with `at_least`
    or more, else 0, so that C and its inverse are shared and the answer is a score. With
    "rating", C holds the items that u rated and y what u gave above the mean of all ratings;
    the intercept is part of the features and is shrunk like them. Introduced in chapter 05.

    Parameters
    ----------
    features : str
        Groups of `metarec.data.item_features`, separated by spaces; a group that the catalogue
        lacks adds nothing.
    regularization : float
        λ > 0, in items. The default is tuned for the protocol "new items".
    target : {"liked", "rating"}
    at_least : float
        Ratings from here on are likes.

    Attributes
    ----------
    content_ : array, shape [items + 1, d]
        (1, features), standardised; the last row is an item with average features.
    global_mean_ : float
        μ: the mean of the training ratings.

    Raises
    ------
    ValueError
        By `fit`, when λ is not positive or the target is unknown.

    References
    ----------
    Hoerl and Kennard (1970), Ridge regression: biased estimation for nonorthogonal problems,
    Technometrics 12(1), doi:10.1080/00401706.1970.10488634.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [5, 1]})
    >>> films = pd.DataFrame({"genres": ["War", "Drama", "War", "Drama"]}, index=[1, 2, 3, 4])
    >>> ratings = Ratings.from_table(table, films)
    >>> model = ContentRidge(features="genres", regularization=1).fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5, 2: 1})).round(2)  # items 3 and 4
    array([[0.37, 0.03]])
    """

    def __init__(
        self,
        features: str = "genres year critics",
        regularization: float = 30.0,
        target: str = "liked",
        at_least: float = 4.0,
    ):
        self.features = features
        self.regularization = regularization
        self.target = target
        self.at_least = at_least

    @property
    def predicts_ratings(self) -> bool:
        """Whether the target is the rating."""
        return self.target == "rating"

    def fit(self, ratings: Ratings) -> Self:
        if self.regularization <= 0:
            raise ValueError(f"regularization {self.regularization} must be positive")
        if self.target not in ("liked", "rating"):
            raise ValueError(f'target {self.target!r} is unknown; pass "liked" or "rating"')
        self.items_ = ratings.items.index.to_numpy()
        self.content_ = _content(ratings, self.features)
        self.global_mean_ = float(ratings.table["rating"].mean())
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        weights, offset = self.weights(episodes), self.global_mean_ * self.predicts_ratings
        return np.take_along_axis(offset + weights @ self.content_.T, query, axis=1)

    def weights(self, episodes: Episodes) -> np.ndarray:
        """Each person's weights of the intercept and the features.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of float, shape [users, d]
            Zeros without supports.
        """
        support, _ = self.rows(episodes)
        content, penalty = self.content_, self.regularization * np.eye(self.content_.shape[1])
        if self.predicts_ratings:
            gram, shift = _shown_evidence(episodes, support, self.global_mean_, content)
            return np.linalg.solve(gram + penalty, shift[:, :, None])[:, :, 0]
        liked = episodes.support_mask & (episodes.support_ratings >= self.at_least)
        likes = histories(support, liked, 1.0, len(self.items_))
        gram = content[:-1].T @ content[:-1]
        return np.linalg.solve(gram + penalty, (likes @ content).T).T


def _content(ratings: Ratings, groups: str) -> np.ndarray:
    """(1, features) of each item and, last, of an item of which nothing is known."""
    values = with_unseen(item_features(ratings, groups.split()).values, 0.0)
    return np.column_stack([np.ones(len(values)), values])


def _shown_evidence(
    episodes: Episodes, rows: np.ndarray, mean: float, content: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The evidence of the supports; each of several unseen items counts."""
    given = episodes.support_ratings - mean
    scores, seen, shown = shown_items(rows, episodes.support_mask, given)
    return _evidence(scores, seen, content[shown])


def _evidence(
    scores: scipy.sparse.csr_array, seen: scipy.sparse.csr_array, content: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Σ c cᵀ and Σ r c over each person's ratings: shapes [users, d, d] and [users, d]."""
    return sums(seen, _squares(content)), scores @ content


def _squares(content: np.ndarray) -> np.ndarray:
    """c cᵀ of each row: [items, d, d]."""
    return content[:, :, None] * content[:, None, :]
