"""Hierarchical Bayes: learn the prior over tastes from many, read a newcomer's taste from a few.

Chapter 10 derives every line; equation numbers there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, Self, overload

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import CLASSIC_RATINGS, KNOWN_ITEMS
from metarec.models.base import Method, with_unseen
from metarec.models.bayes import gaussian
from metarec.models.bayes.gaussian import (
    Belief,
    Evidence,
    Prior,
    noise_variance,
    rating_variance,
    update,
)
from metarec.models.linalg import design
from metarec.models.parameters import SEED, Range

__all__ = ["HierarchicalBayes"]

Learn = Callable[[Belief, np.ndarray], Prior]  # from beliefs about all rows, and who has ratings


class HierarchicalBayes(Method):
    r"""Variational factor model with a learned Gaussian prior over users and over items (VBMF).

    Model: :math:`r_{ui} = \mu + b_u + b_i + p_u^\top v_i + \varepsilon_{ui}`, noise variance σ².
    A user is :math:`z_u = (b_u, p_u) \sim N(m, \Sigma)`, an item is
    :math:`w_i = (b_i, v_i) \sim N(g, \Sigma_w)`.
    The posterior is approximated by a product of Gaussians, one a user and one an item, each
    with a full covariance (mean field). A sweep updates all users, then all items, then
    m, Σ, g, Σ_w and σ² in closed form; no sweep lowers the evidence bound. This is variational
    Bayesian matrix factorization (VBMF); BPMF is the same model with posteriors that are sampled.

    A newcomer costs one solve of size `n_factors` + 1, and gets a variance with every
    prediction. Introduced in chapter 02, derived in chapter 10.

    Parameters
    ----------
    n_factors : int
        Dimension d of p and v; 0 leaves b_u and b_i alone.
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

    Raises
    ------
    ValueError
        By `fit`, when a parameter is out of range.

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

    label = "hierarchical Bayes"
    fits: ClassVar[tuple[str, ...]] = (*KNOWN_ITEMS, CLASSIC_RATINGS)
    ranges = {
        "n_factors": Range(0, whole=True),
        "n_sweeps": Range(1, whole=True),
        "seed": SEED,
    }
    moments = staticmethod(gaussian.moments)  # what a belief about the other side counts as

    def __init__(self, n_factors: int = 8, n_sweeps: int = 30, seed: int = 0):
        self.n_factors = n_factors
        self.n_sweeps = n_sweeps
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        matrix = self._matrix(ratings)
        users, items, w, noise = self._start(ratings)
        of_people = Evidence.of_matrix(matrix, self.global_mean_)
        of_items = of_people.transposed()
        raters, rated = of_people.counts() > 0, of_items.counts() > 0
        learn_users = self._user_prior(ratings, len(raters))
        learn_items = self._item_prior(ratings)
        for _ in range(self.n_sweeps):
            people = self._people(users, noise, of_people, w, np.arange(ratings.n_items))
            users = learn_users(people, raters)
            z = people.first(self.n_factors + 1)
            w, gram, shift = update(items, noise, of_items, z, self.moments)
            items = learn_items(w, rated)
            noise = noise_variance(of_items, w, z, gram, shift)
        self._keep_people(ratings, users, people, raters)
        self._keep_items(ratings, items, w, of_items.counts())
        self.noise_ = noise
        return self

    @overload
    def predict(self, episodes: Episodes, return_std: Literal[False] = ...) -> np.ndarray: ...

    @overload
    def predict(
        self, episodes: Episodes, return_std: Literal[True]
    ) -> tuple[np.ndarray, np.ndarray]: ...

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
        people, items = self.posterior(episodes), Belief(self.item_mean_, self.item_covariance_)
        means = self._means(people, items)  # [users, items + 1]
        mean = np.take_along_axis(means, query, axis=1)  # [users, q]
        if not return_std:
            return mean
        variance = np.take_along_axis(self._variances(people, items), query, axis=1)
        return mean, np.sqrt(self.noise_ + variance)

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
        shown, evidence = Evidence.of_supports(episodes, support, self.global_mean_)
        items = Belief(self.item_mean_[shown], self.item_covariance_[shown])
        return self._people(self._prior_of(episodes), self.noise_, evidence, items, shown)

    # What a model with more in its priors says otherwise, in the order in which it is asked.

    def _matrix(self, ratings: Ratings) -> scipy.sparse.csr_array:
        """The ratings to learn from: a row a person, a column an item."""
        return ratings.matrix()

    def _start(self, ratings: Ratings) -> tuple[Prior, Prior, Belief, float]:
        """Where the sweeps begin: both priors, beliefs about the items, and the noise."""
        self.global_mean_ = float(ratings.table["rating"].mean())
        size = self.n_factors + 1
        start = np.random.default_rng(self.seed).normal(0, 0.1, (ratings.n_items, size))
        start[:, 0] = ratings.item_means(3.0) - self.global_mean_
        w = Belief(start, np.zeros((ratings.n_items, size, size)))
        return Prior.start(size), Prior.start(size), w, 1.0

    def _user_prior(self, ratings: Ratings, n_people: int) -> Learn:
        """How the prior of the people, one a row of the matrix, is learned."""
        return Prior.learn

    def _item_prior(self, ratings: Ratings) -> Learn:
        """How the items' prior is learned."""
        return Prior.learn

    def _people(
        self, prior: Prior, noise: float, evidence: Evidence, items: Belief, rows: np.ndarray
    ) -> Belief:
        """Beliefs about people whose evidence is about items in these learned rows."""
        return update(prior, noise, evidence, items, self.moments)[0]

    def _keep_people(
        self, ratings: Ratings, prior: Prior, people: Belief, raters: np.ndarray
    ) -> None:
        """Keep the prior that a newcomer starts from."""
        self.user_mean_, self.user_covariance_ = prior.mean, prior.covariance

    def _keep_items(self, ratings: Ratings, prior: Prior, w: Belief, counts: np.ndarray) -> None:
        """Keep what is believed about the items, and about one of which nothing is known."""
        unseen = prior.of_anybody()
        self.item_mean_ = with_unseen(w.mean, unseen.mean)
        self.item_covariance_ = with_unseen(w.covariance, unseen.covariance)

    def _prior_of(self, episodes: Episodes) -> Prior:
        """What is believed about these people before their ratings."""
        return Prior(self.user_mean_, self.user_covariance_)

    def _means(self, people: Belief, items: Belief) -> np.ndarray:
        """Expected ratings: [users, items + 1]."""
        return self.global_mean_ + items.mean[:, 0] + people.mean @ design(items.mean).T

    def _variances(self, people: Belief, items: Belief) -> np.ndarray:
        """Variances of the ratings without their noise: [users, items + 1]."""
        return rating_variance(people, items)
