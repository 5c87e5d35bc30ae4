"""What is known about people besides their stars: who they are, and which items they chose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import scipy.sparse
from scipy.sparse.linalg import svds

from metarec.data.facts import shared_items
from metarec.data.ratings import Ratings

BREAKS = np.arange(0.1, 1, 0.2)  # shares of the people below the steps of a number
POPULARITY = 0.25  # of the choices of an item that m people made, each weighs m ** -POPULARITY


def trait_names(people: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """What `traits` will ask of each person: "sex=F" of texts, "age>23" at steps of numbers.

    Parameters
    ----------
    people : pandas.DataFrame
        A row a person.
    columns : sequence of str
        Those that the table lacks add nothing.

    Returns
    -------
    list of str
    """
    names = []
    for column in [name for name in columns if name in people]:
        values = people[column]
        if pd.api.types.is_numeric_dtype(values):
            steps = values.dropna().quantile(BREAKS, interpolation="lower").unique()
            names += [f"{column}>{step:g}" for step in steps if (values > step).any()]
        else:
            names += [f"{column}={value}" for value in sorted(values.dropna().astype(str).unique())]
    return names


def traits(people: pd.DataFrame | None, names: Iterable[str], n_people: int) -> np.ndarray:
    """Who has which trait.

    Parameters
    ----------
    people : pandas.DataFrame or None
        A row a person; None where nothing is known of anybody.
    names : iterable of str
        From `trait_names`.
    n_people : int

    Returns
    -------
    array of float, shape [people, traits]
        1 where a person has a trait, 0 where not, NaN where nobody knows.
    """
    names = list(names)
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
    """A vector for each item; items chosen by the same people lie close.

    Right singular vectors of who rated what, popular items marked down. They are centred, so that
    the average choice is 0, and scaled, so that the choices of one person have covariance I around
    their own mean. An item that nobody chose is 0.

    Parameters
    ----------
    seen : scipy.sparse.csr_array, shape [people, items]
        1 where a person has rated an item.
    size : int
        The most numbers a vector may have.

    Returns
    -------
    array, shape [items, r]
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


def guests(ratings: Ratings, others: Ratings | None) -> scipy.sparse.csr_array:
    """Ratings by another population of the films that people here have rated too.

    A film that nobody here has rated stays unrated, so that "both new" means what it says.

    Parameters
    ----------
    ratings : Ratings
    others : Ratings or None
        None for nobody.

    Returns
    -------
    scipy.sparse.csr_array, shape [guests, items]

    Raises
    ------
    ValueError
        When they hold all rows of the ratings themselves, or no film is shared.
    """
    if others is None:
        return scipy.sparse.csr_array((0, ratings.n_items))
    rows = pd.concat([others.table, ratings.table])[["user", "item", "rating"]]
    if len(ratings) and rows.duplicated().to_numpy()[len(others) :].all():
        raise ValueError(
            f"others ({others.name}) hold the very ratings that are learned from; "
            "pass another population"
        )
    pairs = shared_items(ratings, others)  # id here -> id there
    pairs = pairs[pairs.index.isin(ratings.table["item"])]
    rows = others.table[others.table["item"].isin(pairs)]
    here = pd.Series(ratings.items.index.get_indexer(pairs.index), index=pairs.to_numpy())
    people, ids = pd.factorize(rows["user"])
    place = (people, here[rows["item"]].to_numpy())
    return scipy.sparse.csr_array((rows["rating"], place), shape=(len(ids), ratings.n_items))
