"""What factorizations share: predictions from factors, and people folded in to those of items."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.models.base import Method
from metarec.models.linalg import design, histories, ridge


class RatingFactors(Method):
    """Predicts μ + b_u + b_i + p_u·v_i, with a person read from the support by ridge regression.

    A subclass learns `item_factors_` and `global_mean_`, and says what the regression's penalty
    is.

    Attributes
    ----------
    item_factors_ : array, shape [items + 1, d + 1]
        (b_i, v_i); the last row, for an unseen item, is zero.
    global_mean_ : float
        μ.

    References
    ----------
    Koren, Bell and Volinsky (2009), Matrix factorization techniques for recommender systems,
    Computer 42(8), doi:10.1109/MC.2009.263.
    """

    item_factors_: np.ndarray
    global_mean_: float

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        items, users = self.item_factors_, self.fold_in(episodes)
        scores = self.global_mean_ + items[:, 0] + users @ design(items).T  # [users, items + 1]
        return np.take_along_axis(scores, query, axis=1)

    def fold_in(self, episodes: Episodes) -> np.ndarray:
        """Each person's bias and factors by ridge regression of the support on the item factors.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of float, shape [users, d + 1]
            z = (b_u, p_u); zero, the average person, for a person without supports.
        """
        return half_step(self._shown(episodes), self.item_factors_, self._penalty)

    def _shown(self, episodes: Episodes) -> scipy.sparse.csr_array:
        """The supports less μ: [users, items + 1]."""
        support, _ = self.rows(episodes)
        given = episodes.support_ratings - self.global_mean_
        return histories(support, episodes.support_mask, given, len(self.items_))

    def _penalty(self, counts: np.ndarray) -> np.ndarray:
        """λ of (b, p) for people with so many ratings: [users, d + 1]."""
        raise NotImplementedError


class LikeFactors(Method):
    """Scores p_u·v_i, with b_i if items have one, of a person read from the likes of the support.

    A subclass learns `item_factors_`, `mean_user_` and `at_least_`, and reads those who like
    something. All others are the mean person.

    Attributes
    ----------
    item_factors_ : array, shape [items + 1, d] or [items + 1, d + 1]
        v_i or (b_i, v_i); the last row, for an unseen item, is zero.
    mean_user_ : array, shape [d]
        Mean of the training users' vectors.
    at_least_ : float
        The least rating that is a like.

    References
    ----------
    Hu, Koren and Volinsky (2008), Collaborative filtering for implicit feedback datasets, ICDM,
    doi:10.1109/ICDM.2008.22.
    """

    predicts_ratings = False
    item_factors_: np.ndarray
    mean_user_: np.ndarray

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        items, d = self.item_factors_, len(self.mean_user_)
        bias = items[:, :-d].sum(1)  # 0 where the items have none
        scores = self.fold_in(episodes) @ items[:, -d:].T + bias  # [users, items + 1]
        return np.take_along_axis(scores, query, axis=1)

    def fold_in(self, episodes: Episodes) -> np.ndarray:
        """Each person's vector, from the support, with the items held still.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of float, shape [users, d]
            The mean person's for whoever likes nothing that training saw.
        """
        support, _ = self.rows(episodes)
        likes = self._known_likes(episodes)
        some = np.flatnonzero(likes.any(1))
        users = np.tile(self.mean_user_, (len(likes), 1))
        if len(some):
            users[some] = self._read(support[some], episodes.support_mask[some], likes[some])
        return users

    def _known_likes(self, episodes: Episodes) -> np.ndarray:
        """Which slots of the supports hold a like of an item that training saw: [users, k]."""
        support, _ = self.rows(episodes)
        return self.liked(episodes) & (support % len(self.item_factors_) < len(self.items_))

    def _read(self, support: np.ndarray, mask: np.ndarray, likes: np.ndarray) -> np.ndarray:
        """Vectors [users, d] of people who like something, from rows and two masks [users, k]."""
        raise NotImplementedError


def half_step(
    scores: scipy.sparse.csr_array,
    other: np.ndarray,
    penalty: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """The vectors of one side given the other's: one ridge regression a row of the scores.

    Parameters
    ----------
    scores : sparse array, shape [rows, columns]
        Ratings less μ.
    other : array, shape [columns, d + 1]
        (b, v) of the columns.
    penalty : callable
        From the number of scores of each row to its λ: [rows] to [rows, d + 1].

    Returns
    -------
    array, shape [rows, d + 1]
        (b, p) of the rows, in the precision of `other`.
    """
    seen, residual = scores.copy(), scores.copy()
    seen.data = np.ones_like(scores.data)
    residual.data = scores.data - other[scores.indices, 0]
    x = design(other)  # [columns, d + 1]
    return ridge(seen, x, residual @ x, penalty(np.diff(scores.indptr)))
