"""Films by the names that people type. Used by `python -m metarec recommend`."""

from __future__ import annotations

import re
from collections.abc import Hashable

import pandas as pd
import rapidfuzz

from metarec.data.ratings import Ratings
from metarec.data.titles import names, parts, title_key

YEAR = re.compile(r"^(.*?\S)\s*[(\[]?\b((?:19|20)\d\d)[)\]]?$")


class TitleError(LookupError):
    """No film, or more than one, fits what was typed.

    Attributes
    ----------
    text : str
        What was typed.
    candidates : list of str
        Labels of the films that come nearest, best first.
    ambiguous : bool
        Whether several films fit, rather than none.
    """

    def __init__(self, text: str, candidates: list[str], ambiguous: bool):
        self.text, self.candidates, self.ambiguous = text, candidates, ambiguous
        what = "fits several films" if ambiguous else "fits no film"
        listed = "\n".join(f"  {label}" for label in candidates)
        super().__init__(f"{text!r} {what}; name one of these, with its year if needed:\n{listed}")


def label(ratings: Ratings, item: Hashable) -> str:
    """Title and year of an item as people read them: "The Matrix (1999)".

    Parameters
    ----------
    ratings : Ratings
    item : item id

    Returns
    -------
    str
        The id itself when the item has no title.
    """
    row = ratings.items.loc[item]
    if pd.isna(row.get("title")):
        return str(item)
    title = re.sub(r"^(.*?), (The|A|An)\b", r"\2 \1", row["title"])
    year = row.get("year")
    return title if pd.isna(year) or f"({year})" in title else f"{title} ({int(year)})"


def find_title(ratings: Ratings, text: str) -> Hashable:
    """The item that a person means by a title, typed with or without its year.

    Case, accents, punctuation and the place of the article do not matter. A whole title wins
    over another name of the film or a part of its title; then small slips of spelling are forgiven.

    Parameters
    ----------
    ratings : Ratings
        Its item table needs a column `title`.
    text : str
        For example `"alien"`, `"Empire Strikes Back"`, `"Hamlet (1996)"`.

    Returns
    -------
    item id

    Raises
    ------
    TitleError
        When no film fits, or several do equally well; it lists the candidates.
    ValueError
        When the ratings have no titles.
    """
    if "title" not in ratings.items:
        raise ValueError(f"{ratings.name} has no titles; name items by their id")
    titles = ratings.items["title"].dropna()
    attempts = [(title_key(text), titles)]
    with_year = YEAR.match(text.strip())
    if with_year and "year" in ratings.items:
        that_year = titles[ratings.items["year"].reindex(titles.index) == int(with_year[2])]
        attempts.insert(0, (_first_name(with_year[1]), that_year))
    elif not with_year:
        attempts.append((_first_name(text), titles))
    for key, pool in attempts:
        for found in (_whole(pool, key), _part(pool, key), _similar(pool, key)) if key else ():
            if len(found) == 1:
                return found[0]
            if found:
                raise TitleError(text, _labels(ratings, found), ambiguous=True)
    plain = {item: names(title)[0] for item, title in titles.items()}
    near = rapidfuzz.process.extract(
        text, plain, scorer=rapidfuzz.fuzz.ratio, processor=str.lower, limit=5
    )
    raise TitleError(text, [label(ratings, item) for _, _, item in near], ambiguous=False)


def _first_name(text: str) -> str:
    return next(map(title_key, names(text)), "")


def _whole(titles: pd.Series, key: str) -> list:
    first = [item for item, title in titles.items() if _first_name(title) == key]
    return first or [item for item, title in titles.items() if key in map(title_key, names(title))]


def _part(titles: pd.Series, key: str) -> list:
    return [item for item, title in titles.items() if key in map(title_key, parts(names(title)[0]))]


def _similar(titles: pd.Series, key: str) -> list:
    """Titles within a slip or two; one that is twice as near as the next is taken."""
    keys = {item: _first_name(title) for item, title in titles.items()}
    near = rapidfuzz.process.extract(
        key, keys, scorer=rapidfuzz.fuzz.ratio, score_cutoff=85, limit=5
    )
    near = [n for n in near if 100 - n[1] < 2 * (100 - near[0][1])] if near else []
    return [item for _, _, item in near]


def _labels(ratings: Ratings, items: list) -> list[str]:
    return [label(ratings, item) for item in items[:8]]
