"""Alternating least squares (ALS): matrix factorization of ratings by turns. Chapter 04."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.ratings import Ratings
from metarec.data.splits.names import CLASSIC_RATINGS, KNOWN_ITEMS, NEXT_ITEM, TOP_N
from metarec.models.base import with_unseen
from metarec.models.factorization.factors import RatingFactors, half_step
from metarec.models.parameters import SEED, Range

__all__ = ["ALS"]

WHOLE_HISTORIES = {"bias_regularization": 2, "n_factors": 16}  # tuned on folds of the rows


class ALS(RatingFactors):
    r"""Alternating least squares: users and items take turns at ridge regression.

    Makes small, by turns in z and in w, with x = (1, v) the design of a user,

    .. math:: \sum_{(u,i)} (r_{ui} - \mu - b_u - b_i - p_u^\top v_i)^2
              + \lambda_b \Big(\sum_u b_u^2 + \sum_i b_i^2\Big)
              + \lambda \Big(\sum_u n_u^\zeta \lVert p_u\rVert^2
              + \sum_i n_i^\zeta \lVert v_i\rVert^2\Big),

    where n counts ratings. All users are solved in one batch, then all items. Between the two
    the users are centred, so that z = 0, a newcomer without ratings, is the average person. Also
    called regularized or probabilistic matrix factorization (PMF, of which this is the mode); with
    ζ = 1 it is ALS-WR. The defaults were tuned on validation users of the newcomers. Introduced in
    chapter 04.

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

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Zhou, Wilkinson, Schreiber and Pan (2008), Large-scale parallel collaborative filtering for
    the Netflix prize, AAIM, doi:10.1007/978-3-540-68880-8_32.
    Koren, Bell and Volinsky (2009), Matrix factorization techniques for recommender systems,
    Computer 42(8), doi:10.1109/MC.2009.263.

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = ALS(n_factors=1).fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    label = "ALS"
    fits = (*KNOWN_ITEMS, CLASSIC_RATINGS)
    ranges = {
        "n_factors": Range(1, whole=True),
        "regularization": Range(0, above=True),
        "power": Range(0, 1),
        "bias_regularization": Range(0, above=True),
        "n_sweeps": Range(1, whole=True),
        "seed": SEED,
    }
    book_settings = dict.fromkeys((CLASSIC_RATINGS, TOP_N, NEXT_ITEM), WHOLE_HISTORIES)

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
        scores, items = self._start(ratings)
        items = items.astype(np.float32)  # half the time; a newcomer is solved in double precision
        scores_t = scores.T.tocsr()
        for _ in range(self.n_sweeps):
            users = half_step(scores, items, self._penalty)
            items = half_step(scores_t, users - users.mean(0), self._penalty)
        self.item_factors_ = with_unseen(items.astype(float), 0.0)
        return self

    def _start(self, ratings: Ratings) -> tuple[scipy.sparse.csr_array, np.ndarray]:
        """The ratings less μ, and (b, v) of the items: their mean surplus, and a draw."""
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        self.global_mean_ = float(ratings.table["rating"].mean())
        scores = ratings.matrix()
        scores.data -= self.global_mean_
        shape = (ratings.n_items, self.n_factors + 1)
        items = np.random.default_rng(self.seed).normal(0, 0.1, shape)
        items[:, 0] = ratings.item_means(self.bias_regularization) - self.global_mean_
        return scores, items

    def _penalty(self, counts: np.ndarray) -> np.ndarray:
        factors = self.regularization * np.maximum(counts, 1.0) ** self.power
        penalty = np.repeat(factors[:, None], self.n_factors + 1, axis=1)
        penalty[:, 0] = self.bias_regularization
        return penalty
