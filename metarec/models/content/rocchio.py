"""Rocchio's profile: a person is the mean of what they liked, less some of what they disliked."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.features import item_terms, tfidf
from metarec.data.ratings import Ratings
from metarec.data.splits.names import KNOWN_ITEMS, UNRATED_ITEMS
from metarec.models.base import Method, least_like
from metarec.models.linalg import framed, histories
from metarec.models.parameters import Range

__all__ = ["Rocchio"]


class Rocchio(Method):
    r"""Score an item by the cosine between its text and a profile of the person.

    With :math:`\mathbf x_i` the TF-IDF vector of item i, the profile of a person is

    .. math:: \mathbf a_u = \frac{1}{|L_u|} \sum_{i \in L_u} \mathbf x_i
              - \frac{\varphi}{|D_u|} \sum_{i \in D_u} \mathbf x_i

    over the liked items L and the others D; the score of item j is the cosine of
    :math:`\mathbf a_u` and :math:`\mathbf x_j`. Only cosines between items are needed for it, so
    they are what is kept. Introduced in chapter 05.

    Parameters
    ----------
    terms : str
        Groups of `metarec.data.features.item_terms`, separated by spaces; a group that the
        catalogue lacks adds nothing.
    dislike_weight : float
        φ ≥ 0.
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.

    Attributes
    ----------
    cosine_ : array, shape [items + 1, items + 1]
        Cosines of the items' vectors; 0 for an item without terms and, last, an unseen one.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range or a group of terms is unknown.

    References
    ----------
    Rocchio (1971), Relevance feedback in information retrieval, in Salton (ed.), The SMART
    retrieval system, Prentice-Hall, 313–323.
    Pazzani and Billsus (2007), Content-based recommendation systems, in The adaptive web,
    doi:10.1007/978-3-540-72079-9_10.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [5, 1]})
    >>> films = pd.DataFrame({"genres": ["War", "Drama", "War", "Drama"]}, index=[1, 2, 3, 4])
    >>> ratings = Ratings.from_table(table, films)
    >>> model = Rocchio(dislike_weight=0.5).fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5, 2: 1})).round(2)  # items 3 and 4
    array([[ 0.89, -0.45]])
    """

    predicts_ratings = False
    label = "Rocchio profile"
    fits = (*KNOWN_ITEMS, *UNRATED_ITEMS)
    ranges = {"dislike_weight": Range(0), "at_least": Range(none=True)}
    book_settings = {"": {"dislike_weight": 0.0, "terms": "people"}}

    def __init__(
        self,
        terms: str = "genres year titles people",
        dislike_weight: float = 0.25,
        at_least: float | None = None,
    ):
        self.terms = terms
        self.dislike_weight = dislike_weight
        self.at_least = at_least

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.at_least_ = least_like(self.at_least, ratings)
        self.items_ = ratings.items.index.to_numpy()
        vectors = tfidf(item_terms(ratings, self.terms.split()), "|").values
        self.cosine_ = framed((vectors @ vectors.T).toarray())
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        support, query = self.rows(episodes)
        liked = self.liked(episodes)
        share = self._share(support, liked)
        share -= self.dislike_weight * self._share(support, episodes.support_mask & ~liked)
        scores = share @ self.cosine_.astype(float)  # profile · item, since items have length 1
        length = np.sqrt(np.maximum(share.multiply(scores).sum(1), 0))
        scores /= np.where(length > 1e-6, length, np.inf)[:, None]
        return np.take_along_axis(scores, query, axis=1)

    def _share(self, rows: np.ndarray, mask: np.ndarray) -> scipy.sparse.csr_array:
        """What each item weighs in the mean over the marked items: [users, items + 1]."""
        return histories(rows, mask, 1 / np.maximum(mask.sum(1), 1)[:, None], len(self.items_))
