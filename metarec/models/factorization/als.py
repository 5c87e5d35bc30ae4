"""Matrix factorisation of ratings, with point estimates: by turns, and by gradient steps.

Both models predict :math:`\\mu + b_u + b_i + p_u^\\top v_i` and read a newcomer's
:math:`z_u = (b_u, p_u)` from the support by ridge regression. Introduced in chapter 04.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.base import Method, with_unseen
from metarec.models.linalg import add_rows, design, histories, ridge

__all__ = ["ALS", "BiasedMF"]


class _Factors(Method):
    """Prediction and fold-in, given the items' (b_i, v_i) in `item_factors_` and a penalty."""

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        items, users = self.item_factors_, self.fold_in(episodes)
        scores = self.global_mean_ + items[:, 0] + users @ design(items).T  # [users, items + 1]
        return np.take_along_axis(scores, query, axis=1)

    def fold_in(self, episodes: Episodes) -> np.ndarray:
        """Each user's bias and factors by ridge regression of the support on the item factors.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of float, shape [users, d + 1]
            z = (b_u, p_u); zero, the average person, for a user without supports.
        """
        support, _ = self.rows(episodes)
        given = episodes.support_ratings - self.global_mean_
        scores = histories(support, episodes.support_mask, given, len(self.items_))
        return _half_step(scores, self.item_factors_, self._penalty)


