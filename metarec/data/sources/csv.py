"""The reader's own ratings file, whatever its separator, encoding or header."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pandas as pd

from metarec.data.ratings import Ratings
from metarec.data.sources.files import decode, located, parse, read_bytes

SEPARATORS = (",", ";", "\t", "|", "::")
UNITS = {"s": 1, "ms": 1000}


def read_csv(
    path: str | os.PathLike,
    user: str | int = "user",
    item: str | int = "item",
    rating: str | int = "rating",
    timestamp: str | int | None = "timestamp",
    *,
    sep: str | None = None,
    encoding: str | None = None,
    decimal: str = ".",
    time_unit: str = "s",
    duplicates: str = "error",
    scale: tuple[float, float] = (1, 5),
    items: pd.DataFrame | None = None,
    users: pd.DataFrame | None = None,
    name: str | None = None,
) -> Ratings:
    """Read ratings from a file of your own; its other columns are left alone.

    Byte order marks, Windows line ends, gzip and blank lines are handled. Ids stay as they are
    written: they are integers only if all of them are (one "007" makes all of them strings).

    Parameters
    ----------
    path : path
        A text file with one rating a line, perhaps gzipped.
    user, item, rating : str or int
        Names of the columns, or their positions from 0 in a file without a header.
    timestamp : str or int, optional
        Numbers since 1970 (see `time_unit`), or dates such as 2026-11-24T12:00:00, in UTC
        unless they say otherwise. A file without this column gives ratings without timestamps.
    sep : str, optional
        What separates the fields; if not given, found from the first line among
        `,` `;` tab `|` and `::`.
    encoding : str, optional
        If not given, UTF-8, or UTF-16 when the file begins with its byte order mark.
    decimal : str
        `","` for ratings such as 3,5.
    time_unit : {"s", "ms"}
        Whether numbers in `timestamp` are seconds or milliseconds.
    duplicates : {"error", "first", "last"}
        What to do when a user rates an item more than once: refuse, or keep that row.
    scale : tuple of float
        Lowest and highest possible rating; it is not guessed from the data.
    items, users : pandas.DataFrame, optional
        Indexed by item and user id, as in `Ratings.from_table`.
    name : str, optional
        What to call the data; the file's name if not given.

    Returns
    -------
    Ratings

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file cannot be read as told; the message names the file, the line and the
        remedy.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "mine.csv")
    >>> _ = file.write_text("who;film;stars\\nann;Alien;5\\nann;Big;2\\nbob;Big;4\\n")
    >>> read_csv(file, user="who", item="film", rating="stars")
    Ratings(mine: 3 ratings on 1..5, 2 users, 2 items, density 75.0 %, no timestamps)
    """
    _check_choices(time_unit, duplicates)
    wanted = {"user": user, "item": item, "rating": rating}
    headless = isinstance(user, int)
    if timestamp is not None and (isinstance(timestamp, int) or not headless):
        wanted["timestamp"] = timestamp
    text, first_line = _first_line(decode(read_bytes(path), encoding, path), path)
    table = _columns_of(text, wanted, headless, sep, path)
    if duplicates != "error":
        table = table.drop_duplicates(["user", "item"], keep=duplicates)
    try:
        table["rating"] = _numbers(table["rating"], decimal)
        if "timestamp" in table:
            table["timestamp"] = _seconds(table["timestamp"], time_unit)
        return Ratings.from_table(table, items, users, scale, name or Path(path).name.split(".")[0])
    except ValueError as error:
        raise located(_remedied(error), path, first_line + (not headless)) from error


def _first_line(text: str, path: object) -> tuple[str, int]:
    """The text from its first line that is not blank, and the number of that line."""
    found = re.match(r"(?:[^\S\r\n]*(?:\r\n|\r|\n))*", text)
    blank = found[0] if found else ""
    if not text[len(blank) :].strip():
        raise ValueError(f"{path} is empty; pass a file with at least one rating")
    return text[len(blank) :], 1 + len(re.findall(r"\r\n|\r|\n", blank))


def _remedied(error: ValueError) -> ValueError:
    """What `Ratings` says of a table that pairs repeat, said of a file."""
    problem, _, _ = str(error).partition("; keep one of them")
    if problem == str(error):
        return error
    return ValueError(f'{problem}; pass duplicates="last" (or "first") to keep one of them')


def _check_choices(time_unit: str, duplicates: str) -> None:
    if time_unit not in UNITS:
        raise ValueError(f'time_unit {time_unit!r} is unknown; pass "s" or "ms"')
    if duplicates not in ("error", "first", "last"):
        raise ValueError(f'duplicates {duplicates!r} is unknown; pass "error", "first" or "last"')


def _columns_of(
    text: str, wanted: dict[str, str | int], headless: bool, sep: str | None, path: object
) -> pd.DataFrame:
    """The wanted columns under their canonical names; row n is n lines below the first."""
    sep = sep or _separator(re.split(r"[\r\n]", text, maxsplit=1)[0], wanted, headless)
    if len(sep) > 1:  # pandas is fast with one character only
        text, sep = text.replace(sep, "\t"), "\t"
    options = {"sep": sep, "header": None if headless else 0, "skipinitialspace": True}
    head = parse(text, path, nrows=1, dtype=str, **options)
    columns = [c.strip() if isinstance(c, str) else c for c in head.columns]
    if wanted.get("timestamp") == "timestamp" and "timestamp" not in columns:
        wanted = {column: source for column, source in wanted.items() if column != "timestamp"}
    missing = [source for source in wanted.values() if source not in columns]
    if missing:
        raise ValueError(_no_column(missing, columns, sep, path))
    place = {column: columns.index(source) for column, source in wanted.items()}
    as_text = {place["user"]: str, place["item"]: str}
    table = parse(text, path, dtype=as_text, **options)
    table = table.iloc[:, list(place.values())].set_axis(list(place), axis=1)
    return table.assign(user=_ids(table["user"]), item=_ids(table["item"]))


def _ids(written: pd.Series) -> pd.Series:
    """Integers if every id is written as one, and stays the same when it is printed again."""
    distinct = written.drop_duplicates()
    whole = distinct.str.fullmatch(r"0|-?[1-9]\d{0,17}", na=False).all()
    return written.astype("int64") if whole else written


def _separator(first_line: str, wanted: dict[str, str | int], headless: bool) -> str:
    """The separator under which the first line holds most of the wanted columns."""

    def found(sep: str) -> tuple[int, int]:
        fields = [field.strip(' "\r') for field in first_line.split(sep)]
        names = list(range(len(fields))) if headless else fields
        return sum(source in names for source in wanted.values()), len(fields)

    return max(SEPARATORS, key=found)


def _no_column(missing: list, columns: list, sep: str, path: object) -> str:
    return (
        f"{path}, line 1: no column {', '.join(map(repr, missing))}; separated by {sep!r} it holds "
        f"{columns}; pass the right names, for example user={columns[0]!r}, or the right sep, or "
        "positions (user=0, item=1, rating=2) when the file has no header"
    )


def _numbers(values: pd.Series, decimal: str) -> pd.Series:
    if decimal == "." or pd.api.types.is_numeric_dtype(values):
        if values.astype(str).str.fullmatch(r"\d+,\d+").any():
            raise ValueError(
                f'ratings such as {values.iloc[0]!r} have a decimal comma; pass decimal=","'
            )
        return values
    return values.str.replace(decimal, ".", regex=False)


def _seconds(values: pd.Series, unit: str) -> pd.Series:
    """Numbers in seconds, or dates for `Ratings` to convert; a bad date is an error."""
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().any():
        if unit == "s" and numbers.median() > 1e11:
            row = numbers.idxmax()
            raise ValueError(
                f"timestamp {values[row]} at row {row} would be after the year 5000; "
                'pass time_unit="ms" if these are milliseconds'
            )
        return values if unit == "s" else numbers / UNITS[unit]
    dates = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
    if dates.isna().any():
        row = dates.isna().idxmax()
        raise ValueError(
            f"timestamp {values[row]!r} at row {row} is neither a number nor a date such as "
            "2026-11-24T12:00:00; correct it, or pass timestamp=None to leave the column out"
        )
    return dates
