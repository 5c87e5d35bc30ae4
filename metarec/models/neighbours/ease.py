"""EASE: the best linear map from what somebody likes to what somebody likes, in closed form."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.linalg

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import KNOWN_ITEMS
from metarec.models.base import RankingMethod, least_like, with_unseen
from metarec.models.linalg import framed, histories, liked
from metarec.models.parameters import Range

__all__ = ["EASE"]


class EASE(RankingMethod):
    r"""Embarrassingly shallow autoencoder: item weights that rebuild each person's likes.

    :math:`\mathbf W` minimises :math:`\lVert \mathbf Y - \mathbf Y \mathbf W \rVert^2 +
    \lambda \lVert \mathbf W \rVert^2` with a zero diagonal, so that no item explains itself.
    With :math:`\mathbf P = (\mathbf Y^\top \mathbf Y + \lambda \mathbf I)^{-1}` the answer is
    :math:`w_{ij} = -p_{ij} / p_{jj}` for i ≠ j. The score of j is the sum of :math:`w_{ij}` over
    the liked items i of the support. Whoever shows no like gets the items by popularity.
    Introduced in chapter 03.

    Parameters
    ----------
    regularization : float
        λ > 0, in people; the default is tuned on classic top-N.
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.

    Attributes
    ----------
    weights_ : array, shape [items + 1, items + 1]
        w; its last row and column, of zeros, stand for unseen items.
    popularity_ : array, shape [items + 1]
        Likes of each item.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Steck (2019), Embarrassingly shallow autoencoders for sparse data, WWW,
    doi:10.1145/3308558.3313710.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 3], "rating": [5, 5, 5]})
    >>> ratings = Ratings.from_table(table)
    >>> EASE(regularization=1).fit(ratings).predict(Episodes.of_one(ratings, {1: 5}))
    array([[0.5, 0. ]])
    """

    label = "EASE"
    fits = KNOWN_ITEMS
    ranges = {"regularization": Range(0, above=True), "at_least": Range(none=True)}

    def __init__(self, regularization: float = 350.0, at_least: float | None = None):
        self.regularization = regularization
        self.at_least = at_least

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.at_least_ = least_like(self.at_least, ratings)
        likes = liked(ratings, self.at_least_)
        gram = (likes.T @ likes).toarray()
        self.items_ = ratings.items.index.to_numpy()
        self.popularity_ = with_unseen(gram.diagonal(), 0.0)
        gram[np.diag_indices_from(gram)] += self.regularization
        inverse = scipy.linalg.inv(gram, overwrite_a=True, assume_a="pos")
        weights = -inverse / inverse.diagonal()  # column j is divided by p_jj
        np.fill_diagonal(weights, 0)
        self.weights_ = framed(weights)
        return self

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        support, _ = self.rows(episodes)
        return histories(support, self.liked(episodes), 1.0, len(self.items_)) @ self.weights_
