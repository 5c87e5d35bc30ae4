"""Hierarchical Bayes: learn the prior over tastes from many, read a newcomer's taste from a few.

Chapter 10 derives every line; equation numbers there.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models._ridge import design
from metarec.models._sparse import filled
from metarec.models.base import Method, with_unseen


class HierarchicalBayes(Method):
    r"""Variational factor model with a learned Gaussian prior over users and over items.

    Model: :math:`r_{ui} = \mu + b_u + b_i + p_u^\top v_i + \varepsilon_{ui}`, noise variance σ².
    A user is :math:`z_u = (b_u, p_u) \sim N(m, \Sigma)`, an item is
    :math:`w_i = (b_i, v_i) \sim N(g, \Sigma_w)`.
    The posterior is approximated by a product of Gaussians, one a user and one an item, each
    with a full covariance (mean field). A sweep updates all users, then all items, then
    m, Σ, g, Σ_w and σ² in closed form; no sweep lowers the evidence bound.

    A newcomer costs one solve of size `n_factors` + 1, and gets a variance with every
    prediction. Introduced in chapter 02, derived in chapter 10.

    Parameters
    ----------
    n_factors : int
        Dimension d of p and v.
    n_sweeps : int
        Number of sweeps.
    seed : int
        Seed of the random start of the item factors.

    Attributes
    ----------
    user_mean_, user_covariance_ : arrays, shapes [d + 1] and [d + 1, d + 1]
        m and Σ: the prior that a newcomer starts from.
    item_mean_, item_covariance_ : arrays, shapes [items + 1, d + 1] and [items + 1, d + 1, d + 1]
        Posterior of each item's (b_i, v_i); the last row is the prior.
    noise_ : float
        σ², in squared rating units.
    global_mean_ : float
        μ.

    References
    ----------
    Lim and Teh (2007), Variational Bayesian approach to movie rating prediction, KDD Cup.
    Salakhutdinov and Mnih (2008), Bayesian probabilistic matrix factorization using Markov
    chain Monte Carlo, ICML, doi:10.1145/1390156.1390267.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = HierarchicalBayes(n_factors=1).fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    def __init__(self, n_factors: int = 8, n_sweeps: int = 30, seed: int = 0):
        self.n_factors = n_factors
        self.n_sweeps = n_sweeps
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        size = self.n_factors + 1
        self.items_ = ratings.items.index.to_numpy()
        self.global_mean_ = float(ratings.table["rating"].mean())
        scores = ratings.matrix()
        scores.data -= self.global_mean_
        seen = filled(scores)
        scores_t, seen_t = scores.T.tocsr(), seen.T.tocsr()
        rated, raters = np.diff(seen_t.indptr) > 0, np.diff(seen.indptr) > 0

        noise, users, items = 1.0, _Prior.start(size), _Prior.start(size)
        start = np.random.default_rng(self.seed).normal(0, 0.1, (ratings.n_items, size))
        start[:, 0] = ratings.item_means(3.0) - self.global_mean_
        w = _Belief(start, np.zeros((ratings.n_items, size, size)))
        for _ in range(self.n_sweeps):
            z, _, _ = _update(users, noise, scores, seen, w)
            users = _Prior.learn(z, raters)
            w, gram, shift = _update(items, noise, scores_t, seen_t, z)
            items = _Prior.learn(w, rated)
            noise = _noise(scores_t, seen_t, w, z, gram, shift)

        self.user_mean_, self.user_covariance_ = users.mean, users.covariance
        self.item_mean_ = with_unseen(w.mean, items.mean)
        self.item_covariance_ = with_unseen(w.covariance, items.covariance)
        self.noise_ = noise
        return self

    def predict(
        self, episodes: Episodes, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the query, and if asked say how sure the model is.

        Parameters
        ----------
        episodes : Episodes
        return_std : bool
            Whether to return the standard deviation of the rating too (noise included).

        Returns
        -------
        array of float, shape [users, q], or two of them
            Mean, and standard deviation, in rating units.
        """
        _, query = self.rows(episodes)
        user, item = self.posterior(episodes), _Belief(self.item_mean_, self.item_covariance_)
        mean = self.global_mean_ + item.mean[:, 0] + user.mean @ design(item.mean).T
        mean = np.take_along_axis(mean, query, axis=1)  # [users, items + 1] -> [users, q]
        if not return_std:
            return mean
        variance = np.take_along_axis(_variance(user, item), query, axis=1)
        return mean, np.sqrt(self.noise_ + variance)

    def posterior(self, episodes: Episodes) -> _Belief:
        """What the support says about each user's vector z = (b_u, p_u).

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        belief with `mean`, shape [users, d + 1], and `covariance`, [users, d + 1, d + 1]
            Without supports this is the prior.
        """
        support, _ = self.rows(episodes)
        mask = episodes.support_mask
        shown, columns = np.unique(support[mask], return_inverse=True)
        index, shape = (np.nonzero(mask)[0], columns), (len(mask), len(shown))
        given = episodes.support_ratings[mask] - self.global_mean_
        scores = scipy.sparse.csr_array((given, index), shape=shape)
        # not filled(scores): several unseen items share a column, where each must count
        seen = scipy.sparse.csr_array((np.ones_like(given), index), shape=shape)
        items = _Belief(self.item_mean_[shown], self.item_covariance_[shown])
        prior = _Prior(self.user_mean_, self.user_covariance_)
        return _update(prior, self.noise_, scores, seen, items)[0]


class _Belief:
    """Gaussian beliefs about many vectors: means [n, d] and covariances [n, d, d]."""

    def __init__(self, mean: np.ndarray, covariance: np.ndarray):
        self.mean, self.covariance = mean, covariance


class _Prior:
    """The Gaussian that users (or items) are drawn from."""

    def __init__(self, mean: np.ndarray, covariance: np.ndarray):
        self.mean, self.covariance = mean, covariance

    @classmethod
    def start(cls, size: int) -> _Prior:
        return cls(np.zeros(size), np.eye(size))

    @classmethod
    def learn(cls, belief: _Belief, known: np.ndarray) -> _Prior:
        """Closed-form maximum: moments of the beliefs about those who have ratings."""
        mean = belief.mean[known].mean(0)
        spread = belief.mean[known] - mean
        covariance = belief.covariance[known].mean(0) + spread.T @ spread / len(spread)
        return cls(mean, covariance + 1e-6 * np.eye(len(mean)))

    def update(self, gram: np.ndarray, shift: np.ndarray, noise: float) -> _Belief:
        """Posterior after evidence with Gram matrices [n, d, d] and right sides [n, d]."""
        precision = np.linalg.inv(self.covariance)
        covariance = np.linalg.inv(precision + gram / noise)
        mean = np.einsum("nij,nj->ni", covariance, precision @ self.mean + shift / noise)
        return _Belief(mean, covariance)


def _moments(belief: _Belief) -> tuple[np.ndarray, np.ndarray]:
    """E[a aᵀ] and E[a b] for a = (1, v), under the belief about (b_i, v)."""
    a, b = design(belief.mean), belief.mean[..., :1]
    inner = belief.covariance.copy()
    inner[..., 0, :] = inner[..., :, 0] = 0  # the leading 1 is certain
    cross = a * b
    cross[..., 1:] += belief.covariance[..., 1:, 0]
    return a[..., :, None] * a[..., None, :] + inner, cross


def _update(
    prior: _Prior,
    noise: float,
    scores: scipy.sparse.csr_array,
    seen: scipy.sparse.csr_array,
    other: _Belief,
) -> tuple[_Belief, np.ndarray, np.ndarray]:
    """Beliefs about all rows of the rating matrix, given beliefs about its columns."""
    moment, cross = _moments(other)
    size = other.mean.shape[1]
    gram = (seen @ _flat(moment)).reshape(-1, size, size)
    shift = scores @ design(other.mean) - seen @ cross
    return prior.update(gram, shift, noise), gram, shift


def _noise(scores_t, seen_t, w: _Belief, z: _Belief, gram: np.ndarray, shift: np.ndarray) -> float:
    """σ² = mean of E[(y − b_u − w·c)²] over the ratings, c = (1, p), from the items' sums."""
    offset = z.mean[:, 0]
    squares = (scores_t.data**2).sum() - 2 * (scores_t @ offset).sum()
    squares += (seen_t @ (offset**2 + z.covariance[:, 0, 0])).sum()
    second = w.covariance + w.mean[:, :, None] * w.mean[:, None, :]
    return float((squares - 2 * (w.mean * shift).sum() + (second * gram).sum()) / scores_t.nnz)


def _variance(user: _Belief, item: _Belief) -> np.ndarray:
    """Var(b_u + b_i + p·v) under independent beliefs about users and items: [users, items]."""
    a, c = design(item.mean), design(user.mean)  # [items, d + 1], [users, d + 1]
    from_user = _flat(user.covariance) @ _flat(a[:, :, None] * a[:, None, :]).T
    from_item = _flat(c[:, :, None] * c[:, None, :]) @ _flat(item.covariance).T
    both = _flat(user.covariance[:, 1:, 1:]) @ _flat(item.covariance[:, 1:, 1:]).T
    return from_user + from_item + both


def _flat(matrices: np.ndarray) -> np.ndarray:
    return matrices.reshape(len(matrices), matrices.shape[1] * matrices.shape[2])
