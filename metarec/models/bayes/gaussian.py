"""Gaussian beliefs about people and items, and how the other side's evidence updates them.

Shared by the factor models of chapters 05 and 10. The arrays of a belief have one row a person
(or item): means [n, d + 1] and covariances [n, d + 1, d + 1] of (b, p) or (b, v).
"""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metarec.models.linalg import design, sums

SMALLEST_NOISE = 1e-8  # in squared rating units: a ten-thousandth of a star


class Belief:
    """Gaussian beliefs about many vectors: means [n, d] and covariances [n, d, d]."""

    def __init__(self, mean: np.ndarray, covariance: np.ndarray):
        self.mean, self.covariance = mean, covariance


class Prior:
    """The Gaussian that users (or items) are drawn from.

    One mean [d] for all rows, or one a row [n, d]; a covariance [d, d], or one a row [n, d, d].
    """

    def __init__(self, mean: np.ndarray, covariance: np.ndarray):
        self.mean, self.covariance = mean, covariance

    @classmethod
    def start(cls, size: int) -> Prior:
        return cls(np.zeros(size), np.eye(size))

    @classmethod
    def learn(cls, belief: Belief, known: np.ndarray, expected: np.ndarray | None = None) -> Prior:
        """Closed-form maximum: moments of the beliefs about those who have ratings.

        The mean is that of the beliefs, or what is expected of each row [n, d].
        """
        mean = belief.mean[known].mean(0) if expected is None else expected
        spread = (belief.mean - mean)[known]
        covariance = belief.covariance[known].mean(0) + spread.T @ spread / len(spread)
        return cls(mean, covariance + 1e-6 * np.eye(len(covariance)))

    def relearn(self, belief: Belief, known: np.ndarray, worth: float) -> Prior:
        """Like `learn`, but this prior counts as `worth` rows more: a few rows move it little.

        The maximum under a normal inverse Wishart distribution around this prior.
        """
        rows, n = belief.mean[known], known.sum()
        mean = (rows.sum(0) + worth * self.mean) / (n + worth)
        spread, moved = rows - mean, self.mean - mean
        total = belief.covariance[known].sum(0) + spread.T @ spread
        total += worth * (self.covariance + np.outer(moved, moved))
        return Prior(mean, total / (n + worth))

    def of_anybody(self) -> Prior:
        """The prior of a row of which nothing is known: the average where each has its own."""
        size = self.mean.shape[-1]
        covariance = self.covariance.reshape(-1, size, size).mean(0)
        return Prior(np.atleast_2d(self.mean).mean(0), covariance)

    def update(self, gram: np.ndarray, shift: np.ndarray, noise: float) -> Belief:
        """Posterior after evidence with Gram matrices [n, d, d] and right sides [n, d]."""
        precision = np.linalg.inv(self.covariance)
        covariance = np.linalg.inv(precision + gram / noise)
        right = np.einsum("...i,...ij->...j", self.mean, precision) + shift / noise
        mean = np.einsum("nij,nj->ni", covariance, right)
        return Belief(mean, covariance)


def moments(belief: Belief) -> tuple[np.ndarray, np.ndarray]:
    """E[a aᵀ] and E[a b] for a = (1, v), under the belief about (b_i, v)."""
    a, b = design(belief.mean), belief.mean[..., :1]
    inner = belief.covariance.copy()
    inner[..., 0, :] = inner[..., :, 0] = 0  # the leading 1 is certain
    cross = a * b
    cross[..., 1:] += belief.covariance[..., 1:, 0]
    return a[..., :, None] * a[..., None, :] + inner, cross


def update(
    prior: Prior,
    noise: float,
    scores: scipy.sparse.csr_array,
    seen: scipy.sparse.csr_array,
    other: Belief,
) -> tuple[Belief, np.ndarray, np.ndarray]:
    """Beliefs about all rows of the rating matrix, given beliefs about its columns."""
    moment, cross = moments(other)
    gram = sums(seen, moment)
    shift = scores @ design(other.mean) - seen @ cross
    return prior.update(gram, shift, noise), gram, shift


def noise_variance(
    scores_t: scipy.sparse.csr_array,
    seen_t: scipy.sparse.csr_array,
    w: Belief,
    z: Belief,
    gram: np.ndarray,
    shift: np.ndarray,
) -> float:
    """σ² = mean of E[(y − b_u − w·c)²] over the ratings, c = (1, p), from the items' sums.

    Never less than SMALLEST_NOISE: ratings without noise leave only rounding, of either sign.
    """
    offset = z.mean[:, 0]
    squares = (scores_t.data**2).sum() - 2 * (scores_t @ offset).sum()
    squares += (seen_t @ (offset**2 + z.covariance[:, 0, 0])).sum()
    second = w.covariance + w.mean[:, :, None] * w.mean[:, None, :]
    squares += (second * gram).sum() - 2 * (w.mean * shift).sum()
    return max(float(squares / scores_t.nnz), SMALLEST_NOISE)


def rating_variance(user: Belief, item: Belief) -> np.ndarray:
    """Var(b_u + b_i + p·v) under independent beliefs about users and items: [users, items]."""
    a, c = design(item.mean), design(user.mean)  # [items, d + 1], [users, d + 1]
    from_user = flat(user.covariance) @ flat(a[:, :, None] * a[:, None, :]).T
    from_item = flat(c[:, :, None] * c[:, None, :]) @ flat(item.covariance).T
    both = flat(user.covariance[:, 1:, 1:]) @ flat(item.covariance[:, 1:, 1:]).T
    return from_user + from_item + both


def flat(matrices: np.ndarray) -> np.ndarray:
    return matrices.reshape(len(matrices), matrices.shape[1] * matrices.shape[2])