class ALS(_Factors):
    r"""Alternating least squares: users and items take turns at ridge regression.

    Makes small, by turns in z and in w, with x = (1, v) the design of a user,

    .. math:: \sum_{(u,i)} (r_{ui} - \mu - b_u - b_i - p_u^\top v_i)^2
              + \lambda_b \Big(\sum_u b_u^2 + \sum_i b_i^2\Big)
              + \lambda \Big(\sum_u n_u^\zeta \lVert p_u\rVert^2
              + \sum_i n_i^\zeta \lVert v_i\rVert^2\Big),

    where n counts ratings. All users are solved in one batch, then all items. Between the two
    the users are centred, so that z = 0, a newcomer without ratings, is the average person.
    The defaults were tuned on validation users of the newcomers. Introduced in chapter 04.

    Parameters
    ----------
    n_factors : int
        Dimension d of p and v, at least 1.
    regularization : float
        λ, above 0.
    power : float
        ζ from 0 to 1: 0 is the plain ridge penalty, 1 the weighted λ of ALS-WR.
    bias_regularization : float
        λ_b of both biases, in ratings, above 0.
    n_sweeps : int
        How often users and items take turns.
    seed : int
        Seed of the random start of the item factors.

    Attributes
    ----------
    item_factors_ : array, shape [items + 1, d + 1]
        (b_i, v_i); the last row, for an unseen item, is zero.
    global_mean_ : float
        μ.

    References
    ----------
    Zhou, Wilkinson, Schreiber and Pan (2008), Large-scale parallel collaborative filtering for
    the Netflix prize, AAIM, doi:10.1007/978-3-540-68880-8_32.
    Koren, Bell and Volinsky (2009), Matrix factorization techniques for recommender systems,
    Computer 42(8), doi:10.1109/MC.2009.263.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = ALS(n_factors=1).fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    def __init__(
        self,
        n_factors: int = 8,
        regularization: float = 1.5,
        power: float = 0.5,
        bias_regularization: float = 5.0,
        n_sweeps: int = 15,
        seed: int = 0,
    ):
        self.n_factors = n_factors
        self.regularization = regularization
        self.power = power
        self.bias_regularization = bias_regularization
        self.n_sweeps = n_sweeps
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        self.items_ = ratings.items.index.to_numpy()
        self.global_mean_ = float(ratings.table["rating"].mean())
        scores = ratings.matrix()
        scores.data -= self.global_mean_
        scores_t = scores.T.tocsr()
        shape = (ratings.n_items, self.n_factors + 1)
        items = np.random.default_rng(self.seed).normal(0, 0.1, shape)
        items[:, 0] = ratings.item_means(self.bias_regularization) - self.global_mean_
        items = items.astype(np.float32)  # half the time; a newcomer is solved in double precision
        for _ in range(self.n_sweeps):
            users = _half_step(scores, items, self._penalty)
            items = _half_step(scores_t, users - users.mean(0), self._penalty)
        self.item_factors_ = with_unseen(items.astype(float), 0.0)
        return self

    def _penalty(self, counts: np.ndarray) -> np.ndarray:
        factors = self.regularization * np.maximum(counts, 1.0) ** self.power
        penalty = np.repeat(factors[:, None], self.n_factors + 1, axis=1)
        penalty[:, 0] = self.bias_regularization
        return penalty


class BiasedMF(_Factors):
    r"""Biased matrix factorisation by stochastic gradient descent on mini-batches.

    For each rating, with error :math:`e = r_{ui} - \hat r_{ui}` and step size η, both sides move:
    :math:`z_u \mathrel{+}= \eta\,(e\,(1, v_i) - \lambda z_u)` and
    :math:`w_i \mathrel{+}= \eta\,(e\,(1, p_u) - \lambda w_i)`. The step size falls linearly to
    zero; the steps are taken in single precision. At the end the users are centred and their mean
    goes to the items, which changes no prediction. People are then read from their ratings by
    ridge regression on the item factors, with λ n + `fold_in_regularization` as penalty: the same
    minimum as the gradient steps seek, and a stronger prior for those who show little. The defaults
    were tuned on validation users of the newcomers. Introduced in chapter 04.

    Parameters
    ----------
    n_factors : int
        Dimension d of p and v, at least 1.
    lr : float
        η at the start, above 0.
    regularization : float
        λ of each rating's step, at least 0.
    fold_in_regularization, bias_regularization : float
        What the ridge regression adds for the factors and for the bias, above 0.
    n_epochs : int
        How often each rating is visited.
    batch_size : int
        Ratings a step; steps of ratings that share a user or an item add up.
    seed : int
        Seed of the start and of the order of visits.

    Attributes
    ----------
    item_factors_ : array, shape [items + 1, d + 1]
        (b_i, v_i); the last row, for an unseen item, is zero.
    global_mean_ : float
        μ, with the mean of the users' biases.
    losses_ : array, shape [n_epochs]
        Root mean squared training error of each epoch, before its steps.

    References
    ----------
    Koren, Bell and Volinsky (2009), Matrix factorization techniques for recommender systems,
    Computer 42(8), doi:10.1109/MC.2009.263.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = BiasedMF(n_factors=1).fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    def __init__(
        self,
        n_factors: int = 32,
        lr: float = 0.02,
        regularization: float = 0.1,
        fold_in_regularization: float = 1.0,
        bias_regularization: float = 5.0,
        n_epochs: int = 30,
        batch_size: int = 256,
        seed: int = 0,
    ):
        self.n_factors = n_factors
        self.lr = lr
        self.regularization = regularization
        self.fold_in_regularization = fold_in_regularization
        self.bias_regularization = bias_regularization
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        generator, size = np.random.default_rng(self.seed), self.n_factors + 1
        users, items = ratings.positions()
        mean = float(ratings.table["rating"].mean())
        surplus = (ratings.table["rating"].to_numpy() - mean).astype(np.float32)
        z = generator.normal(0, 0.1, (ratings.n_users, size)).astype(np.float32)
        w = generator.normal(0, 0.1, (ratings.n_items, size)).astype(np.float32)
        z[:, 0] = w[:, 0] = 0
        w[ratings.item_counts() == 0] = 0  # nothing will ever move an item that nobody rated
        self.losses_ = np.zeros(self.n_epochs)
        for epoch in range(self.n_epochs):
            lr = self.lr * (1 - epoch / self.n_epochs)
            order, squares = generator.permutation(len(surplus)), 0.0
            for start in range(0, len(order), self.batch_size):
                batch = order[start : start + self.batch_size]
                u, i = users[batch], items[batch]
                error, step_z, step_w = _gradient(surplus[batch], z[u], w[i], self.regularization)
                add_rows(z, u, lr * step_z)  # [batch, d + 1]; `z[u] += …` would lose repeats
                add_rows(w, i, lr * step_w)
                squares += error @ error
            self.losses_[epoch] = np.sqrt(squares / len(surplus))
        average, w = z.mean(0, dtype=float), w.astype(float)
        w[:, 0] += w[:, 1:] @ average[1:]
        self.items_ = ratings.items.index.to_numpy()
        self.global_mean_, self.item_factors_ = mean + average[0], with_unseen(w, 0.0)
        return self

    def _penalty(self, counts: np.ndarray) -> np.ndarray:
        penalty = np.full((len(counts), self.n_factors + 1), self.fold_in_regularization)
        penalty[:, 0] = self.bias_regularization
        return penalty + self.regularization * counts[:, None]


def _half_step(scores: scipy.sparse.csr_array, other: np.ndarray, penalty) -> np.ndarray:
    """One ridge regression a row of `scores`, on the vectors (b, v) of its columns."""
    seen, residual = scores.copy(), scores.copy()
    seen.data = np.ones_like(scores.data)
    residual.data = scores.data - other[scores.indices, 0]
    x = design(other)  # [columns, d + 1]
    return ridge(seen, x, residual @ x, penalty(np.diff(scores.indptr)))


def _gradient(
    surplus: np.ndarray, z: np.ndarray, w: np.ndarray, regularization: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors [batch], and the way downhill for z and w [batch, d + 1] (½ squared error + ½ λ)."""
    error = surplus - z[:, 0] - w[:, 0] - (z[:, 1:] * w[:, 1:]).sum(1)
    step_z = error[:, None] * design(w) - regularization * z
    step_w = error[:, None] * design(z) - regularization * w
    return error, step_z, step_w
