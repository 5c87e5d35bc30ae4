"""Bayesian personalized ranking (BPR): learn from pairs which item goes first. Chapter 04."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.special import expit

from metarec.data.ratings import Ratings
from metarec.data.splits.names import KNOWN_ITEMS
from metarec.models.base import least_like, with_unseen
from metarec.models.factorization.factors import LikeFactors
from metarec.models.linalg import add_rows
from metarec.models.parameters import SEED, Range

__all__ = ["BPR"]


class BPR(LikeFactors):
    r"""Factors by stochastic gradient steps on pairs: a liked item before any other (BPR-MF).

    With :math:`x_{uij} = b_i - b_j + p_u^\top (v_i - v_j)` for a like i and an item j that u
    does not like, drawn evenly, the loop makes small the mean over pairs of
    :math:`-\ln \sigma(x_{uij}) + \tfrac{\lambda}{2} (\lVert p_u\rVert^2 + \lVert w_i\rVert^2
    + \lVert w_j\rVert^2)`, where w = (b, v) and σ is the logistic function. People, known or new,
    are read from their n likes by the same loss with the items held still, plus
    :math:`\tfrac{\lambda_0}{2n} \lVert p_u - \bar p\rVert^2`: who shows little stays near the
    mean person, and who likes nothing yet is the mean person. Training takes its steps in single
    precision. The defaults were tuned on likes held
    out of the training part of classic top-N. Introduced in chapter 04.

    Parameters
    ----------
    n_factors : int
        Dimension d of p and v, at least 1.
    lr : float
        Step size at the start, above 0; it falls linearly to zero.
    regularization : float
        λ, at least 0.
    fold_in_regularization : float
        λ₀, at least 0, in likes.
    n_epochs : int
        How often each like is visited.
    n_steps : int
        Gradient steps when a person is read.
    batch_size : int
        Pairs a step in training.
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.
    seed : int
        Seed of the start, of the order and of the drawn pairs.

    Attributes
    ----------
    item_factors_ : array, shape [items + 1, d + 1]
        (b_i, v_i); the last row, for an unseen item, is zero.
    mean_user_ : array, shape [d]
        Mean of the training users' vectors.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Rendle, Freudenthaler, Gantner and Schmidt-Thieme (2009), BPR: Bayesian personalized ranking
    from implicit feedback, UAI, doi:10.48550/arXiv.1205.2618.

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 3, 4], "rating": [5] * 4})
    >>> ratings = Ratings.from_table(table)
    >>> model = BPR(n_factors=2, n_epochs=200).fit(ratings)
    >>> scores = model.predict(Episodes.of_one(ratings, {1: 5}))[0]  # of items 2, 3 and 4
    >>> int(scores.argmax())
    0
    """

    label = "BPR"
    fits = KNOWN_ITEMS
    ranges = {
        "n_factors": Range(1, whole=True),
        "lr": Range(0, above=True),
        "regularization": Range(0),
        "fold_in_regularization": Range(0),
        "n_epochs": Range(1, whole=True),
        "n_steps": Range(1, whole=True),
        "batch_size": Range(1, whole=True),
        "at_least": Range(none=True),
        "seed": SEED,
    }

    PAIRS = 16  # a person in one step of the fold-in

    def __init__(
        self,
        n_factors: int = 64,
        lr: float = 0.1,
        regularization: float = 0.02,
        fold_in_regularization: float = 0.1,
        n_epochs: int = 100,
        n_steps: int = 100,
        batch_size: int = 512,
        at_least: float | None = None,
        seed: int = 0,
    ):
        self.n_factors = n_factors
        self.lr = lr
        self.regularization = regularization
        self.fold_in_regularization = fold_in_regularization
        self.n_epochs = n_epochs
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.at_least = at_least
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.at_least_ = least_like(self.at_least, ratings)
        generator, n_items = np.random.default_rng(self.seed), ratings.n_items
        likes = (ratings.table["rating"] >= self.at_least_).to_numpy()
        users, items = (positions[likes] for positions in ratings.positions())
        liked = np.sort(users * n_items + items)
        p = generator.normal(0, 0.1, (ratings.n_users, self.n_factors)).astype(np.float32)
        w = generator.normal(0, 0.1, (n_items, self.n_factors + 1)).astype(np.float32)
        w[:, 0] = 0
        for epoch in range(self.n_epochs):
            lr = self.lr * (1 - epoch / self.n_epochs)
            order = generator.permutation(len(users))
            others = generator.integers(n_items, size=len(users))
            fair = ~_among(users * n_items + others, liked)  # j is not liked too
            order = order[fair[order]]
            self._visit(p, w, users[order], items[order], others[order], lr)
        self.items_ = ratings.items.index.to_numpy()
        self.item_factors_ = with_unseen(w.astype(float), 0.0)
        self.mean_user_ = p.mean(0, dtype=float)
        return self

    def _visit(
        self,
        p: np.ndarray,
        w: np.ndarray,
        users: np.ndarray,
        items: np.ndarray,
        others: np.ndarray,
        lr: float,
    ) -> None:
        """One step a mini-batch over all pairs, in place."""
        for start in range(0, len(users), self.batch_size):
            batch = slice(start, start + self.batch_size)
            u, i, j = users[batch], items[batch], others[batch]
            step_p, step_i, step_j = _gradient(p[u], w[i], w[j], self.regularization)
            add_rows(p, u, lr * step_p)
            add_rows(w, i, lr * step_i)
            add_rows(w, j, lr * step_j)

    def _read(self, support: np.ndarray, mask: np.ndarray, likes: np.ndarray) -> np.ndarray:
        """By gradient steps on drawn pairs."""
        generator, w = np.random.default_rng(self.seed), self.item_factors_
        n_items = len(self.items_)
        first = np.argsort(~likes, axis=1, kind="stable")  # likes to the front
        items, counts = np.take_along_axis(support, first, axis=1), likes.sum(1)
        rows = np.arange(len(items))[:, None]
        liked = np.sort((rows * n_items + support)[likes])
        p = np.tile(self.mean_user_, (len(items), 1))
        for step in range(self.n_steps):
            # the same draws for everybody, so that nobody's answer depends on who else is asked
            slot = (generator.random(self.PAIRS) * counts[:, None]).astype(int)
            i, j = items[rows, slot], generator.integers(n_items, size=self.PAIRS)
            apart = w[i] - w[j]  # [users, pairs, d + 1]
            x = apart[..., 0] + (apart[..., 1:] @ p[..., None])[..., 0]
            pull = expit(-x) * ~_among(rows * n_items + j, liked)
            gradient = (pull[:, None] @ apart[..., 1:])[:, 0] / self.PAIRS
            gradient -= self.regularization * p
            gradient -= self.fold_in_regularization / counts[:, None] * (p - self.mean_user_)
            p += (1 - step / self.n_steps) * gradient
        return p


def _among(values: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Whether each value is in an ordered array, which may not be empty."""
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return ordered[place] == values


def _gradient(
    p: np.ndarray, w_i: np.ndarray, w_j: np.ndarray, regularization: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The way downhill for each pair: [pairs, d], and twice [pairs, d + 1]."""
    apart = w_i - w_j
    pull = expit(-apart[:, 0] - (p * apart[:, 1:]).sum(1))[:, None]
    design = np.concatenate([np.ones_like(p[:, :1]), p], axis=1)
    step_p = pull * apart[:, 1:] - regularization * p
    return step_p, pull * design - regularization * w_i, -pull * design - regularization * w_j
