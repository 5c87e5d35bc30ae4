"""How alike rows of ratings are, and means over those most alike. Used by kNN for ratings."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metarec.models.linalg import filled

CELLS = 500_000  # numbers held at once while neighbours are chosen


def similarities(
    a: scipy.sparse.csr_array, b: scipy.sparse.csr_array, shrinkage: float, centred: bool
) -> np.ndarray:
    """Cosine of each row of a with each row of b over the columns that both fill, shrunk.

    Parameters
    ----------
    a, b : sparse arrays, shapes [rows of a, columns] and [rows of b, columns]
        A stored 0 is filled.
    shrinkage : float
        λ: the cosine over n shared columns is multiplied by n / (n + λ).
    centred : bool
        Whether to subtract the means over the shared columns first: Pearson's correlation.

    Returns
    -------
    array, shape [rows of a, rows of b]
        0 where nothing is shared or one side does not vary.
    """
    filled_a, filled_b = filled(a), filled(b)
    shared = (filled_a @ filled_b.T).toarray()
    product = (a @ b.T).toarray()
    square_a = ((a * a) @ filled_b.T).toarray()
    square_b = square_a.T if b is a else (filled_a @ (b * b).T).toarray()
    if centred:
        sum_a = (a @ filled_b.T).toarray()
        sum_b = sum_a.T if b is a else (filled_a @ b.T).toarray()
        n = np.maximum(shared, 1)
        product -= sum_a * sum_b / n
        square_a = square_a - sum_a**2 / n
        square_b = square_b - sum_b**2 / n
    varies = (square_a > 1e-9) & (square_b > 1e-9)
    length = np.sqrt(np.where(varies, square_a * square_b, 1))
    trust = shared / np.maximum(shared + shrinkage, 1e-12)
    return np.where(varies, product / length * trust, 0)


def neighbour_mean(
    similarity: np.ndarray,
    rows: np.ndarray,
    table: scipy.sparse.csr_array,
    lists: np.ndarray,
    n_neighbours: int,
    damping: float,
) -> np.ndarray:
    """Weighted mean of the entries of a list that are most similar to a row, for many pairs.

    Parameters
    ----------
    similarity : array, shape [rows, columns]
        Negative ones count as 0.
    rows, lists : arrays of int, shape [pairs]
        Row of `similarity` and row of `table` of each pair.
    table : sparse array, shape [lists, columns]
        Values to be averaged; only stored ones are candidates.
    n_neighbours : int
        How many candidates count; those tied with the last one do too.
    damping : float
        Added to the sum of the weights.

    Returns
    -------
    array, shape [pairs]
        0 without a similar candidate.
    """
    means, lengths = np.zeros(len(rows)), np.diff(table.indptr)[lists]
    order = np.argsort(lengths, kind="stable")  # pairs with lists of like length go together
    lengths_in_order = lengths[order]
    done = np.searchsorted(lengths_in_order, 0, "right")
    while done < len(order):
        widest = int(1.2 * lengths_in_order[done]) + 4
        alike = np.searchsorted(lengths_in_order, widest, "right")
        block = order[done : min(alike, done + max(CELLS // widest, 1))]
        slots = np.arange(lengths[block[-1]])
        inside = slots < lengths[block, None]  # [pairs, longest list]
        places = np.where(inside, table.indptr[lists[block], None] + slots, 0)
        near = similarity[rows[block, None], table.indices[places]] * inside
        np.maximum(near, 0, out=near)
        if len(slots) > n_neighbours:
            near[near < np.partition(near, -n_neighbours, axis=1)[:, [-n_neighbours]]] = 0
        weight = near.sum(1) + damping
        means[block] = (near * table.data[places]).sum(1) / np.maximum(weight, 1e-12)
        done += len(block)
    return means
