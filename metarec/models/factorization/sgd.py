"""Biased matrix factorization by stochastic gradient descent (SGD): FunkSVD. Chapter 04."""

from __future__ import annotations

from typing import Self

import numpy as np

from metarec.data.ratings import Ratings
from metarec.data.splits.names import CLASSIC_RATINGS, KNOWN_ITEMS, NEXT_ITEM, TOP_N
from metarec.models.base import with_unseen
from metarec.models.factorization.factors import RatingFactors
from metarec.models.linalg import add_rows, design
from metarec.models.parameters import SEED, Range

__all__ = ["BiasedMF"]

WHOLE_HISTORIES = {  # tuned on folds of the rows
    "batch_size": 1024,
    "bias_regularization": 2,
    "lr": 0.05,
    "n_epochs": 18,
    "n_factors": 100,
    "regularization": 0.11,
}


class BiasedMF(RatingFactors):
    r"""Biased matrix factorization by stochastic gradient descent on mini-batches.

    For each rating, with error :math:`e = r_{ui} - \hat r_{ui}` and step size η, both sides move:
    :math:`z_u \mathrel{+}= \eta\,(e\,(1, v_i) - \lambda z_u)` and
    :math:`w_i \mathrel{+}= \eta\,(e\,(1, p_u) - \lambda w_i)`. The step size falls linearly to
    zero; the steps are taken in single precision. At the end the users are centred and their mean
    goes to the items, which changes no prediction. People are then read from their ratings by
    ridge regression on the item factors, with λ n + `fold_in_regularization` as penalty: the same
    minimum as the gradient steps seek, and a stronger prior for those who show little. Also called
    FunkSVD, after Simon Funk's entry for the Netflix prize, and SVD in some libraries, though it is
    no singular value decomposition. The defaults were tuned on validation users of the newcomers.
    Introduced in chapter 04.

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
    >>> from metarec.data import Episodes, Ratings
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = BiasedMF(n_factors=1).fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    label = "biased MF"
    fits = (*KNOWN_ITEMS, CLASSIC_RATINGS)
    ranges = {
        "n_factors": Range(1, whole=True),
        "lr": Range(0, above=True),
        "regularization": Range(0),
        "fold_in_regularization": Range(0, above=True),
        "bias_regularization": Range(0, above=True),
        "n_epochs": Range(1, whole=True),
        "batch_size": Range(1, whole=True),
        "seed": SEED,
    }
    book_settings = dict.fromkeys((CLASSIC_RATINGS, TOP_N, NEXT_ITEM), WHOLE_HISTORIES)

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
        self.check_parameters()
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
            lr, order = self.lr * (1 - epoch / self.n_epochs), generator.permutation(len(surplus))
            with np.errstate(over="ignore", invalid="ignore"):  # it is told in words below
                seen = users[order], items[order], surplus[order]
                self.losses_[epoch] = self._visit(z, w, *seen, lr)
            if not np.isfinite(self.losses_[epoch]):
                low, high = ratings.scale  # errors, and with them the steps, grow with its width
                raise ValueError(
                    f"the steps are too long for ratings on {low:g}..{high:g}: nothing is learned; "
                    f"pass lr={self.lr * (4 / (high - low)) ** 2:.6f}"
                )
        average, w = z.mean(0, dtype=float), w.astype(float)
        w[:, 0] += w[:, 1:] @ average[1:]
        self.items_ = ratings.items.index.to_numpy()
        self.global_mean_, self.item_factors_ = mean + average[0], with_unseen(w, 0.0)
        return self

    def _visit(
        self,
        z: np.ndarray,
        w: np.ndarray,
        users: np.ndarray,
        items: np.ndarray,
        surplus: np.ndarray,
        lr: float,
    ) -> float:
        """One step a mini-batch over all ratings, in place; the error before the steps."""
        squares = 0.0
        for start in range(0, len(surplus), self.batch_size):
            batch = slice(start, start + self.batch_size)
            u, i = users[batch], items[batch]
            error, step_z, step_w = _gradient(surplus[batch], z[u], w[i], self.regularization)
            add_rows(z, u, lr * step_z)  # [batch, d + 1]; `z[u] += …` would lose repeats
            add_rows(w, i, lr * step_w)
            squares += error @ error
        return np.sqrt(squares / len(surplus))

    def _penalty(self, counts: np.ndarray) -> np.ndarray:
        penalty = np.full((len(counts), self.n_factors + 1), self.fold_in_regularization)
        penalty[:, 0] = self.bias_regularization
        return penalty + self.regularization * counts[:, None]


def _gradient(
    surplus: np.ndarray, z: np.ndarray, w: np.ndarray, regularization: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors [batch], and the way downhill for z and w [batch, d + 1] (½ squared error + ½ λ)."""
    error = surplus - z[:, 0] - w[:, 0] - (z[:, 1:] * w[:, 1:]).sum(1)
    step_z = error[:, None] * design(w) - regularization * z
    step_w = error[:, None] * design(z) - regularization * w
    return error, step_z, step_w
