"""Many small ridge regressions at once, for every model that solves one a user or one an item."""

from __future__ import annotations

import numpy as np
import scipy.sparse


def design(vectors: np.ndarray) -> np.ndarray:
    """(1, v) of (b, v): what the other side's vector is multiplied by."""
    return np.concatenate([np.ones_like(vectors[..., :1]), vectors[..., 1:]], axis=-1)


def ridge(
    weights: scipy.sparse.csr_array,
    x: np.ndarray,
    shift: np.ndarray,
    penalty: np.ndarray,
    shared: np.ndarray | float = 0.0,
) -> np.ndarray:
    """(shared + Σ_j weights[n, j] x_j x_jᵀ + diag(penalty[n]))⁻¹ shift[n] for each row n.

    `shift`, and what is returned, are [rows, d], `penalty` is that or [rows, 1], and `shared` is
    [d, d]. The precision is that of x.
    Rows of similar length are padded and solved together, some hundreds at a time: one BLAS call
    a row, and never an array of d² numbers for all rows, which makes 128 factors cheap.
    """
    counts, diagonal = np.diff(weights.indptr), np.arange(x.shape[1])
    out = np.empty(shift.shape, x.dtype)
    order = np.argsort(counts, kind="stable")
    for rows in np.array_split(order, max(32, weights.nnz * len(diagonal) // 2**20)):
        place = np.arange(counts[rows].max(initial=0))
        filled = place < counts[rows][:, None]  # [rows, longest]
        slots = np.where(filled, weights.indptr[rows][:, None] + place, 0)
        near = x[weights.indices[slots]]  # [rows, longest, d]
        weight = np.where(filled, weights.data[slots], 0).astype(x.dtype)
        gram = np.swapaxes(near * weight[..., None], 1, 2) @ near + shared  # [rows, d, d]
        gram[:, diagonal, diagonal] += penalty[rows]
        out[rows] = np.linalg.solve(gram, shift[rows][..., None].astype(x.dtype))[..., 0]
    return out
