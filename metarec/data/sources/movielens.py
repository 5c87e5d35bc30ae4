"""Readers: MovieLens in its several forms, and the reader's own file. Introduced in chapter 01.

Whatever the source, the result is one `Ratings`: the rows in the order of the file, ids as the
source gives them, titles without the year, genres separated by `|`, "" where none is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from metarec.data.checks import COLUMNS
from metarec.data.ratings import Ratings
from metarec.data.sources import assets
from metarec.data.sources.csv import read_csv
from metarec.data.sources.files import Folder, decode, located, parse

__all__ = ["movielens_100k", "movielens_2016", "read_csv", "read_movielens"]

CANONICAL = {  # sha256(whole=True), whatever the source
    "MovieLens-100K": "04e704494e39a436cb0ca05f42dfa7e58061683b3cac213aedee2395241fd72c",
    "MovieLens-2016": "d1d39fb7eaf9510959f5c80056286682aaeb695557798be75d8d2caa32104354",
}
# fmt: off
GENRES = [  # the order of the flags in u.item
    "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War",
    "Western",
]
OCCUPATIONS = [  # the codes 0..20 in users.dat of the 1M release
    "other", "educator", "artist", "clerical", "college student", "customer service", "doctor",
    "executive", "farmer", "homemaker", "K-12 student", "lawyer", "programmer", "retired", "sales",
    "scientist", "self-employed", "engineer", "tradesman", "unemployed", "writer",
]
# fmt: on
YEAR = r"\s*\((\d{4})(?:[-–]\d{0,4})?\)(?: \(V\))?\s*$"  # "(1995)", "(2007-)", "(1995) (V)"


def movielens_100k() -> Ratings:
    """MovieLens-100K: 943 people of 1997-98, 1 682 films, 100 000 ratings 1..5.

    Found by `assets.find`, in RecBole's form or in GroupLens's; both give the same tables. The
    data may be used for research, not redistributed, not sold.

    Returns
    -------
    Ratings
        Items with `title`, `year`, `genres`; users with `age` (years), `sex` ("F" or "M") and
        `occupation`.

    Raises
    ------
    AssetError
        When it is not on this machine, or damaged; the message says what to do.

    References
    ----------
    F. M. Harper and J. A. Konstan (2015), The MovieLens Datasets: History and Context, ACM
    Transactions on Interactive Intelligent Systems 5(4), 19, doi:10.1145/2827872.
    """
    place = assets.find("movielens-100k")
    return _expected(lambda: read_movielens(place), "movielens-100k", place)


def movielens_2016() -> Ratings:
    """MovieLens-2016: 671 people, 9 066 films, 100 004 ratings 0.5..5 from 1995 to 2016.

    GroupLens's "latest-small" of October 2016, in `data/movielens_2016/` of the repository;
    the README there is the data card, with the conditions of use.

    Returns
    -------
    Ratings
        Items with `title`, `year`, `genres`; nothing is known about the people.

    Raises
    ------
    AssetError
        When the files are missing or damaged; the message says what to do.

    References
    ----------
    F. M. Harper and J. A. Konstan (2015), doi:10.1145/2827872.
    """
    place = assets.find("movielens-2016")

    def read() -> Ratings:
        folder = Folder(place)
        ratings, items = _table(folder, "ratings.csv"), _table(folder, "items.csv")
        return _build(folder, ratings, items, None, "MovieLens-2016", (0.5, 5))

    return _expected(read, "movielens-2016", place)


BY_NAME = {"movielens-100k": movielens_100k, "movielens-2016": movielens_2016}  # come with the book


def read_movielens(path: str | os.PathLike) -> Ratings:
    """Read a MovieLens release as GroupLens publishes it (or RecBole's copy of the 100K).

    Known are the 100K (`u.data`, `u.item`, `u.user`), the 1M (`ratings.dat`, `movies.dat`,
    `users.dat`), the 10M (no `users.dat`) and the CSV releases (`ratings.csv`, `movies.csv`:
    20M, 25M, 32M, latest, latest-small).

    Parameters
    ----------
    path : path
        The folder or the zip archive; nothing is unpacked to disk.

    Returns
    -------
    Ratings
        Scale 1..5 for the 100K and the 1M, 0.5..5 for the others. In the 1M release `age` is
        the youngest age of a bracket (1, 18, 25, 35, 45, 50, 56).

    Raises
    ------
    FileNotFoundError
        When there is nothing at this path, or a file of the release is missing.
    ValueError
        When the files are of no known release, or a line is wrong; the message names the file,
        the line and the remedy.
    """
    folder = Folder(path)
    for name, reader in RELEASES.items():
        if name in folder:
            return reader(folder)
    raise ValueError(
        f"{folder.path} holds none of {', '.join(RELEASES)}; pass the folder or archive of a "
        "MovieLens release, or call read_csv for a file of your own"
    )


def _read_recbole(folder: Folder) -> Ratings:
    """RecBole's copy of the 100K: three files with a header, titles already without the year."""
    ratings = _table(folder, "ml-100k.inter", COLUMNS, header=0)
    names = ["item", "title", "year", "genres"]
    items = _table(folder, "ml-100k.item", names, header=0, quoting=3, dtype={"year": str})
    items["genres"] = items["genres"].str.replace(" ", "|")
    dated = items["title"] + " (" + items.pop("year") + ")"
    # Two titles are cut in the wrong place: "unkonwn", and one that ended in "(1995) (V)".
    items["title"] = dated.str.replace(" (V)", "").replace("unkonwn (unkonwn)", "unknown")
    users = _table(folder, "ml-100k.user", ["user", "age", "sex", "occupation", "zip"], header=0)
    return _build(folder, ratings, items, users, "MovieLens-100K", (1, 5))


def _read_100k(folder: Folder) -> Ratings:
    """GroupLens's 100K: no headers, Latin-1, one flag a genre."""
    ratings = _table(folder, "u.data", COLUMNS)
    names = ["item", "title", "released", "video", "url", "unknown", *GENRES]
    items = _table(folder, "u.item", names, "latin-1", sep="|", quoting=3)
    flags = items[GENRES].to_numpy() == 1
    genres = ["|".join(g for g, flag in zip(GENRES, row, strict=True) if flag) for row in flags]
    items = items[["item", "title"]].assign(genres=genres)
    users = _table(folder, "u.user", ["user", "age", "sex", "occupation", "zip"], sep="|")
    return _build(folder, ratings, items, users, "MovieLens-100K", (1, 5))


def _read_dat(folder: Folder) -> Ratings:
    """The 1M and the 10M release: no headers, fields separated by two colons."""
    ratings = _table(folder, "ratings.dat", COLUMNS)
    with_users = "users.dat" in folder
    encoding = "latin-1" if with_users else None
    items = _table(folder, "movies.dat", ["item", "title", "genres"], encoding, quoting=3)
    if not with_users:
        return _build(folder, ratings, items, None, "MovieLens-10M", (0.5, 5))
    users = _table(folder, "users.dat", ["user", "sex", "age", "occupation", "zip"])
    users["occupation"] = users["occupation"].map(dict(enumerate(OCCUPATIONS)))
    return _build(folder, ratings, items, users, "MovieLens-1M", (1, 5))


def _read_release_csv(folder: Folder) -> Ratings:
    """The releases of 2015 and later: headers, commas, half stars."""
    short = {"userId": "user", "movieId": "item"}
    ratings = _table(folder, "ratings.csv").rename(columns=short)
    items = _table(folder, "movies.csv").rename(columns=short)
    return _build(folder, ratings, items, None, "MovieLens", (0.5, 5))


RELEASES: dict[str, Callable[[Folder], Ratings]] = {
    "u.data": _read_100k,
    "ml-100k.inter": _read_recbole,
    "ratings.dat": _read_dat,
    "ratings.csv": _read_release_csv,
}


def _table(
    folder: Folder,
    name: str,
    names: Sequence[str] | None = None,
    encoding: str | None = None,
    **options: object,
) -> pd.DataFrame:
    """Parse one file of a release; with `names` and no `header` it has no header line."""
    text = decode(folder.read(name), encoding, folder.where(name))
    if not name.endswith(".csv"):
        text = text.replace("::", "\t") if name.endswith(".dat") else text
        options = {"sep": "\t", "names": names, "header": None} | options
    table = parse(text, folder.where(name), **options)
    has_header = options.get("header", 0) == 0
    table.attrs = {"file": folder.where(name), "first_line": 2 if has_header else 1}
    return table


def _build(
    folder: Folder,
    ratings: pd.DataFrame,
    items: pd.DataFrame,
    users: pd.DataFrame | None,
    name: str,
    scale: tuple[float, float],
) -> Ratings:
    """Bring the tables into their canonical form and check them; errors name file and line."""
    file, first_line = ratings.attrs["file"], ratings.attrs["first_line"]
    try:
        items = _canonical_items(items)
        if users is not None:
            users = users[["user", "age", "sex", "occupation"]].set_index("user")
        ratings = ratings[[c for c in COLUMNS if c in ratings]]
        return Ratings.from_table(ratings, items, users, scale, name)
    except KeyError as error:
        message = f"{folder.path} lacks the column {error}; pass the release as it was published"
        raise ValueError(message) from error
    except ValueError as error:
        raise located(error, file, first_line) from error


def _canonical_items(items: pd.DataFrame) -> pd.DataFrame:
    """Index `item`; `title` (str), `year` (Int64), `genres` (str, "" for none)."""
    title = items["title"].astype(str).str.strip()
    if "year" in items:
        year = items["year"]
    else:
        year = pd.to_numeric(title.str.extract(YEAR, expand=False))
        title = title.str.replace(YEAR, "", regex=True)
    genres = items["genres"].fillna("").replace({"(no genres listed)": "", "unknown": ""})
    table = pd.DataFrame({"title": title, "year": year.astype("Int64"), "genres": genres})
    return table.set_index(pd.Index(items["item"], name="item"))


def _expected(read: Callable[[], Ratings], asset: str, place: Path) -> Ratings:
    """Read a data set that the book quotes numbers of, and refuse it when it differs."""
    remedy = assets.repair(assets.ASSETS[asset], place)
    try:
        ratings = read()
    except (ValueError, FileNotFoundError) as error:
        raise assets.AssetError(f"{place} cannot be read: {error}", remedy) from error
    found = ratings.sha256(whole=True)
    if found != CANONICAL[ratings.name]:
        problem = f"{place} is not {ratings.name} as published (sha256 {found[:12]})"
        raise assets.AssetError(problem, remedy)
    return ratings
