"""Sparse matrices of histories, shared by the methods that multiply them."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metarec.data.ratings import Ratings


def histories(rows: np.ndarray, mask: np.ndarray, values, n_items: int) -> scipy.sparse.csr_array:
    """Supports as a matrix [users, n_items + 1]; unseen items (row -1) share the last column.

    There each keeps an entry of its own, so that several unseen items of one person are as many
    ratings and not one large one: do not call `sum_duplicates`.
    """
    given = np.broadcast_to(values, mask.shape)[mask].astype(float)
    starts = np.append(0, mask.sum(1).cumsum())
    shape = (len(mask), n_items + 1)
    matrix = scipy.sparse.csr_array((given, rows[mask] % (n_items + 1), starts), shape=shape)
    matrix.sort_indices()
    return matrix


def filled(matrix: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """1 wherever the matrix stores a value, a stored 0 included."""
    ones = np.ones_like(matrix.data)
    return scipy.sparse.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)


def add_rows(target: np.ndarray, rows: np.ndarray, steps: np.ndarray) -> None:
    """`target[rows] += steps`, where a row that comes twice gets both: `np.add.at`, much faster.

    `target` must be contiguous. NumPy is quick for flat indices only.
    """
    places = rows[:, None] * target.shape[1] + np.arange(target.shape[1])
    np.add.at(target.reshape(-1), places.ravel(), steps.ravel())


def liked(ratings: Ratings, at_least: float) -> scipy.sparse.csr_array:
    """1 where a rating reaches `at_least`: [users, items]."""
    kept = ratings.keep(ratings.table["rating"] >= at_least)
    shape = (ratings.n_users, ratings.n_items)
    return scipy.sparse.csr_array((np.ones(len(kept)), kept.positions()), shape=shape)


def unit_columns(matrix: scipy.sparse.sparray) -> scipy.sparse.csr_array:
    """The columns of a matrix at length 1; a column of zeros stays."""
    norms = np.sqrt(matrix.multiply(matrix).sum(0))
    return (matrix @ scipy.sparse.diags_array(1 / np.where(norms > 0, norms, 1))).tocsr()


def framed(matrix: np.ndarray) -> np.ndarray:
    """One row and one column of zeros more, for the item that training never saw, in float32."""
    return np.pad(matrix, ((0, 1), (0, 1))).astype(np.float32)


def keep_largest(similarity: np.ndarray, n: int) -> np.ndarray:
    """Set all but the n largest numbers of each row to 0."""
    if n >= similarity.shape[1]:
        return similarity
    places = np.argpartition(-similarity, n - 1, axis=1)[:, :n]
    kept = np.zeros_like(similarity)
    np.put_along_axis(kept, places, np.take_along_axis(similarity, places, 1), 1)
    return kept
