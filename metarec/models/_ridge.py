"""Many small ridge regressions at once, for every model that solves one a user or one an item."""

from __future__ import annotations

import numpy as np
import scipy.sparse


def design(vectors: np.ndarray) -> np.ndarray:
    """(1, v) of (b, v): what the other side's vector is multiplied by."""
    return np.concatenate([np.ones_like(vectors[..., :1]), vectors[..., 1:]], axis=-1)


def grams(weights: scipy.sparse.csr_array, factors: np.ndarray) -> np.ndarray:
    """Σ_j weights[n, j] x_j x_jᵀ for each row n: [rows, d, d].

    Rows of similar length are padded and multiplied together: one BLAS call a row, and no array
    of outer products [columns, d²], which is what makes 128 factors cheap.
    """
    counts, size = np.diff(weights.indptr), factors.shape[1]
    out = np.zeros((len(counts), size, size), factors.dtype)
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] > 0]
    for rows in np.array_split(order, max(32, weights.nnz * size // 2**21)):
        place = np.arange(counts[rows].max(initial=0))
        filled = place < counts[rows][:, None]  # [rows, longest]
        slots = np.where(filled, weights.indptr[rows][:, None] + place, 0)
        x = factors[weights.indices[slots]]  # [rows, longest, d]
        w = np.where(filled, weights.data[slots], 0).astype(factors.dtype)
        out[rows] = np.swapaxes(x * w[..., None], 1, 2) @ x
    return out


def solve(gram: np.ndarray, shift: np.ndarray, penalty: np.ndarray | float) -> np.ndarray:
    """(gram + diag(penalty))⁻¹ shift for each row: [rows, d]; penalty [rows, d] or less."""
    size = gram.shape[1]
    diagonal = np.arange(size)
    gram = gram.copy()
    gram[:, diagonal, diagonal] += penalty
    return np.linalg.solve(gram, shift[..., None])[..., 0]
