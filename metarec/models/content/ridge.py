"""Ridge regression on what films are made of: one small regression a person."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.features import item_features
from metarec.data.ratings import Ratings
from metarec.data.splits.names import KNOWN_ITEMS, UNRATED_ITEMS
from metarec.models.base import Method, least_like, with_unseen
from metarec.models.linalg import histories, shown_items, sums
from metarec.models.parameters import OneOf, Range

__all__ = ["ContentRidge"]


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
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.

    Attributes
    ----------
    content_ : array, shape [items + 1, d]
        (1, features), standardised; the last row is an item with average features.
    global_mean_ : float
        μ: the mean of the training ratings.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range or a group of features is unknown.

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

    label = "content ridge"
    fits = (*KNOWN_ITEMS, *UNRATED_ITEMS)
    ranges = {
        "regularization": Range(0, above=True),
        "target": OneOf(("liked", "rating")),
        "at_least": Range(none=True),
    }
    book_settings = {"": {"regularization": 100.0}}

    def __init__(
        self,
        features: str = "genres year critics",
        regularization: float = 30.0,
        target: str = "liked",
        at_least: float | None = None,
    ):
        self.features = features
        self.regularization = regularization
        self.target = target
        self.at_least = at_least

    @property
    def predicts_ratings(self) -> bool:  # type: ignore[override]  # of this class a setting decides
        """Whether the target is the rating."""
        return self.target == "rating"

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.at_least_ = least_like(self.at_least, ratings)
        self.items_ = ratings.items.index.to_numpy()
        self.content_ = with_intercept(ratings, self.features)
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
            gram, shift = shown_evidence(episodes, support, self.global_mean_, content)
            return np.linalg.solve(gram + penalty, shift[:, :, None])[:, :, 0]
        likes = histories(support, self.liked(episodes), 1.0, len(self.items_))
        gram = content[:-1].T @ content[:-1]
        return np.linalg.solve(gram + penalty, (likes @ content).T).T


def with_intercept(ratings: Ratings, groups: str) -> np.ndarray:
    """(1, features) of each item and, last, of an item of which nothing is known.

    Parameters
    ----------
    ratings : Ratings
    groups : str
        Groups of `metarec.data.item_features`, separated by spaces.

    Returns
    -------
    array, shape [items + 1, d]
    """
    values = with_unseen(item_features(ratings, groups.split()).values, 0.0)
    return np.column_stack([np.ones(len(values)), values])


def shown_evidence(
    episodes: Episodes, rows: np.ndarray, mean: float, content: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The evidence of the supports about each person's weights; each unseen item counts.

    Parameters
    ----------
    episodes : Episodes
    rows : array of int, shape [users, k]
        Learned rows of the support items.
    mean : float
        μ, from which ratings are counted.
    content : array, shape [items + 1, d]

    Returns
    -------
    gram, shift : arrays, shapes [users, d, d] and [users, d]
        As `evidence`.
    """
    given = episodes.support_ratings - mean
    scores, seen, shown = shown_items(rows, episodes.support_mask, given)
    return evidence(scores, seen, content[shown])


def evidence(
    scores: scipy.sparse.csr_array, seen: scipy.sparse.csr_array, content: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Σ c cᵀ and Σ r c over each person's ratings r of items with content c.

    Parameters
    ----------
    scores, seen : sparse arrays, shape [users, items]
        Ratings less their mean, and how many each entry is the sum of.
    content : array, shape [items, d]

    Returns
    -------
    gram, shift : arrays, shapes [users, d, d] and [users, d]
    """
    squares = content[:, :, None] * content[:, None, :]  # [items, d, d]
    return sums(seen, squares), scores @ content
