"""Hierarchical Bayes that reads all that is known before the stars."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import ALL, ALL_JOIN, NOBODY_JOINS
from metarec.models.base import with_unseen
from metarec.models.bayes.content import ContentBayes, prior_means, regression
from metarec.models.bayes.gaussian import Belief, Evidence, Prior, flat, rating_variance
from metarec.models.bayes.hierarchical import Learn
from metarec.models.bayes.side_information import choice_vectors, guests, trait_names, traits
from metarec.models.linalg import design, filled, sums
from metarec.models.parameters import Range

__all__ = ["InformedBayes"]

GUEST = 10.0  # the mark of the other population: large, so that its effect is hardly shrunk


class InformedBayes(ContentBayes):
    r"""Hierarchical Bayes whose priors read content, choices, traits and another population.

    The model of a rating is that of `HierarchicalBayes`. What is known before the stars moves
    both priors, each by a linear map that is learned along with the factors:

    - A film: :math:`w_i \sim N(G^\top (c_i, y_i), \Sigma_w)`, with its content and with
      :math:`y_i`, a vector made of *who* rated it, whatever the stars.
    - A person: :math:`(z_u, q_u) \sim N(m + H^\top x_u, \Sigma)` jointly, where x holds traits
      such as age and where q is what the person tends to choose: each film that u chose is a
      noisy look at it, :math:`y_j \sim N(q_u, I)`. So choices say something about taste through
      the covariance of z and q. The film that is asked is a choice too: the answer is what u
      would say *having watched it*.
    - Another population may join. Its people inform the films; the final prior over people is
      learned from one's own alone.

    All updates are closed forms. A newcomer costs one solve of size 1 + `n_factors` +
    `n_choices`, and gets a variance with every prediction. Introduced in chapter 13.

    Parameters
    ----------
    n_factors, n_sweeps, seed, features, regularization
        As in `ContentBayes`.
    n_choices : int
        Length r of y and q; 0 ignores which films were chosen.
    traits : str
        Columns of the table of people, separated by spaces; those that it lacks add nothing, and
        so does a newcomer whose `Episodes.about` does not say.
    trait_regularization : float
        λ > 0 of the regression on traits, in people.
    others : Ratings, optional
        Another population to learn from, such as `metarec.data.movielens_2016()`. Films are
        matched by title and year, and those that nobody here rated stay unrated.

    Attributes
    ----------
    user_mean_, user_covariance_ : arrays, shapes [d + 1 + r] and [d + 1 + r, d + 1 + r]
        m and Σ of (z, q): the prior of a newcomer with average traits.
    trait_names_, trait_mean_, trait_slope_ : arrays, shapes [traits] and [traits, d + 1 + r]
        What is asked, its mean over one's own people, and H.
    item_mean_, item_covariance_ : arrays, shapes [items + 1, d + 1] and [items + 1, d + 1, d + 1]
        Posterior of each item's (b_i, v_i); the last row is an item of which nothing is known.
    choices_, chosen_ : arrays, shapes [items + 1, r] and [items + 1]
        y, and whether anybody chose the item: only then its being chosen says something.
    noise_, global_mean_ : float
        σ², in squared rating units, and μ.

    Raises
    ------
    ValueError
        By `fit`, when a parameter is out of range, a group of features is unknown, or the other
        population shares no film, or is the one that is learned from.

    References
    ----------
    Agarwal and Chen (2009), Regression-based latent factor models, KDD,
    doi:10.1145/1557019.1557029.
    Koren (2008), Factorization meets the neighborhood: a multifaceted collaborative filtering
    model, KDD, doi:10.1145/1401890.1401944.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(1, 1, 5), (1, 2, 1), (2, 1, 4), (2, 2, 2), (3, 1, 5), (3, 3, 3)]
    >>> table = pd.DataFrame(rows, columns=["user", "item", "rating"])
    >>> ratings = Ratings.from_table(table)
    >>> model = InformedBayes(n_factors=1, n_choices=1).fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    label = "informed Bayes"
    fits = ALL
    ranges = {
        **ContentBayes.ranges,
        "n_choices": Range(0, whole=True),
        "trait_regularization": Range(0, above=True),
    }
    populations = ("others",)
    book_settings = {
        "": {"n_factors": 8},
        NOBODY_JOINS: {"traits": ""},  # nothing is known of the people of 2016
        ALL_JOIN: {"traits": ""},
    }

    def __init__(
        self,
        n_factors: int = 12,
        n_sweeps: int = 25,
        seed: int = 0,
        features: str = "genres year critics",
        regularization: float = 3.0,
        n_choices: int = 16,
        traits: str = "age sex occupation",
        trait_regularization: float = 30.0,
        others: Ratings | None = None,
    ):
        super().__init__(n_factors, n_sweeps, seed, features, regularization)
        self.n_choices = n_choices
        self.traits = traits
        self.trait_regularization = trait_regularization
        self.others = others

    def posterior(self, episodes: Episodes) -> Belief:
        """What the support, the choice of its films and the traits say about each person.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        belief with `mean`, shape [users, d + 1 + r], and `covariance`, both of (z, q)
            The films that are asked are not counted as choices here; `predict` adds each: what
            would this person say after watching it?
        """
        return super().posterior(episodes)

    def _matrix(self, ratings: Ratings) -> scipy.sparse.csr_array:
        """Ratings of one's own people, and below them the guests'; who chose what is read here."""
        matrix = scipy.sparse.vstack([ratings.matrix(), guests(ratings, self.others)], format="csr")
        self.choices_ = with_unseen(choice_vectors(filled(matrix), self.n_choices), 0.0)
        rated = np.bincount(matrix.indices, minlength=ratings.n_items) > 0
        self.chosen_ = np.append(rated, False)
        return matrix

    def _content(self, ratings: Ratings) -> np.ndarray:
        """What is known about a film before its stars: its features, and who chose it."""
        return np.column_stack([super()._content(ratings), self.choices_[:-1]])

    def _start(self, ratings: Ratings) -> tuple[Prior, Prior, Belief, float]:
        users, items, w, noise = super()._start(ratings)
        return Prior.start(len(users.mean) + self.choices_.shape[1]), items, w, noise

    def _user_prior(self, ratings: Ratings, n_people: int) -> Learn:
        """Learned with a mean that is linear in traits (0 for guests) and in the guests' mark."""
        self.trait_names_ = np.array(trait_names(ratings.users, self.traits.split()), dtype=str)
        told = traits(ratings.users, self.trait_names_, ratings.n_users)
        known = ~np.isnan(told)
        self.trait_mean_ = np.where(known, told, 0).sum(0) / np.maximum(known.sum(0), 1)
        background = np.zeros((n_people, len(self.trait_names_) + 1))
        background[: ratings.n_users, :-1] = self._around_mean(told)
        background[ratings.n_users :, -1] = GUEST
        return lambda people, raters: self._prior_given(background, people, raters)[0]

    def _prior_given(
        self, background: np.ndarray, people: Belief, raters: np.ndarray
    ) -> tuple[Prior, np.ndarray, np.ndarray]:
        """The people's prior given their background; its intercept and its slopes."""
        middle, slope = regression(background, people.mean, raters, self.trait_regularization)
        return Prior.learn(people, raters, middle + background @ slope), middle, slope

    def _around_mean(self, told: np.ndarray) -> np.ndarray:
        """Traits less their mean, and 0 where nobody knows: [people, traits]."""
        return np.where(np.isnan(told), 0, told - self.trait_mean_)

    def _people(
        self, prior: Prior, noise: float, evidence: Evidence, items: Belief, rows: np.ndarray
    ) -> Belief:
        """Beliefs about (z, q) of each person: stars tell of z, the choice of their films of q.

        Each chosen film adds I to the precision of q. So all people share the directions in which
        that block is diagonal, and only the smaller block of z has to be inverted for each of them.
        """
        second, cross = self.moments(items)
        y, chosen, size = self.choices_[rows], self.chosen_[rows].astype(float), cross.shape[1]
        known = np.linalg.inv(prior.covariance)
        strength, directions = np.linalg.eigh(known[size:, size:])
        tie = known[:size, size:] @ directions
        left = 1 / (strength + (evidence.seen @ chosen)[:, None])  # variance of q, z given
        pull = tie * left[:, None, :]  # [n, d + 1, r]
        z = np.linalg.inv(known[:size, :size] + sums(evidence.seen, second) / noise - pull @ tie.T)
        both = -z @ pull
        q = np.swapaxes(both, 1, 2) @ -pull + left[:, :, None] * np.eye(left.shape[1])
        both, q = both @ directions.T, directions @ q @ directions.T
        covariance = np.block([[z, both], [np.swapaxes(both, 1, 2), q]])
        stars = (evidence.scores @ design(items.mean) - evidence.seen @ cross) / noise
        told = np.hstack([stars, evidence.seen @ y])
        right = np.einsum("...i,...ij->...j", prior.mean, known) + told
        return Belief(np.einsum("nij,nj->ni", covariance, right), covariance)

    def _keep_people(
        self, ratings: Ratings, prior: Prior, people: Belief, raters: np.ndarray
    ) -> None:
        """Learn the prior of newcomers from one's own people alone, the first rows."""
        n = ratings.n_users
        told = self._around_mean(traits(ratings.users, self.trait_names_, n))
        own = Belief(people.mean[:n], people.covariance[:n])
        prior, middle, slope = self._prior_given(told, own, raters[:n])
        self.user_mean_, self.user_covariance_, self.trait_slope_ = middle, prior.covariance, slope

    def _keep_items(self, ratings: Ratings, prior: Prior, w: Belief, counts: np.ndarray) -> None:
        """Keep the films' beliefs; where nobody chose a film, what the features alone say of it.

        In that regression a film counts as often as it was rated: who asks about a new film asks
        about one that will be watched, not about the average of a long tail.
        """
        rated = counts > 0
        weights = counts / counts[rated].mean()
        content = super()._content(ratings)
        expected = prior_means(content, w.mean, weights, self.regularization)
        bare = Prior.learn(w, rated, expected)
        mean = np.where(rated[:, None], w.mean, bare.mean)
        covariance = np.where(rated[:, None, None], w.covariance, bare.covariance)
        super()._keep_items(ratings, bare, Belief(mean, covariance), counts)

    def _prior_of(self, episodes: Episodes) -> Prior:
        told = traits(episodes.about, self.trait_names_, len(episodes))
        mean = self.user_mean_ + self._around_mean(told) @ self.trait_slope_
        return Prior(mean, self.user_covariance_)

    def _means(self, people: Belief, items: Belief) -> np.ndarray:
        """Expected ratings, each film taken as chosen, apart from the others."""
        z, pull, _ = self._tied(people)
        a, q = design(items.mean), people.mean[:, z.mean.shape[1] :]
        expected = np.einsum("usr,ur->us", pull, q)
        moved = flat(pull) @ flat(a[:, :, None] * self.choices_[:, None, :]).T - expected @ a.T
        return super()._means(z, items) + self.chosen_ * moved

    def _variances(self, people: Belief, items: Belief) -> np.ndarray:
        z, pull, tied = self._tied(people)
        surer = Belief(z.mean, z.covariance - pull @ np.swapaxes(tied, 1, 2))
        return np.where(self.chosen_, rating_variance(surer, items), rating_variance(z, items))

    def _tied(self, people: Belief) -> tuple[Belief, np.ndarray, np.ndarray]:
        """The belief about z; how far one more choice moves it; its covariance with q."""
        size = self.n_factors + 1
        tied, q = people.covariance[:, :size, size:], people.covariance[:, size:, size:]
        pull = tied @ np.linalg.inv(q + np.eye(tied.shape[2]))  # [users, d + 1, r]
        return people.first(size), pull, tied
