"""The checks and the division that all metrics share, so that each metric is its formula only."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import ArrayLike


def as_matrix(name: str, values) -> np.ndarray:
    """`values` as a float64 matrix [users, candidates]; a ValueError that names it otherwise."""
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a dense array of numbers, one row a user; "
            "call .toarray() on a sparse matrix and pad ragged rows, with a mask"
        ) from error
    if matrix.ndim != 2:
        raise ValueError(
            f"{name} has shape {matrix.shape}, but metrics read [users, candidates]; "
            "write values[None, :] for one user"
        )
    return matrix


def as_mask(mask, shape: tuple[int, ...]) -> np.ndarray:
    """`mask` as a boolean matrix of `shape`; None means that every position is a candidate."""
    if mask is None:
        return np.ones(shape, dtype=bool)
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise ValueError(
            f"mask has type {mask.dtype}, but must be true or false; write mask.astype(bool)"
        )
    if mask.shape != shape:
        raise ValueError(
            f"mask has shape {mask.shape}, but the values have {shape}; "
            "give one true or false for each user and candidate"
        )
    return mask


def aligned(mask, **arrays) -> tuple[np.ndarray, ...]:
    """The arrays as float64 [users, candidates] with 0 where masked out, then the mask.

    Raises ValueError where shapes differ or an unmasked value is NaN or infinite: a metric that
    skips a missing prediction in silence rewards the method that refuses the hard cases.
    """
    arrays = {name: as_matrix(name, values) for name, values in arrays.items()}
    first, shape = next((name, matrix.shape) for name, matrix in arrays.items())
    for name, matrix in arrays.items():
        if matrix.shape != shape:
            raise ValueError(
                f"{name} has shape {matrix.shape}, but {first} has {shape}; "
                "give both one value for each user and candidate"
            )
    mask = as_mask(mask, shape)
    for name, matrix in arrays.items():
        bad = mask & ~np.isfinite(matrix)
        if bad.any():
            user, position = np.argwhere(bad)[0]
            raise ValueError(
                f"{name}[{user}, {position}] is {matrix[user, position]}; give a finite number, "
                "or leave this candidate out with mask=False there"
            )
    return *(np.where(mask, matrix, 0.0) for matrix in arrays.values()), mask


def at_least_one(name: str, value) -> int:
    """`value` as an int ≥ 1; a ValueError that names it otherwise."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"{name} is {value!r}, but must be a whole number of at least 1")
    return number


def share(name: str, value: float) -> float:
    """`value` as a float strictly between 0 and 1; a ValueError that names it otherwise."""
    if not 0 < value < 1:
        raise ValueError(f"{name} is {value}, but must lie between 0 and 1, for example 0.8")
    return float(value)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole` for each user, NaN where `whole` is 0: the metric is undefined there."""
    part = np.asarray(part, dtype=np.float64)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=np.asarray(whole) > 0)


def places(recommended: ArrayLike, n_items: int) -> np.ndarray:
    """`recommended` as whole numbers [users, k] in -1 … n_items - 1, or a ValueError."""
    recommended = np.asarray(recommended)
    if recommended.ndim != 2 or not np.issubdtype(recommended.dtype, np.integer):
        raise ValueError(
            f"recommended has shape {recommended.shape} and type {recommended.dtype}; "
            "give positions in the catalogue as whole numbers [users, k], as top_k returns them"
        )
    bad = (recommended < -1) | (recommended >= n_items)
    if bad.any():
        raise ValueError(
            f"recommended holds position {recommended[bad][0]}, but the catalogue has {n_items} "
            "items; give positions from 0 (not ids), and -1 for an empty place"
        )
    return recommended
