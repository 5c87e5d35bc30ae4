"""Gaussian beliefs about people and items, and how the other side's evidence updates them.

The closed forms of variational matrix factorization, shared by the factor models of chapters 05
and 10. The arrays of a belief have one row a person (or item): means [n, d + 1] and covariances
[n, d + 1, d + 1] of (b, p) or (b, v).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse

from metarec.data.episodes import Episodes
from metarec.models.linalg import design, filled, sums

SMALLEST_NOISE = 1e-8  # in squared rating units: a ten-thousandth of a star


class Belief:
    """Gaussian beliefs about many vectors.

    Parameters
    ----------
    mean : array, shape [n, d]
    covariance : array, shape [n, d, d]
    """

    def __init__(self, mean: np.ndarray, covariance: np.ndarray):
        self.mean, self.covariance = mean, covariance

    def first(self, size: int) -> Belief:
        """What is believed about the first numbers of each vector.

        Parameters
        ----------
        size : int

        Returns
        -------
        Belief
        """
        return Belief(self.mean[:, :size], self.covariance[:, :size, :size])


class Evidence(NamedTuple):
    """Ratings less their level: a row for each vector that is asked about, a column a known one.

    Attributes
    ----------
    scores : scipy.sparse.csr_array, shape [n, m]
    seen : scipy.sparse.csr_array, shape [n, m]
        How many ratings each place holds: 1 wherever there is one.
    """

    scores: scipy.sparse.csr_array
    seen: scipy.sparse.csr_array

    @classmethod
    def of_matrix(cls, ratings: scipy.sparse.csr_array, level: float) -> Evidence:
        """Evidence for people, from a matrix of ratings.

        Parameters
        ----------
        ratings : scipy.sparse.csr_array, shape [people, items]
        level : float

        Returns
        -------
        Evidence
        """
        place = ratings.indices, ratings.indptr
        scores = scipy.sparse.csr_array((ratings.data - level, *place), shape=ratings.shape)
        return cls(scores, filled(scores))

    @classmethod
    def of_supports(
        cls, episodes: Episodes, rows: np.ndarray, level: float
    ) -> tuple[np.ndarray, Evidence]:
        """Evidence for the people of episodes, from their supports.

        Parameters
        ----------
        episodes : Episodes
        rows : array of int, shape [users, k]
            Learned rows of the support items; -1 for items that training never saw.
        level : float

        Returns
        -------
        shown : array of int, shape [m]
            The learned rows that the columns stand for.
        evidence : Evidence
        """
        mask = episodes.support_mask
        shown, columns = np.unique(rows[mask], return_inverse=True)
        place, shape = (np.nonzero(mask)[0], columns), (len(mask), len(shown))
        given = episodes.support_ratings[mask] - level
        scores = scipy.sparse.csr_array((given, place), shape=shape)
        # not filled(scores): several unseen items share a column, where each must count
        seen = scipy.sparse.csr_array((np.ones_like(given), place), shape=shape)
        return shown, cls(scores, seen)

    def transposed(self) -> Evidence:
        """The same ratings as evidence for the other side.

        Returns
        -------
        Evidence
        """
        return Evidence(self.scores.T.tocsr(), self.seen.T.tocsr())

    def counts(self) -> np.ndarray:
        """How many ratings each row has.

        Returns
        -------
        array of int, shape [n]
        """
        return np.diff(self.seen.indptr)


class Prior:
    """The Gaussian that users (or items) are drawn from.

    Parameters
    ----------
    mean : array, shape [d] or [n, d]
        One for all rows, or one a row.
    covariance : array, shape [d, d] or [n, d, d]
    """

    def __init__(self, mean: np.ndarray, covariance: np.ndarray):
        self.mean, self.covariance = mean, covariance

    @classmethod
    def start(cls, size: int) -> Prior:
        """Mean 0 and covariance I, before anything is learned.

        Parameters
        ----------
        size : int
            d.

        Returns
        -------
        Prior
        """
        return cls(np.zeros(size), np.eye(size))

    @classmethod
    def learn(cls, belief: Belief, known: np.ndarray, expected: np.ndarray | None = None) -> Prior:
        """Closed-form maximum: moments of the beliefs about those who have ratings.

        Parameters
        ----------
        belief : Belief
        known : array of bool, shape [n]
            Which rows have ratings.
        expected : array, shape [n, d], optional
            What is expected of each row; without it the mean of the beliefs is learned.

        Returns
        -------
        Prior
        """
        mean = belief.mean[known].mean(0) if expected is None else expected
        spread = (belief.mean - mean)[known]
        covariance = belief.covariance[known].mean(0) + spread.T @ spread / len(spread)
        return cls(mean, covariance + 1e-6 * np.eye(len(covariance)))

    def relearn(self, belief: Belief, known: np.ndarray, worth: float) -> Prior:
        """Like `learn`, but this prior counts as `worth` rows more: a few rows move it little.

        The maximum under a normal inverse Wishart distribution around this prior.

        Parameters
        ----------
        belief : Belief
        known : array of bool, shape [n]
        worth : float

        Returns
        -------
        Prior
        """
        rows, n = belief.mean[known], known.sum()
        mean = (rows.sum(0) + worth * self.mean) / (n + worth)
        spread, moved = rows - mean, self.mean - mean
        total = belief.covariance[known].sum(0) + spread.T @ spread
        total += worth * (self.covariance + np.outer(moved, moved))
        return Prior(mean, total / (n + worth))

    def of_anybody(self) -> Prior:
        """The prior of a row of which nothing is known: the average where each has its own.

        Returns
        -------
        Prior
        """
        size = self.mean.shape[-1]
        covariance = self.covariance.reshape(-1, size, size).mean(0)
        return Prior(np.atleast_2d(self.mean).mean(0), covariance)

    def update(self, gram: np.ndarray, shift: np.ndarray, noise: float) -> Belief:
        """The posterior after evidence in the form of normal equations.

        Parameters
        ----------
        gram : array, shape [n, d, d]
        shift : array, shape [n, d]
            Their right sides.
        noise : float
            σ².

        Returns
        -------
        Belief
        """
        precision = np.linalg.inv(self.covariance)
        covariance = np.linalg.inv(precision + gram / noise)
        right = np.einsum("...i,...ij->...j", self.mean, precision) + shift / noise
        mean = np.einsum("nij,nj->ni", covariance, right)
        return Belief(mean, covariance)


def moments(belief: Belief) -> tuple[np.ndarray, np.ndarray]:
    """E[a aᵀ] and E[a b] for a = (1, v), under the belief about (b_i, v).

    Parameters
    ----------
    belief : Belief

    Returns
    -------
    second, cross : arrays, shapes [n, d + 1, d + 1] and [n, d + 1]
    """
    a, b = design(belief.mean), belief.mean[..., :1]
    inner = belief.covariance.copy()
    inner[..., 0, :] = inner[..., :, 0] = 0  # the leading 1 is certain
    cross = a * b
    cross[..., 1:] += belief.covariance[..., 1:, 0]
    return a[..., :, None] * a[..., None, :] + inner, cross


Moments = Callable[[Belief], tuple[np.ndarray, np.ndarray]]


def update(
    prior: Prior, noise: float, evidence: Evidence, other: Belief, moments: Moments = moments
) -> tuple[Belief, np.ndarray, np.ndarray]:
    """Beliefs about all rows of the evidence, given beliefs about its columns.

    Parameters
    ----------
    prior : Prior
    noise : float
        σ².
    evidence : Evidence
    other : Belief
    moments : callable
        What the other side's beliefs count as.

    Returns
    -------
    belief : Belief
    gram, shift : arrays, shapes [n, d + 1, d + 1] and [n, d + 1]
        The normal equations that the evidence makes.
    """
    second, cross = moments(other)
    gram = sums(evidence.seen, second)
    shift = evidence.scores @ design(other.mean) - evidence.seen @ cross
    return prior.update(gram, shift, noise), gram, shift


def noise_variance(
    evidence: Evidence, w: Belief, z: Belief, gram: np.ndarray, shift: np.ndarray
) -> float:
    """σ² = mean of E[(y − b_u − w·c)²] over the ratings, c = (1, p), from the items' sums.

    Parameters
    ----------
    evidence : Evidence
        A row an item, a column a person.
    w, z : Belief
        About items and people.
    gram, shift : arrays, shapes [items, d + 1, d + 1] and [items, d + 1]
        From the items' `update`.

    Returns
    -------
    float
        Never less than SMALLEST_NOISE: ratings without noise leave only rounding, of either sign.
    """
    offset = z.mean[:, 0]
    squares = (evidence.scores.data**2).sum() - 2 * (evidence.scores @ offset).sum()
    squares += (evidence.seen @ (offset**2 + z.covariance[:, 0, 0])).sum()
    second = w.covariance + w.mean[:, :, None] * w.mean[:, None, :]
    squares += (second * gram).sum() - 2 * (w.mean * shift).sum()
    return max(float(squares / evidence.scores.nnz), SMALLEST_NOISE)


def rating_variance(user: Belief, item: Belief) -> np.ndarray:
    """Var(b_u + b_i + p·v) under independent beliefs about users and items.

    Parameters
    ----------
    user, item : Belief

    Returns
    -------
    array, shape [users, items]
    """
    a, c = design(item.mean), design(user.mean)  # [items, d + 1], [users, d + 1]
    from_user = flat(user.covariance) @ flat(a[:, :, None] * a[:, None, :]).T
    from_item = flat(c[:, :, None] * c[:, None, :]) @ flat(item.covariance).T
    both = flat(user.covariance[:, 1:, 1:]) @ flat(item.covariance[:, 1:, 1:]).T
    return from_user + from_item + both


def flat(matrices: np.ndarray) -> np.ndarray:
    """Each matrix as one row.

    Parameters
    ----------
    matrices : array, shape [n, a, b]

    Returns
    -------
    array, shape [n, a · b]
    """
    return matrices.reshape(len(matrices), matrices.shape[1] * matrices.shape[2])
