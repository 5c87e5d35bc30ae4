"""Hierarchical Bayes that reads all that is known before the stars. The book's best method."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.base import with_unseen
from metarec.models.bayes.content import ContentBayes, _ridge, _slope
from metarec.models.bayes.gaussian import (
    Belief,
    Prior,
    flat,
    moments,
    noise_variance,
    rating_variance,
    update,
)
from metarec.models.bayes.side_information import choice_vectors, guests, trait_names, traits
from metarec.models.linalg import design, filled, sums

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
    others : str
        Another population to learn from: "movielens-2016" or "movielens-100k"; "" for none. Films
        are matched by title and year, and those that nobody here rated stay unrated.

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
        By `fit`, when a λ is not positive, a group of features or the other population is
        unknown, or the two share no film.

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
        others: str = "",
    ):
        super().__init__(n_factors, n_sweeps, seed, features, regularization)
        self.n_choices = n_choices
        self.traits = traits
        self.trait_regularization = trait_regularization
        self.others = others

    def fit(self, ratings: Ratings) -> Self:
        if self.trait_regularization <= 0:
            raise ValueError(f"trait_regularization {self.trait_regularization} must be positive")
        self.items_ = ratings.items.index.to_numpy()
        _, items, w, noise = self._start(ratings)
        own, visitors = ratings.matrix(), guests(ratings, self.others)
        scores = scipy.sparse.vstack([own, visitors], format="csr")
        scores.data -= self.global_mean_
        seen = filled(scores)
        scores_t, seen_t = scores.T.tocsr(), seen.T.tocsr()
        rated, raters = np.diff(seen_t.indptr) > 0, np.diff(seen.indptr) > 0
        self.choices_ = with_unseen(choice_vectors(seen, self.n_choices), 0.0)
        self.chosen_ = np.append(rated, False)
        background = self._background(ratings, visitors.shape[0])
        learn_items, size = self._item_prior(ratings), self.n_factors + 1
        users = Prior.start(size + self.choices_.shape[1])
        films = _Films(w, self.choices_[:-1], rated)
        for _ in range(self.n_sweeps):
            people = _people(users, noise, scores, seen, films)
            users = self._user_map(people, raters, background)[0]
            z = Belief(people.mean[:, :size], people.covariance[:, :size, :size])
            w, gram, shift = update(items, noise, scores_t, seen_t, z)
            items = learn_items(w, rated)
            noise = noise_variance(scores_t, seen_t, w, z, gram, shift)
            films = films._replace(belief=w)
        self._keep(people, background, raters, own.shape[0])
        self._keep_films(w, ratings, np.diff(seen_t.indptr))
        self.noise_ = noise
        return self

    def posterior(self, episodes: Episodes) -> Belief:
        """What the support, the choice of its films and the traits say about each person.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        belief with `mean`, shape [users, d + 1 + r], and `covariance`, both of (z, q)
            The films that are asked are not counted as choices here; `predict` adds each.
        """
        support, _ = self.rows(episodes)
        mask = episodes.support_mask
        shown, columns = np.unique(support[mask], return_inverse=True)
        index, shape = (np.nonzero(mask)[0], columns), (len(mask), len(shown))
        given = episodes.support_ratings[mask] - self.global_mean_
        scores = scipy.sparse.csr_array((given, index), shape=shape)
        # not filled(scores): several unseen items share a column, where each must count
        seen = scipy.sparse.csr_array((np.ones_like(given), index), shape=shape)
        belief = Belief(self.item_mean_[shown], self.item_covariance_[shown])
        films = _Films(belief, self.choices_[shown], self.chosen_[shown])
        told = self._told(traits(episodes.about, self.trait_names_, len(mask)))
        prior = Prior(self.user_mean_ + told @ self.trait_slope_, self.user_covariance_)
        return _people(prior, self.noise_, scores, seen, films)

    def predict(
        self, episodes: Episodes, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the query, and if asked say how sure the model is.

        Each film of the query is taken as chosen, apart from the others: what would this person
        say after watching it?

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
        people, size = self.posterior(episodes), self.n_factors + 1
        z = Belief(people.mean[:, :size], people.covariance[:, :size, :size])
        tied, q_covariance = people.covariance[:, :size, size:], people.covariance[:, size:, size:]
        pull = tied @ np.linalg.inv(q_covariance + np.eye(tied.shape[2]))  # [users, d + 1, r]
        item = Belief(self.item_mean_, self.item_covariance_)
        a, y = design(item.mean), self.choices_
        expected = np.einsum("usr,ur->us", pull, people.mean[:, size:])
        moved = flat(pull) @ flat(a[:, :, None] * y[:, None, :]).T - expected @ a.T
        mean = self.global_mean_ + item.mean[:, 0] + z.mean @ a.T + self.chosen_ * moved
        mean = np.take_along_axis(mean, query, axis=1)  # [users, items + 1] -> [users, q]
        if not return_std:
            return mean
        surer = Belief(z.mean, z.covariance - pull @ np.swapaxes(tied, 1, 2))
        variance = np.where(self.chosen_, rating_variance(surer, item), rating_variance(z, item))
        return mean, np.sqrt(self.noise_ + np.take_along_axis(variance, query, axis=1))

    def _content(self, ratings: Ratings) -> np.ndarray:
        """What is known about a film before its stars: its features, and who chose it."""
        return np.column_stack([super()._content(ratings), self.choices_[:-1]])

    def _keep_films(self, w: Belief, ratings: Ratings, counts: np.ndarray) -> None:
        """The films' beliefs; those that nobody chose are what the features alone say of them.

        In that regression a film counts as often as it was rated: who asks about a new film asks
        about one that will be watched, not about the average of a long tail.
        """
        rated = counts > 0
        weights = counts / counts[rated].mean()
        expected = _ridge(super()._content(ratings), w.mean, weights, self.regularization)
        bare = Prior.learn(w, rated, expected)
        mean = np.where(rated[:, None], w.mean, bare.mean)
        covariance = np.where(rated[:, None, None], w.covariance, bare.covariance)
        unseen = bare.of_anybody()
        self.item_mean_ = with_unseen(mean, unseen.mean)
        self.item_covariance_ = with_unseen(covariance, unseen.covariance)

    def _background(self, ratings: Ratings, n_guests: int) -> np.ndarray:
        """Traits of one's own people around their mean, 0 for guests, and the guests' mark."""
        self.trait_names_ = np.array(trait_names(ratings.users, self.traits.split()), dtype=str)
        told = traits(ratings.users, self.trait_names_, ratings.n_users)
        known = ~np.isnan(told)
        self.trait_mean_ = np.where(known, told, 0).sum(0) / np.maximum(known.sum(0), 1)
        own = np.column_stack([self._told(told), np.zeros(ratings.n_users)])
        marks = np.zeros((n_guests, own.shape[1]))
        marks[:, -1] = GUEST
        return np.concatenate([own, marks])

    def _told(self, table: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(table), 0, table - self.trait_mean_)

    def _user_map(
        self, people: Belief, known: np.ndarray, background: np.ndarray
    ) -> tuple[Prior, np.ndarray, np.ndarray]:
        """The users' prior given their background; its intercept and its slopes."""
        middle, slope = _slope(background, people.mean, known, self.trait_regularization)
        return Prior.learn(people, known, middle + background @ slope), middle, slope

    def _keep(self, people: Belief, background: np.ndarray, raters: np.ndarray, n: int) -> None:
        """Learn the prior of newcomers from one's own people, the first n rows."""
        own = Belief(people.mean[:n], people.covariance[:n])
        prior, middle, slope = self._user_map(own, raters[:n], background[:n, :-1])
        self.user_mean_, self.user_covariance_, self.trait_slope_ = middle, prior.covariance, slope


