"""Hierarchical Bayes: learn the prior over tastes from many, read a newcomer's taste from a few.

Chapter 10 derives every line; equation numbers there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.base import Method, with_unseen
from metarec.models.bayes.gaussian import Belief, Prior, noise_variance, rating_variance, update
from metarec.models.linalg import design, filled

__all__ = ["HierarchicalBayes"]


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
        self.items_ = ratings.items.index.to_numpy()
        users, items, w, noise = self._start(ratings)
        scores = ratings.matrix()
        scores.data -= self.global_mean_
        seen = filled(scores)
        scores_t, seen_t = scores.T.tocsr(), seen.T.tocsr()
        rated, raters = np.diff(seen_t.indptr) > 0, np.diff(seen.indptr) > 0
        learn_users, learn_items = self._user_prior(ratings), self._item_prior(ratings)
        for _ in range(self.n_sweeps):
            z, _, _ = update(users, noise, scores, seen, w)
            users = learn_users(z, raters)
            w, gram, shift = update(items, noise, scores_t, seen_t, z)
            items = learn_items(w, rated)
            noise = noise_variance(scores_t, seen_t, w, z, gram, shift)

        self.user_mean_, self.user_covariance_ = users.mean, users.covariance
        unseen = items.of_anybody()
        self.item_mean_ = with_unseen(w.mean, unseen.mean)
        self.item_covariance_ = with_unseen(w.covariance, unseen.covariance)
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
        user, item = self.posterior(episodes), Belief(self.item_mean_, self.item_covariance_)
        mean = self.global_mean_ + item.mean[:, 0] + user.mean @ design(item.mean).T
        mean = np.take_along_axis(mean, query, axis=1)  # [users, items + 1] -> [users, q]
        if not return_std:
            return mean
        variance = np.take_along_axis(rating_variance(user, item), query, axis=1)
        return mean, np.sqrt(self.noise_ + variance)

    def _start(self, ratings: Ratings) -> tuple[Prior, Prior, Belief, float]:
        """Where the sweeps begin: both priors, beliefs about the items, and the noise."""
        self.global_mean_ = float(ratings.table["rating"].mean())
        size = self.n_factors + 1
        start = np.random.default_rng(self.seed).normal(0, 0.1, (ratings.n_items, size))
        start[:, 0] = ratings.item_means(3.0) - self.global_mean_
        w = Belief(start, np.zeros((ratings.n_items, size, size)))
        return Prior.start(size), Prior.start(size), w, 1.0

    def _user_prior(self, ratings: Ratings) -> Callable[[Belief, np.ndarray], Prior]:
        """How the users' prior is learned from beliefs about all of them, and who has ratings."""
        return Prior.learn

    def _item_prior(self, ratings: Ratings) -> Callable[[Belief, np.ndarray], Prior]:
        """How the items' prior is learned from beliefs about all of them, and who is rated."""
        return Prior.learn

    def posterior(self, episodes: Episodes) -> Belief:
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
        items = Belief(self.item_mean_[shown], self.item_covariance_[shown])
        prior = Prior(self.user_mean_, self.user_covariance_)
        return update(prior, self.noise_, scores, seen, items)[0]
