"""Linear algebra that several families share: sparse histories, and many ridge regressions."""

from __future__ import annotations

import numpy as np
import scipy.sparse

from metarec.data.ratings import Ratings


def histories(
    rows: np.ndarray, mask: np.ndarray, values: np.ndarray | float, n_items: int
) -> scipy.sparse.csr_array:
    """Supports as a sparse matrix, a row a person.

    Unseen items (row -1) share the last column. There each keeps an entry of its own, so that
    several unseen items of one person are as many ratings and not one large one: do not call
    `sum_duplicates`.

    Parameters
    ----------
    rows : array of int, shape [users, k]
        Learned rows of the support items, as `Method.rows` gives them.
    mask : array of bool, shape [users, k]
        Which slots count.
    values : array, shape [users, k], or float
    n_items : int

    Returns
    -------
    sparse array, shape [users, n_items + 1]
    """
    given = np.broadcast_to(values, mask.shape)[mask].astype(float)
    starts = np.append(0, mask.sum(1).cumsum())
    shape = (len(mask), n_items + 1)
    matrix = scipy.sparse.csr_array((given, rows[mask] % (n_items + 1), starts), shape=shape)
    matrix.sort_indices()
    return matrix


def shown_items(
    rows: np.ndarray, mask: np.ndarray, values: np.ndarray
) -> tuple[scipy.sparse.csr_array, scipy.sparse.csr_array, np.ndarray]:
    """Supports as sparse matrices with a column for each item that somebody shows.

    Unseen items (row -1) share a column, in which values add up and each counts: that is why the
    second matrix is not `filled` of the first.

    Parameters
    ----------
    rows : array of int, shape [users, k]
        Learned rows of the support items, as `Method.rows` gives them.
    mask : array of bool, shape [users, k]
    values : array, shape [users, k]

    Returns
    -------
    scores : sparse array, shape [users, shown]
        The values.
    seen : sparse array, shape [users, shown]
        How many slots each value is the sum of.
    shown : array of int, shape [shown]
        The learned row of each column.
    """
    shown, columns = np.unique(rows[mask], return_inverse=True)
    index, shape = (np.nonzero(mask)[0], columns), (len(mask), len(shown))
    scores = scipy.sparse.csr_array((values[mask], index), shape=shape)
    seen = scipy.sparse.csr_array((np.ones(len(columns)), index), shape=shape)
    return scores, seen, shown


def liked(ratings: Ratings, at_least: float) -> scipy.sparse.csr_array:
    """The likes among ratings.

    Parameters
    ----------
    ratings : Ratings
    at_least : float

    Returns
    -------
    sparse array, shape [users, items]
        1 where a rating reaches `at_least`.
    """
    kept = ratings.keep(ratings.table["rating"] >= at_least)
    shape = (ratings.n_users, ratings.n_items)
    return scipy.sparse.csr_array((np.ones(len(kept)), kept.positions()), shape=shape)


def filled(matrix: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    """Where a matrix stores a value.

    Parameters
    ----------
    matrix : sparse array

    Returns
    -------
    sparse array of the same shape
        1 wherever the matrix stores a value, a stored 0 included.
    """
    ones = np.ones_like(matrix.data)
    return scipy.sparse.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)


def unit_columns(matrix: scipy.sparse.sparray) -> scipy.sparse.csr_array:
    """The columns of a matrix at length 1; a column of zeros stays.

    Parameters
    ----------
    matrix : sparse array

    Returns
    -------
    sparse array of the same shape

    Examples
    --------
    >>> unit_columns(scipy.sparse.csr_array([[3.0, 0.0], [4.0, 0.0]])).toarray()
    array([[0.6, 0. ],
           [0.8, 0. ]])
    """
    norms = np.sqrt(matrix.multiply(matrix).sum(0))
    return (matrix @ scipy.sparse.diags_array(1 / np.where(norms > 0, norms, 1))).tocsr()


def framed(matrix: np.ndarray) -> np.ndarray:
    """A square of item weights with the item that training never saw: zeros, in float32.

    Parameters
    ----------
    matrix : array, shape [items, items]

    Returns
    -------
    array of float32, shape [items + 1, items + 1]
    """
    return np.pad(matrix, ((0, 1), (0, 1))).astype(np.float32)


