"""From ratings to the rows of tokens that a transformer reads: item + 1, and 0 for padding."""

from __future__ import annotations

import itertools

import numpy as np

from metarec.data.ratings import Ratings


def shuffled(ratings: Ratings, generator: np.random.Generator) -> list[np.ndarray]:
    """Everybody's items as rows of the catalogue, the oldest first, ties in random order.

    Parameters
    ----------
    ratings : Ratings
        With timestamps; items of one second are in no known order.
    generator : numpy.random.Generator

    Returns
    -------
    list of arrays of int, one a person who rated
    """
    users, items = ratings.positions()
    order = np.lexsort((generator.random(len(users)), ratings.table["timestamp"], users))
    return np.split(items[order], np.flatnonzero(np.diff(users[order])) + 1)


def cut(
    histories: list[np.ndarray], width: int, step: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut long histories at random places into rows that end `step` items apart.

    Each row reads the `width` items up to its end; those that the row before has not read as its
    own are new. So every item of a history is new exactly once, with as long a past as fits.

    Parameters
    ----------
    histories : list of arrays of int
    width : int
        Tokens in a row.
    step : int
        New tokens in a row, from 1 to `width`; the first and the last row may have fewer.
    generator : numpy.random.Generator

    Returns
    -------
    tokens : array of int64, shape [rows, width]
        Filled from the right.
    new : array of bool, shape [rows, width]
    """
    rows, fresh = [], []
    for items in filter(len, histories):
        length = len(items)
        first = generator.integers(1, step + 1) if length > step else length
        ends = [0, *range(first, length, step), length]
        for start, end in itertools.pairwise(ends):
            row = items[max(0, end - width) : end] + 1
            rows.append(np.pad(row, (width - len(row), 0)))
            fresh.append(end - start)
    tokens = np.array(rows, dtype=np.int64).reshape(-1, width)
    return tokens, np.arange(width) >= width - np.array(fresh, dtype=np.int64)[:, None]


def newest(tokens: np.ndarray, window: int) -> np.ndarray:
    """The last tokens of each row that are no padding, moved to the right end.

    Parameters
    ----------
    tokens : array of int, shape [users, k]
    window : int

    Returns
    -------
    array of int, shape [users, window]
    """
    order = np.argsort(tokens > 0, axis=1, kind="stable")[:, -window:]
    kept = np.take_along_axis(tokens, order, axis=1)
    return np.pad(kept, ((0, 0), (window - kept.shape[1], 0)))
