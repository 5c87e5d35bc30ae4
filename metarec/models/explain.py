"""Reasons for a prediction, found by asking again without a rating."""

from __future__ import annotations

import dataclasses

import numpy as np

from metarec.data.episodes import Episodes
from metarec.models.base import Method

__all__ = ["influence"]


def influence(method: Method, episodes: Episodes) -> np.ndarray:
    """How much each shown rating moves each prediction: with it, less without it.

    Parameters
    ----------
    method : Method
        Fitted.
    episodes : Episodes

    Returns
    -------
    array of float, shape [users, k, q]
        In the unit of the predictions; 0 for padding. Positive: the rating raised it. Methods
        that answer a person without likes by counting people, which is another unit, are taken
        to say 0 there: an only like brings the whole score.
    """
    n, k = episodes.support_mask.shape
    without = episodes.take(np.repeat(np.arange(n), k))
    mask = without.support_mask.copy()
    mask[np.arange(n * k), np.tile(np.arange(k), n)] = False
    without = dataclasses.replace(without, support_mask=mask)
    predicted = method.predict(without)
    lost = np.repeat(_knows(method, episodes), k) & ~_knows(method, without)
    predicted[lost] = 0
    whole = method.predict(episodes)  # [users, q]
    moved = whole[:, None] - predicted.reshape(n, k, whole.shape[1])
    return np.where(episodes.support_mask[..., None], moved, 0.0)


def _knows(method: Method, episodes: Episodes) -> np.ndarray:
    """As `Method.knows`; a class of the reader's own need not have it."""
    if hasattr(method, "knows"):
        return method.knows(episodes)
    return np.ones(len(episodes.users), dtype=bool)
