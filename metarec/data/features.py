"""Features of items: genres, year, film facts and numbers of your own as one matrix.

Nothing here reads a rating. Introduced in chapter 05.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from metarec.data.facts import film_facts
from metarec.data.ratings import Ratings

SAME_GENRE = {"Children's": "Children", "(no genres listed)": ""}
SCORES = ("tomatometer", "metacritic")
SUCCESS = ("reviews", "box_office", "oscars")
CRITICS = (*SCORES, *SUCCESS, "runtime")
PLACES = ("country", "language")
PEOPLE = ("directors", "writers", "cast")
N_COMPONENTS, N_PERIODS, MIN_FILMS = 16, 10, 20


@dataclasses.dataclass(frozen=True, eq=False)
class Features:
    """What is known about the items of a catalogue, as numbers.

    Attributes
    ----------
    values : array or scipy.sparse.csr_array, shape [items, features]
        In the order of `ratings.items`. From `item_features`, each column has mean 0 over the
        catalogue; numbers have standard deviation 1, and columns that say yes or no keep their
        unit, so that a rare genre does not outweigh a frequent one. From `tfidf`, sparse.
    names : list of str
        Names of the columns, such as "genre Drama" or "no tomatometer".
    """

    values: np.ndarray | scipy.sparse.csr_array
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
        taste is no straight line in time); from `film_facts` "scores" (of critics), "success"
        (number of reviews, box office, Oscars), "runtime", "critics" (these three together) and
        "places" (countries and languages of at least 20 films); "people" (directors, writers and
        cast); "titles" (words of the title). The last two are TF-IDF weights, cut to 16
        components. Also groups that were added by `with_features`.

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
    own = {group: _own_columns(ratings, group) for group in groups if group not in GROUPS}
    unknown = [group for group, table in own.items() if table.empty]
    if unknown:
        raise ValueError(f"unknown feature group {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    tables = [own[group] if group in own else GROUPS[group](ratings) for group in groups]
    table = pd.concat([pd.DataFrame(index=ratings.items.index), *tables], axis=1)
    values = table.to_numpy(dtype=float)
    spread = values.std(0)
    varies = spread > 1e-9
    values, spread = values[:, varies], spread[varies]
    keeps_unit = ((values == 0) | (values == 1)).all(0)
    keeps_unit |= table.columns[varies].isin([name for added in own.values() for name in added])
    values = (values - values.mean(0)) / np.where(keeps_unit, 1, spread)
    return Features(values, [str(name) for name in table.columns[varies]])


def with_features(ratings: Ratings, group: str, values: np.ndarray) -> Ratings:
    """The same ratings, whose catalogue also carries numbers of your own about each item.

    The way in for whatever was computed elsewhere, such as vectors of texts from an encoder: from
    here on `group` is a group of `item_features`, and so of every method that takes groups.
    Introduced in chapter 07.

    Parameters
    ----------
    ratings : Ratings
    group : str
        A new name without spaces.
    values : array of float, shape [items, features]
        In the order of `ratings.items`. They are centred later and keep their unit: a column
        of larger numbers weighs more.

    Returns
    -------
    Ratings

    Raises
    ------
    ValueError
        When the name is taken or has a space, or the values are not one finite row an item.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [4, 2]})
    >>> ratings = with_features(Ratings.from_table(table), "length", np.array([[1.5], [2.5]]))
    >>> item_features(ratings, ["length"])
    Features(values=array([[-0.5],
           [ 0.5]]), names=['length 1'])
    """
    values = np.asarray(values, dtype=float)
    if group in GROUPS or not _own_columns(ratings, group).empty or len(group.split()) != 1:
        raise ValueError(f"{group!r} cannot name new features; pass one new word")
    if values.ndim != 2 or len(values) != ratings.n_items or not np.isfinite(values).all():
        raise ValueError(
            f"values of shape {values.shape} are not one row of finite numbers for each of the "
            f"{ratings.n_items} items"
        )
    names = [f"{group} {n + 1}" for n in range(values.shape[1])]
    own = pd.DataFrame(values, ratings.items.index, names)
    return dataclasses.replace(ratings, items=pd.concat([ratings.items, own], axis=1))


def item_terms(ratings: Ratings, groups: Sequence[str] = ("genres", "titles", "people")) -> list:
    """The terms of each item, as a text for `tfidf` with the separator "|".

    Parameters
    ----------
    ratings : Ratings
        Only its catalogue is read.
    groups : sequence of str
        Any of "genres", "titles" (words in small letters) and "people" (directors, writers and
        cast from `film_facts`); a group that the catalogue does not have adds nothing.

    Returns
    -------
    list of str
        Such as "genre War|word bridge|name David Lean"; the kind of a term is part of it.

    Raises
    ------
    ValueError
        When a group is unknown.
    """
    unknown = [group for group in groups if group not in TERMS]
    if unknown:
        raise ValueError(f"unknown group of terms {unknown[0]!r}; choose from {', '.join(TERMS)}")
    columns = [TERMS[group](ratings) for group in groups]
    return ["|".join(filter(None, row)) for row in zip(*columns, strict=True)]


def tfidf(texts: Sequence[str], separator: str | None = None) -> Features:
    """TF-IDF weights of words, or of terms between separators; rows have length 1 or 0.

    Parameters
    ----------
    texts : sequence of str
        One text an item.
    separator : str, optional
        What stands between terms, "|" in film facts; words of letters if not given.

    Returns
    -------
    Features
        Sparse. Terms of one item alone are left out: they tell nothing about another. When no
        term is left there are no columns.
    """
    split = None if separator is None else lambda text: [t for t in text.split(separator) if t]
    options = {} if split is None else {"analyzer": split}
    counts = TfidfVectorizer(min_df=2, **options)
    try:
        weights = scipy.sparse.csr_array(counts.fit_transform(list(texts)))
    except ValueError:  # scikit-learn refuses an empty vocabulary
        return Features(scipy.sparse.csr_array((len(texts), 0)), [])
    return Features(weights, list(counts.get_feature_names_out()))


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
    return _yes_or_no(lists, items.index, "genre ")


def _own_columns(ratings: Ratings, group: str) -> pd.DataFrame:
    """The columns that `with_features` added under this name; none when there are none."""
    return ratings.items.filter(regex=rf"^{re.escape(group)} \d+$")


def _year(ratings: Ratings) -> pd.DataFrame:
    items = ratings.items
    if "year" not in items:
        return pd.DataFrame(index=items.index)
    year = items["year"].astype("Float64").astype(float)
    tenths = pd.get_dummies(pd.qcut(year, N_PERIODS, duplicates="drop"), dtype=float)
    tenths.columns = [f"years {p.left:.0f} to {p.right:.0f}" for p in tenths.columns]
    return pd.concat([_filled(year.to_frame()), tenths], axis=1)


def _numbers(names: Sequence[str], ratings: Ratings) -> pd.DataFrame:
    if not _has_titles(ratings):
        return pd.DataFrame(index=ratings.items.index)
    numbers = film_facts(ratings).table[list(names)].astype(float)
    for name in set(SUCCESS) & set(names):  # their logarithms are nearer to a bell shape
        numbers[name] = np.log1p(numbers[name])
    return _filled(numbers)


def _places(ratings: Ratings) -> pd.DataFrame:
    if not _has_titles(ratings):
        return pd.DataFrame(index=ratings.items.index)
    facts = film_facts(ratings).table
    tables = [_yes_or_no(facts[name], facts.index, f"{name} ") for name in PLACES]
    table = pd.concat(tables, axis=1)
    return table.loc[:, table.sum() >= MIN_FILMS]


def _people(ratings: Ratings) -> pd.DataFrame:
    if not _has_titles(ratings):
        return pd.DataFrame(index=ratings.items.index)
    weights = tfidf(item_terms(ratings, ["people"]), "|").values
    return _components(weights, "people", ratings.items.index)


def _titles(ratings: Ratings) -> pd.DataFrame:
    items = ratings.items
    if "title" not in items:
        return pd.DataFrame(index=items.index)
    weights = tfidf(items["title"].fillna("").astype(str)).values
    return _components(weights, "titles", items.index)


def _has_titles(ratings: Ratings) -> bool:
    return {"title", "year"} <= set(ratings.items)


def _yes_or_no(lists: Sequence[str], index: pd.Index, prefix: str) -> pd.DataFrame:
    return pd.Series(list(lists), index=index).str.get_dummies("|").add_prefix(prefix)


def _marked(kind: str, lists: Sequence[str]) -> list[str]:
    """Each name of each list with its kind before it, so that kinds stay apart."""
    return ["|".join(f"{kind} {name}" for name in text.split("|") if name) for text in lists]


def _genre_terms(ratings: Ratings) -> list[str]:
    table = genre_table(ratings)
    names = table.columns.to_numpy(dtype=object)
    return ["|".join(names[row > 0]) for row in table.to_numpy()]


def _year_terms(ratings: Ratings) -> list[str]:
    if "year" not in ratings.items:
        return [""] * ratings.n_items
    years = ratings.items["year"].astype("Int64").astype("string")
    return _marked("year", years.fillna(""))


def _title_terms(ratings: Ratings) -> list[str]:
    if "title" not in ratings.items:
        return [""] * ratings.n_items
    titles = ratings.items["title"].fillna("").astype(str).str.lower()
    return _marked("word", titles.str.findall(r"\b\w\w+\b").str.join("|"))


def _people_terms(ratings: Ratings) -> list[str]:
    if not _has_titles(ratings):
        return [""] * ratings.n_items
    facts = film_facts(ratings).table
    return _marked("name", facts[PEOPLE[0]].str.cat(facts[list(PEOPLE[1:])], sep="|"))


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
    "scores": functools.partial(_numbers, SCORES),
    "success": functools.partial(_numbers, SUCCESS),
    "runtime": functools.partial(_numbers, ("runtime",)),
    "critics": functools.partial(_numbers, CRITICS),
    "places": _places,
    "people": _people,
    "titles": _titles,
}
TERMS: dict[str, Callable[[Ratings], list[str]]] = {
    "genres": _genre_terms,
    "year": _year_terms,
    "titles": _title_terms,
    "people": _people_terms,
}
