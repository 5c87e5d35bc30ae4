"""What is known about people besides their stars: who they are, and which items they chose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse
from scipy.sparse.linalg import svds

from metarec.data.facts import shared_items
from metarec.data.ratings import Ratings
from metarec.data.sources.movielens import BY_NAME

BREAKS = np.arange(0.1, 1, 0.2)  # shares of the people below the steps of a number
POPULARITY = 0.25  # of the choices of an item that m people made, each weighs m ** -POPULARITY


def trait_names(people: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """What `traits` will ask of each person: "sex=F" of texts, "age>23" at steps of numbers."""
    names = []
    for column in [name for name in columns if name in people]:
        values = people[column]
        if pd.api.types.is_numeric_dtype(values):
            steps = values.dropna().quantile(BREAKS, interpolation="lower").unique()
            names += [f"{column}>{step:g}" for step in steps if (values > step).any()]
        else:
            names += [f"{column}={value}" for value in sorted(values.dropna().astype(str).unique())]
    return names


def traits(people: pd.DataFrame | None, names: Sequence[str], n_people: int) -> np.ndarray:
    """1 where a person has a trait, 0 where not, NaN where nobody knows: [people, traits]."""
    table, told = np.full((n_people, len(names)), np.nan), {}
    for place, name in enumerate(names):
        column, sign, value = name.partition(">" if ">" in name else "=")
        if people is None or column not in people:
            continue
        if column not in told:  # once a column, not once a trait
            values, number = people[column], sign == ">"
            plain = values.to_numpy(float, na_value=np.nan) if number else values.astype(str)
            told[column] = np.asarray(plain), values.isna().to_numpy()
        values, unknown = told[column]
        has = values > float(value) if sign == ">" else values == value
        table[:, place] = np.where(unknown, np.nan, has)
    return table


def choice_vectors(seen: scipy.sparse.csr_array, size: int) -> np.ndarray:
    """A vector for each item; items chosen by the same people lie close: [items, r], r ≤ size.

    Right singular vectors of who rated what, popular items marked down. They are centred, so that
    the average choice is 0, and scaled, so that the choices of one person have covariance I around
    their own mean. An item that nobody chose is 0.
    """
    counts, people = np.diff(seen.indptr), np.asarray(seen.sum(0))  # choices a person, and an item
    size = min(size, min(seen.shape) - 1)
    if size < 1 or counts.max() < 2:
        return np.zeros((seen.shape[1], 0))
    weight = np.where(people > 0, np.maximum(people, 1) ** -POPULARITY, 0)
    start = np.random.default_rng(0).normal(size=min(seen.shape))
    _, strength, vectors = svds((seen @ scipy.sparse.diags_array(weight)).tocsr(), size, v0=start)
    y = (vectors * weight)[strength > 1e-6 * strength.max()].T
    y = np.where(people[:, None] > 0, y - people @ y / people.sum(), 0)
    sums = (seen @ y) / np.sqrt(np.maximum(counts, 1))[:, None]
    within = ((y.T * people) @ y - sums.T @ sums) / (counts - (counts > 0)).sum()
    variance, directions = np.linalg.eigh(within)
    kept = variance > 1e-6 * max(variance.max(initial=0), 1e-12)
    return y @ (directions[:, kept] / np.sqrt(variance[kept]))


def guests(ratings: Ratings, name: str) -> scipy.sparse.csr_array:
    """Ratings by another population of the films that people here have rated too.

    A film that nobody here has rated stays unrated, so that "both new" means what it says.

    Parameters
    ----------
    ratings : Ratings
    name : str
        A data set that comes with the book; "" for nobody.

    Returns
    -------
    scipy.sparse.csr_array, shape [guests, items]

    Raises
    ------
    ValueError
        When the name is unknown, it is that of the ratings, or no film is shared.
    """
    if not name:
        return scipy.sparse.csr_array((0, ratings.n_items))
    if name not in BY_NAME:
        raise ValueError(f"others {name!r} is unknown; choose from {', '.join(BY_NAME)}")
    if name == ratings.name.lower():
        raise ValueError(f"others {name!r} are the ratings themselves; pass another data set")
    other = BY_NAME[name]()
    pairs = shared_items(ratings, other)  # id here -> id there
    pairs = pairs[pairs.index.isin(ratings.table["item"])]
    rows = other.table[other.table["item"].isin(pairs)]
    here = pd.Series(ratings.items.index.get_indexer(pairs.index), index=pairs.to_numpy())
    people, ids = pd.factorize(rows["user"])
    place = (people, here[rows["item"]].to_numpy())
    return scipy.sparse.csr_array((rows["rating"], place), shape=(len(ids), ratings.n_items))
