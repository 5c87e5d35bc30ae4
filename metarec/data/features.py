"""Features of items: genres, year and film facts as one matrix of numbers.

Nothing here reads a rating. Introduced in chapter 05.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from metarec.data.facts import film_facts
from metarec.data.ratings import Ratings

SAME_GENRE = {"Children's": "Children", "(no genres listed)": ""}
CRITICS = ("tomatometer", "metacritic", "reviews", "box_office", "oscars", "runtime")
SKEWED = ("reviews", "box_office", "oscars")  # their logarithms are nearer to a bell shape
PEOPLE = ("directors", "writers", "cast")
N_COMPONENTS, N_PERIODS = 16, 10


@dataclasses.dataclass(frozen=True, eq=False)
class Features:
    """What is known about the items of a catalogue, as numbers.

    Attributes
    ----------
    values : array, shape [items, features]
        In the order of `ratings.items`; each column has mean 0 over the catalogue. Numbers have
        standard deviation 1; columns that say yes or no keep their unit, so that a rare genre
        does not outweigh a frequent one.
    names : list of str
        Names of the columns, such as "genre Drama" or "no tomatometer".
    """

    values: np.ndarray
    names: list[str]


def item_features(ratings: Ratings, groups: Sequence[str] = ("genres", "year")) -> Features:
    """Turn groups of facts into one standardised matrix.

    A missing number becomes the mean, and a column of its own says that it is missing. Columns
    that are the same for all items are left out, and so is a group that the catalogue does not
    have: a catalogue without titles and genres gives a matrix without columns.

    Parameters
    ----------
    ratings : Ratings
        Only its catalogue is read.
    groups : sequence of str
        Any of "genres"; "year" (a number, and which tenth of the catalogue it falls into, since
        taste is no straight line in time); "critics" (scores, number of reviews, box office,
        Oscars and runtime from `film_facts`); "people" (directors, writers and cast); "titles"
        (words of the title). The last two are TF-IDF weights, cut to 16 components.

    Returns
    -------
    Features

    Raises
    ------
    ValueError
        When a group is unknown.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [4, 2]})
    >>> films = pd.DataFrame({"genres": ["Drama|War", "Drama"]}, index=[1, 2])
    >>> item_features(Ratings.from_table(table, films), ["genres"])
    Features(values=array([[ 0.5],
           [-0.5]]), names=['genre War'])
    """
    unknown = [group for group in groups if group not in GROUPS]
    if unknown:
        raise ValueError(f"unknown feature group {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    tables = [GROUPS[group](ratings) for group in groups]
    table = pd.concat([pd.DataFrame(index=ratings.items.index), *tables], axis=1)
    values = table.to_numpy(dtype=float)
    spread = values.std(0)
    varies = spread > 1e-9
    values, spread = values[:, varies], spread[varies]
    yes_or_no = ((values == 0) | (values == 1)).all(0)
    values = (values - values.mean(0)) / np.where(yes_or_no, 1, spread)
    return Features(values, [str(name) for name in table.columns[varies]])


def tfidf(texts: Sequence[str], separator: str | None = None) -> scipy.sparse.csr_array:
    """TF-IDF weights of words, or of names between separators; rows have length 1 or 0.

    Parameters
    ----------
    texts : sequence of str
        One text an item.
    separator : str, optional
        What stands between names, "|" in film facts; words of letters if not given.

    Returns
    -------
    scipy.sparse.csr_array, shape [items, terms]
        Terms of one item alone are left out: they tell nothing about another. When no term is
        left there are no columns.
    """
    split = None if separator is None else lambda text: [t for t in text.split(separator) if t]
    options = {} if split is None else {"analyzer": split}
    counts = TfidfVectorizer(min_df=2, **options)
    try:
        return scipy.sparse.csr_array(counts.fit_transform(list(texts)))
    except ValueError:  # scikit-learn refuses an empty vocabulary
        return scipy.sparse.csr_array((len(texts), 0))


def genre_table(ratings: Ratings) -> pd.DataFrame:
    """Which item has which genre, under one name for each genre.

    Parameters
    ----------
    ratings : Ratings

    Returns
    -------
    pandas.DataFrame
        One column a genre, 0 or 1; no column when the catalogue has no genres.
    """
    items = ratings.items
    if "genres" not in items:
        return pd.DataFrame(index=items.index)
    lists = [
        "|".join(SAME_GENRE.get(genre, genre) for genre in text.split("|"))
        for text in items["genres"].fillna("").astype(str)
    ]
    table = pd.Series(lists, index=items.index).str.get_dummies("|")
    return table.add_prefix("genre ")


def _year(ratings: Ratings) -> pd.DataFrame:
    items = ratings.items
    if "year" not in items:
        return pd.DataFrame(index=items.index)
    year = items["year"].astype("Float64").astype(float)
    tenths = pd.get_dummies(pd.qcut(year, N_PERIODS, duplicates="drop"), dtype=float)
    tenths.columns = [f"years {p.left:.0f} to {p.right:.0f}" for p in tenths.columns]
    return pd.concat([_filled(year.to_frame()), tenths], axis=1)


def _critics(ratings: Ratings) -> pd.DataFrame:
    if not _has_titles(ratings):
        return pd.DataFrame(index=ratings.items.index)
    numbers = film_facts(ratings).table[list(CRITICS)].astype(float)
    for name in SKEWED:
        numbers[name] = np.log1p(numbers[name])
    return _filled(numbers)


def _people(ratings: Ratings) -> pd.DataFrame:
    if not _has_titles(ratings):
        return pd.DataFrame(index=ratings.items.index)
    facts = film_facts(ratings).table
    names = facts[PEOPLE[0]].str.cat(facts[list(PEOPLE[1:])], sep="|")
    return _components(tfidf(names, "|"), "people", ratings.items.index)


def _titles(ratings: Ratings) -> pd.DataFrame:
    items = ratings.items
    if "title" not in items:
        return pd.DataFrame(index=items.index)
    return _components(tfidf(items["title"].fillna("").astype(str)), "titles", items.index)


def _has_titles(ratings: Ratings) -> bool:
    return {"title", "year"} <= set(ratings.items)


def _filled(numbers: pd.DataFrame) -> pd.DataFrame:
    """Missing numbers become the mean; columns "no …" tell where."""
    numbers = numbers.astype("Float64").astype(float)
    missing = numbers.isna().astype(float).add_prefix("no ")
    return pd.concat([numbers.fillna(numbers.mean()).fillna(0.0), missing], axis=1)


def _components(weights: scipy.sparse.csr_array, name: str, index: pd.Index) -> pd.DataFrame:
    """The directions in which most of the weights lie."""
    size = min(N_COMPONENTS, min(weights.shape) - 1)
    if size < 1:
        return pd.DataFrame(index=index)
    reduced = TruncatedSVD(size, random_state=0).fit_transform(weights)
    return pd.DataFrame(reduced, index, [f"{name} {n + 1}" for n in range(size)])


GROUPS: dict[str, Callable[[Ratings], pd.DataFrame]] = {
    "genres": genre_table,
    "year": _year,
    "critics": _critics,
    "people": _people,
    "titles": _titles,
}