def keep_largest(matrix: np.ndarray, n: int) -> np.ndarray:
    """All but the n largest numbers of each row become 0.

    Parameters
    ----------
    matrix : array, shape [rows, columns]
    n : int
        At least 1.

    Returns
    -------
    array of the same shape

    Examples
    --------
    >>> keep_largest(np.array([[1.0, 3.0, 2.0]]), 2)
    array([[0., 3., 2.]])
    """
    if n >= matrix.shape[1]:
        return matrix
    places = np.argpartition(-matrix, n - 1, axis=1)[:, :n]
    kept = np.zeros_like(matrix)
    np.put_along_axis(kept, places, np.take_along_axis(matrix, places, 1), 1)
    return kept


def add_rows(target: np.ndarray, rows: np.ndarray, steps: np.ndarray) -> None:
    """Add to rows of a matrix in place, where a row that comes twice gets both.

    This is `np.add.at(target, rows, steps)`, much faster: NumPy is quick for flat indices only.

    Parameters
    ----------
    target : array, shape [rows, d]
        Contiguous.
    rows : array of int, shape [n]
    steps : array, shape [n, d]

    Examples
    --------
    >>> target = np.zeros((2, 1))
    >>> add_rows(target, np.array([1, 1]), np.array([[2.0], [3.0]]))
    >>> target.ravel()
    array([0., 5.])
    """
    places = rows[:, None] * target.shape[1] + np.arange(target.shape[1])
    np.add.at(target.reshape(-1), places.ravel(), steps.ravel())


def sums(seen: scipy.sparse.sparray, matrices: np.ndarray) -> np.ndarray:
    r"""Weighted sums of symmetric matrices, :math:`\sum_i s_{ni} M_i` for each row n of `seen`.

    Parameters
    ----------
    seen : sparse array, shape [rows, items]
    matrices : array, shape [items, d, d]
        Each symmetric: one half is summed, and mirrored.

    Returns
    -------
    array, shape [rows, d, d]
    """
    size = matrices.shape[1]
    first, second = np.triu_indices(size)
    half = seen @ matrices[:, first, second]
    whole = np.empty((seen.shape[0], size, size))
    whole[:, first, second] = whole[:, second, first] = half
    return whole


def design(vectors: np.ndarray) -> np.ndarray:
    """(1, v) of (b, v): what the vector of the other side is multiplied by.

    Parameters
    ----------
    vectors : array, shape […, d + 1]

    Returns
    -------
    array of the same shape
    """
    return np.concatenate([np.ones_like(vectors[..., :1]), vectors[..., 1:]], axis=-1)


def ridge(
    weights: scipy.sparse.csr_array,
    x: np.ndarray,
    shift: np.ndarray,
    penalty: np.ndarray,
    shared: np.ndarray | float = 0.0,
) -> np.ndarray:
    r"""Many ridge regressions at once, one a row n.

    .. math:: \Big(S + \sum_j w_{nj} \mathbf x_j \mathbf x_j^\top
              + \operatorname{diag}(\boldsymbol\lambda_n)\Big)^{-1} \mathbf h_n

    Rows of similar length are padded and solved together, some hundreds at a time: one BLAS call
    a row, and never an array of d² numbers for all rows, which makes 128 factors cheap.

    Parameters
    ----------
    weights : sparse array, shape [rows, columns]
        w.
    x : array, shape [columns, d]
        One vector a column; the precision of the solution is that of x.
    shift : array, shape [rows, d]
        h, in general weights times targets times x.
    penalty : array, shape [rows, d] or [rows, 1]
        λ.
    shared : array, shape [d, d], or 0
        S.

    Returns
    -------
    array, shape [rows, d]
    """
    counts, diagonal = np.diff(weights.indptr), np.arange(x.shape[1])
    out = np.empty(shift.shape, x.dtype)
    order = np.argsort(counts, kind="stable")
    for rows in np.array_split(order, max(32, weights.nnz * len(diagonal) // 2**20)):
        place = np.arange(counts[rows].max(initial=0))
        inside = place < counts[rows][:, None]  # [rows, longest]
        slots = np.where(inside, weights.indptr[rows][:, None] + place, 0)
        near = x[weights.indices[slots]]  # [rows, longest, d]
        weight = np.where(inside, weights.data[slots], 0).astype(x.dtype)
        gram = np.swapaxes(near * weight[..., None], 1, 2) @ near + shared  # [rows, d, d]
        gram[:, diagonal, diagonal] += penalty[rows]
        out[rows] = np.linalg.solve(gram, shift[rows][..., None].astype(x.dtype))[..., 0]
    return out
