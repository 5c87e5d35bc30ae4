"""SVD++: what a person rated says something, whatever the stars. Introduced in chapter 04."""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import LinearOperator, cg

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import CLASSIC_RATINGS, NEXT_ITEM, TOP_N
from metarec.models.base import with_unseen
from metarec.models.factorization.als import ALS
from metarec.models.factorization.factors import half_step
from metarec.models.linalg import filled
from metarec.models.parameters import Range

__all__ = ["SVDPlusPlus"]

WHOLE_HISTORIES = {"bias_regularization": 2.0, "implicit_regularization": 50.0}  # tuned on folds


class SVDPlusPlus(ALS):
    r"""Factors of people that know which items were rated: SVD++, by turns.

    .. math:: \hat r_{ui} = \mu + b_u + b_i + v_i^\top (p_u + s_u), \qquad
              s_u = |N(u)|^{-1/2} \sum_{j \in N(u)} y_j

    where N(u) holds the items that u rated. The loss is that of `ALS` with :math:`\lambda_y
    \sum_j \lVert y_j\rVert^2` more. Three steps take turns: people's (b, p) and items' (b, v) by
    ridge regression, and all y together by conjugate gradients on their normal equations. (The
    paper takes stochastic steps; those for y are summed over all who rated j and diverge when
    they are not made very small.) After each step s has mean 0 over people, so that a newcomer
    without ratings is the average person. A newcomer's (b, p) is a ridge regression, given s.
    The defaults were tuned on validation users of the newcomers. Introduced in chapter 04.

    Parameters
    ----------
    n_factors : int
        Dimension d of p, v and y, at least 1.
    regularization : float
        λ of p and v, above 0.
    power : float
        ζ of p and v, as in `ALS`.
    implicit_regularization : float
        λ_y, above 0.
    bias_regularization : float
        λ_b of both biases, in ratings, above 0.
    n_sweeps : int
        How often the three steps take turns.
    seed : int
        Seed of the random start of the item factors.

    Attributes
    ----------
    item_factors_ : array, shape [items + 1, d + 1]
        (b_i, v_i); the last row, for an unseen item, is zero.
    implicit_factors_ : array, shape [items + 1, d]
        y_j; the last row is zero.
    global_mean_ : float
        μ.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range.

    References
    ----------
    Koren (2008), Factorization meets the neighborhood: a multifaceted collaborative filtering
    model, KDD, equation 15, doi:10.1145/1401890.1401944.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = SVDPlusPlus(n_factors=1).fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    label = "SVD++"
    ranges = {**ALS.ranges, "implicit_regularization": Range(0, above=True)}
    book_settings = dict.fromkeys((CLASSIC_RATINGS, TOP_N, NEXT_ITEM), WHOLE_HISTORIES)

    CG_STEPS = 10  # a sweep; each starts from the y of the last

    def __init__(
        self,
        n_factors: int = 8,
        regularization: float = 1.5,
        power: float = 0.5,
        implicit_regularization: float = 120.0,
        bias_regularization: float = 5.0,
        n_sweeps: int = 15,
        seed: int = 0,
    ):
        super().__init__(n_factors, regularization, power, bias_regularization, n_sweeps, seed)
        self.implicit_regularization = implicit_regularization

    def fit(self, ratings: Ratings) -> Self:
        scores, items = self._start(ratings)
        scores_t, shares = scores.T.tocsr(), _shares(scores)
        y = np.zeros((ratings.n_items, self.n_factors))
        for _ in range(self.n_sweeps):
            users = half_step(_less(scores, shares @ y, items), items, self._penalty)
            users -= users.mean(0)
            y = self._implicit_step(scores, shares, users, items, y)
            y -= (shares @ y).mean(0) / shares.sum(1).mean()  # s has mean 0 over people
            users[:, 1:] += shares @ y
            items = half_step(scores_t, users, self._penalty)
        self.item_factors_, self.implicit_factors_ = with_unseen(items, 0.0), with_unseen(y, 0.0)
        return self

    def fold_in(self, episodes: Episodes) -> np.ndarray:
        """Each person's bias and factors by ridge regression, given s of what was rated.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of float, shape [users, d + 1]
            (b_u, p_u + s_u); zero, the average person, for a person without supports.
        """
        scores, items = self._shown(episodes), self.item_factors_
        s = _shares(scores) @ self.implicit_factors_
        users = half_step(_less(scores, s, items), items, self._penalty)
        users[:, 1:] += s
        return users

    def _implicit_step(
        self,
        scores: scipy.sparse.csr_array,
        shares: scipy.sparse.csr_array,
        users: np.ndarray,
        items: np.ndarray,
        y: np.ndarray,
    ) -> np.ndarray:
        """The y of all items together, given the rest: (Sᵀ diag(V_uᵀ V_u) S + λ_y) y = Sᵀ e V."""
        v, size = items[:, 1:], (len(y), self.n_factors)
        left = _less(scores, users[:, 1:], items)
        left.data -= items[left.indices, 0] + np.repeat(users[:, 0], np.diff(left.indptr))
        squares = (v[:, :, None] * v[:, None, :]).reshape(len(v), -1)
        gram = (filled(scores) @ squares).reshape(-1, size[1], size[1])  # [users, d, d]
        shares_t = shares.T.tocsr()

        def product(flat: np.ndarray) -> np.ndarray:
            y = flat.reshape(size)
            pulled = np.einsum("uij,uj->ui", gram, shares @ y)
            return (shares_t @ pulled + self.implicit_regularization * y).ravel()

        operator = LinearOperator((y.size, y.size), matvec=product)
        right = (shares_t @ (left @ v)).ravel()
        return cg(operator, right, y.ravel(), maxiter=self.CG_STEPS)[0].reshape(size)


def _shares(scores: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """|N(u)|^(-1/2) wherever u rated j."""
    shares, counts = filled(scores), np.diff(scores.indptr)
    shares.data = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts)
    return shares


def _less(
    scores: scipy.sparse.csr_array, factors: np.ndarray, items: np.ndarray
) -> scipy.sparse.csr_array:
    """The scores less v·(factors of the row)."""
    row = np.repeat(np.arange(len(factors)), np.diff(scores.indptr))
    less = scores.copy()
    less.data = scores.data - (factors[row] * items[scores.indices, 1:]).sum(1)
    return less
