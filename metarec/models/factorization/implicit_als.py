"""Implicit ALS (iALS, WRMF): factorization of likes against all else. Chapter 04."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import KNOWN_ITEMS
from metarec.models.base import least_like, with_unseen
from metarec.models.factorization.factors import LikeFactors
from metarec.models.linalg import histories, ridge
from metarec.models.parameters import SEED, Range

__all__ = ["ImplicitALS"]


class ImplicitALS(LikeFactors):
    r"""Implicit alternating least squares: fit 1 for a like and 0 for all else, with care.

    Makes small :math:`\sum_{u,i} c_{ui} (y_{ui} - p_u^\top v_i)^2
    + \lambda (\sum_u \lVert p_u\rVert^2 + \sum_i \lVert v_i\rVert^2)` over *all* pairs, where
    y = 1 for a rating of at least `at_least` and 0 otherwise, and the confidence c is 1 + α for
    a like, 1 + β for a rating below, and 1 for no rating. Users and items take turns:
    :math:`p_u = (V^\top V + V^\top (C_u - I) V + \lambda I)^{-1} V^\top C_u y_u`, where
    :math:`V^\top V` is shared by all, so that only what was rated costs anything. A newcomer is
    one such solve; one without any like gets the mean of the training users' vectors. Also called
    iALS and weighted regularized matrix factorization (WRMF). The defaults were tuned on likes held
    out of the training part of classic top-N. Introduced in chapter 04.

    Parameters
    ----------
    n_factors : int
        Dimension d of p and v, at least 1.
    regularization : float
        λ, above 0.
    alpha : float
        α, at least 0: how much more a like counts than a missing rating.
    dislike : float
        β, at least 0: how much more a rating that is no like counts than a missing one. With 0
        it is missing, as in the paper, where nobody can say what they did not like. More than 0
        pays where films that the person disliked are candidates still, as in classic top-N, and
        costs where nothing that the person rated is shown again; chapter 04 measures both.
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.
    n_sweeps : int
        How often users and items take turns.
    seed : int
        Seed of the random start of the item factors.

    Attributes
    ----------
    item_factors_ : array, shape [items + 1, d]
        v; the last row, for an unseen item, is zero.
    mean_user_ : array, shape [d]
        Mean of the training users' vectors.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Hu, Koren and Volinsky (2008), Collaborative filtering for implicit feedback datasets, ICDM,
    equations 3 to 5, doi:10.1109/ICDM.2008.22.

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 3, 4], "rating": [5] * 4})
    >>> ratings = Ratings.from_table(table)
    >>> model = ImplicitALS(n_factors=2, regularization=0.1).fit(ratings)
    >>> scores = model.predict(Episodes.of_one(ratings, {1: 5}))[0]  # of items 2, 3 and 4
    >>> int(scores.argmax())
    0
    """

    label = "implicit ALS"
    fits = KNOWN_ITEMS
    ranges = {
        "n_factors": Range(1, whole=True),
        "regularization": Range(0, above=True),
        "alpha": Range(0),
        "dislike": Range(0),
        "at_least": Range(none=True),
        "n_sweeps": Range(1, whole=True),
        "seed": SEED,
    }
    variants = {"implicit ALS with dislikes": {"dislike": 2}}

    def __init__(
        self,
        n_factors: int = 128,
        regularization: float = 50.0,
        alpha: float = 10.0,
        dislike: float = 0.0,
        at_least: float | None = None,
        n_sweeps: int = 5,
        seed: int = 0,
    ):
        self.n_factors = n_factors
        self.regularization = regularization
        self.alpha = alpha
        self.dislike = dislike
        self.at_least = at_least
        self.n_sweeps = n_sweeps
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.at_least_ = least_like(self.at_least, ratings)
        likes = ratings.matrix()
        likes.data = (likes.data >= self.at_least_).astype(float)
        likes_t = likes.T.tocsr()
        shape = (ratings.n_items, self.n_factors)
        items = np.random.default_rng(self.seed).normal(0, 0.1, shape)
        items = items.astype(np.float32)  # half the time; a newcomer is solved in double precision
        for _ in range(self.n_sweeps):
            users = self._half_step(likes, items)
            items = self._half_step(likes_t, users)
        self.items_ = ratings.items.index.to_numpy()
        self.item_factors_ = with_unseen(items.astype(float), 0.0)
        self.mean_user_ = users.mean(0, dtype=float)
        return self

    def knows(self, episodes: Episodes) -> np.ndarray:
        # a person read from one like is far shorter than the mean person: another unit
        return np.asarray(self._known_likes(episodes).any(1))

    def _read(self, support: np.ndarray, mask: np.ndarray, likes: np.ndarray) -> np.ndarray:
        given = histories(support, mask, likes, len(self.items_))
        return self._half_step(given, self.item_factors_)

    def _half_step(self, likes: scipy.sparse.csr_array, other: np.ndarray) -> np.ndarray:
        """The vectors of the rows, given those of the columns; a stored 0 is a dislike."""
        extra, target = likes.copy(), likes.copy()
        extra.data = np.where(likes.data > 0, self.alpha, self.dislike)  # C − I
        target.data = np.where(likes.data > 0, 1 + self.alpha, 0.0)  # C y
        extra.eliminate_zeros()
        penalty = np.full((extra.shape[0], 1), self.regularization)
        return ridge(extra, other, target @ other, penalty, other.T @ other)
