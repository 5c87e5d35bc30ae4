"""Hierarchical Bayes whose items start from their content, so that a new item is not blank."""

from __future__ import annotations

import numpy as np

from metarec.data.features import item_features
from metarec.data.ratings import Ratings
from metarec.models.bayes.gaussian import Belief, Prior
from metarec.models.bayes.hierarchical import HierarchicalBayes, Learn
from metarec.models.parameters import Range

__all__ = ["ContentBayes"]


class ContentBayes(HierarchicalBayes):
    r"""Hierarchical Bayes with an item's content as the prior mean of its factors (RLFM).

    An item is :math:`w_i \sim N(G^\top c_i, \Sigma_w)` instead of :math:`N(g, \Sigma_w)`. In each
    sweep G is a ridge regression of the posterior means of rated items on their features, and
    Σ_w is what the regression leaves, so that content shapes the factors while they are learned:
    rated items keep what their ratings say, and items without ratings get what their content
    says: a regression-based latent factor model (RLFM), with features of items alone.
    Introduced in chapter 05.

    Parameters
    ----------
    n_factors, n_sweeps, seed : int
        As in `HierarchicalBayes`; with content for a prior, more factors pay.
    features : str
        Groups of `metarec.data.item_features`, separated by spaces; a group that the catalogue
        lacks adds nothing.
    regularization : float
        λ > 0 of the ridge regression, in items; the intercept is free. The defaults are tuned on
        the validation people of "newcomers" and "both new" and on a fold of training ratings.

    Attributes
    ----------
    item_mean_, item_covariance_ : arrays, shapes [items + 1, d + 1] and [items + 1, d + 1, d + 1]
        Posterior of each item's (b_i, v_i); the last row is an item of which nothing is known.

    Raises
    ------
    ValueError
        By `fit`, when a parameter is out of range or a group of features is unknown.

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

    label = "hierarchical Bayes + content"
    ranges = {**HierarchicalBayes.ranges, "regularization": Range(0, above=True)}

    def __init__(
        self,
        n_factors: int = 16,
        n_sweeps: int = 30,
        seed: int = 0,
        features: str = "genres year critics",
        regularization: float = 3.0,
    ):
        super().__init__(n_factors, n_sweeps, seed)
        self.features = features
        self.regularization = regularization

    def _item_prior(self, ratings: Ratings) -> Learn:
        content = self._content(ratings)

        def learn(belief: Belief, rated: np.ndarray) -> Prior:
            expected = prior_means(content, belief.mean, rated, self.regularization)
            return Prior.learn(belief, rated, expected)

        return learn

    def _content(self, ratings: Ratings) -> np.ndarray:
        """What is known about each item before its ratings: [items, features]."""
        return item_features(ratings, self.features.split()).values


def prior_means(
    content: np.ndarray, vectors: np.ndarray, weights: np.ndarray, penalty: float
) -> np.ndarray:
    """What the features say of each item's vector, learned from the rated ones.

    Parameters
    ----------
    content : array, shape [items, features]
    vectors : array, shape [items, d + 1]
    weights : array, shape [items]
        How often an item counts: 0, where nobody has rated it.
    penalty : float
        λ of the slopes, in items.

    Returns
    -------
    array, shape [items, d + 1]
    """
    intercept, slope = regression(content, vectors, weights, penalty)
    return intercept + content @ slope


def regression(
    features: np.ndarray, vectors: np.ndarray, weights: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted ridge regression of vectors on features.

    Parameters
    ----------
    features : array, shape [n, features]
    vectors : array, shape [n, d]
    weights : array, shape [n]
        How often a row counts.
    penalty : float
        λ of the slopes, in rows; the intercept is free.

    Returns
    -------
    intercept, slope : arrays, shapes [d] and [features, d]
    """
    total = weights.sum()
    middle, centre = weights @ features / total, weights @ vectors / total
    around = (features - middle).T * weights
    gram = around @ (features - middle) + penalty * np.eye(features.shape[1])
    slope = np.linalg.solve(gram, around @ (vectors - centre))
    return centre - middle @ slope, slope
