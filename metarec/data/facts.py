"""What is known about a film before anyone rates it: Wikidata's facts, joined by title and year.

The facts lie in `data/film_facts/` (its README is the data card). Introduced in chapter 05.
"""

from __future__ import annotations

import dataclasses
import functools

import pandas as pd

from metarec.data.ratings import Ratings
from metarec.data.sources import assets
from metarec.data.titles import TitleIndex

LISTS = ("directors", "writers", "cast", "genres", "country", "language")
NUMBERS = ("runtime", "metacritic", "tomatometer", "reviews", "box_office", "oscars")
FOUND = ("wikidata", "wikidata_title", "wikidata_year", "matched_by")
COLUMNS = (*FOUND, "released", *LISTS, *NUMBERS)


@dataclasses.dataclass(frozen=True, eq=False)
class FilmFacts:
    """Facts about the films of one data set.

    Attributes
    ----------
    table : pandas.DataFrame
        Indexed like `ratings.items`, in its order. `wikidata` (Int64, the number after the Q;
        missing where no film was found), `wikidata_title`, `wikidata_year`, `matched_by`
        ("title", "name", "part" or ""); `released` (date; 1 January where only the year is
        known); `directors`, `writers`, `cast`, `genres`, `country`, `language` (names separated
        by `|`, in alphabetical order, not in order of importance; "" when unknown); `runtime`
        (minutes), `metacritic` and `tomatometer` (0..100), `reviews` (number of critics behind
        the tomatometer), `box_office` (US dollars), `oscars` (number); NaN when unknown.
    film_match_rate, rating_match_rate : float
        Share of the films, and of the ratings, for which a film was found, in 0..1.
    """

    table: pd.DataFrame
    film_match_rate: float
    rating_match_rate: float


def film_facts(ratings: Ratings) -> FilmFacts:
    """Join Wikidata's facts to the items of a data set.

    Titles are compared by `titles.title_key`, years may differ by one; chapter 05 shows where
    this goes wrong. Scores by critics exist before a film has ratings, but some were given
    after 1998: mind it when the ratings are older.

    Parameters
    ----------
    ratings : Ratings
        Its `items` need the columns `title` and `year`.

    Returns
    -------
    FilmFacts

    Raises
    ------
    ValueError
        When the item table has no `title` or no `year`.
    AssetError
        When the file of facts is missing or damaged.

    References
    ----------
    Wikidata, CC0, snapshot of 2026-10-18 in the package bokeh-sampledata 2026.1.
    """
    items = _titled(ratings)
    films, index = _wikidata()
    found = index.match(items)
    matches = pd.DataFrame.from_dict(found, orient="index", columns=["wikidata", "matched_by"])
    table = matches.merge(films, left_on="wikidata", right_index=True, how="left")
    table = table.rename(columns={"title": "wikidata_title", "year": "wikidata_year"})
    table = table.reindex(items.index)[list(COLUMNS)]
    text = ["wikidata_title", "matched_by", *LISTS]
    table[text] = table[text].astype(str).where(table["wikidata"].notna(), "")
    table = table.astype({"wikidata": "Int64", "wikidata_year": "Int64"})
    known = table["wikidata"].notna()
    rated = ratings.table["item"].isin(table.index[known])
    return FilmFacts(table, float(known.mean()), float(rated.mean()))


def shared_items(source: Ratings, target: Ratings) -> pd.Series:
    """The films that two data sets share, each at most once.

    Parameters
    ----------
    source, target : Ratings
        Their `items` need the columns `title` and `year`.

    Returns
    -------
    pandas.Series
        Index: item ids of `source`, ascending; values: item ids of `target`. Where a film
        stands twice in `source`, the entry with more ratings is the one kept.

    Raises
    ------
    ValueError
        When an item table has no `title` or no `year`, or no film is shared.
    """
    films, catalogue = _titled(source), _titled(target)
    index = TitleIndex(catalogue, target.table["item"].value_counts())
    found = {item: match.id for item, match in index.match(films).items()}
    if not found:
        both = f"{source.name} and {target.name}"
        raise ValueError(f"{both} share no film; check their titles and years")
    pairs = pd.Series(found, name="item").rename_axis(films.index.name)
    popularity = source.table["item"].value_counts().reindex(pairs.index, fill_value=0)
    pairs = pairs.loc[popularity.sort_values(ascending=False, kind="stable").index]
    return pairs[~pairs.duplicated()].sort_index()


def wikidata_films() -> pd.DataFrame:
    """All films that the facts come from, whether a catalogue has them or not.

    Returns
    -------
    pandas.DataFrame
        A row a film of 1940 to 2014, by Wikidata number. Lists, such as genres, are joined by
        "|"; what is not known is empty.

    Raises
    ------
    AssetError
        When the file of facts is missing or damaged.

    References
    ----------
    Wikidata, CC0, snapshot of 2026-10-18 in the package bokeh-sampledata 2026.1.
    """
    return _wikidata()[0].copy()


@functools.lru_cache(maxsize=1)
def _wikidata() -> tuple[pd.DataFrame, TitleIndex]:
    """The committed table by Wikidata number, and its index of names; not to be changed."""
    path = assets.find("film-facts", verify=True) / "films.csv.gz"
    films = pd.read_csv(
        path, index_col="wikidata", parse_dates=["released"], keep_default_na=False, na_values=[""]
    )
    films[list(LISTS)] = films[list(LISTS)].fillna("")
    return films, TitleIndex(films, films["reviews"])


def _titled(ratings: Ratings) -> pd.DataFrame:
    missing = [column for column in ("title", "year") if column not in ratings.items]
    if missing:
        raise ValueError(
            f"the item table of {ratings.name} has no column {' and no '.join(missing)}, by which "
            "films are matched; pass such a table, for example read_csv(..., items=films)"
        )
    return ratings.items[["title", "year"]]