class _Films(NamedTuple):
    """Beliefs about films, their vectors y [films, r], and whether anybody chose them."""

    belief: Belief
    y: np.ndarray
    chosen: np.ndarray


def _people(
    prior: Prior,
    noise: float,
    scores: scipy.sparse.csr_array,
    seen: scipy.sparse.csr_array,
    films: _Films,
) -> Belief:
    """Beliefs about (z, q) of each row of a rating matrix: its stars tell of z, its films of q.

    Each chosen film adds I to the precision of q. So all people share the directions in which that
    block is diagonal, and only the smaller block of z has to be inverted for each of them.
    """
    moment, cross = moments(films.belief)
    size = cross.shape[1]
    known = np.linalg.inv(prior.covariance)
    strength, directions = np.linalg.eigh(known[size:, size:])
    tie = known[:size, size:] @ directions
    left = 1 / (strength + (seen @ films.chosen.astype(float))[:, None])  # variance of q, z given
    pull = tie * left[:, None, :]  # [n, d + 1, r]
    z = np.linalg.inv(known[:size, :size] + sums(seen, moment) / noise - pull @ tie.T)
    both = -z @ pull
    q = np.swapaxes(both, 1, 2) @ -pull + left[:, :, None] * np.eye(left.shape[1])
    both, q = both @ directions.T, directions @ q @ directions.T
    covariance = np.block([[z, both], [np.swapaxes(both, 1, 2), q]])
    stars = (scores @ design(films.belief.mean) - seen @ cross) / noise
    right = np.einsum("...i,...ij->...j", prior.mean, known) + np.hstack([stars, seen @ films.y])
    return Belief(np.einsum("nij,nj->ni", covariance, right), covariance)
