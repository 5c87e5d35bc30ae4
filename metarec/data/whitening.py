"""Whitening: vectors on their main directions, all equally loud. Introduced in chapter 07."""

from __future__ import annotations

import numpy as np


def whiten(vectors: np.ndarray, n: int = 16) -> np.ndarray:
    """The n directions in which the vectors vary most, each brought to variance 1.

    A regression may then read any of them at the same price. Introduced in chapter 07.

    Parameters
    ----------
    vectors : array, shape [items, dim]
    n : int
        At least 1, at most the number of directions in which the vectors vary.

    Returns
    -------
    array, shape [items, n]
        Mean 0, variance 1, uncorrelated. The sign of a direction is arbitrary.

    Raises
    ------
    ValueError
        When n is below 1, or there are fewer directions.

    References
    ----------
    Su, Cao, Liu & Ou (2021), Whitening sentence representations for better semantics and faster
    retrieval. https://doi.org/10.48550/arXiv.2103.15316

    Examples
    --------
    >>> from metarec.data import whiten
    >>> round_cloud = whiten(np.random.default_rng(0).normal(size=(50, 4)) * [9, 1, 1, 1], n=2)
    >>> np.allclose(round_cloud.T @ round_cloud / 50, np.eye(2))
    True
    """
    centred = vectors - vectors.mean(axis=0)
    u, spread, _ = np.linalg.svd(centred, full_matrices=False)
    alive = int((spread > 1e-10 * spread[0]).sum())
    if not 1 <= n <= alive:
        raise ValueError(
            f"n {n} is not between 1 and {alive}, the number of directions of these vectors"
        )
    return u[:, :n] * np.sqrt(len(u))
