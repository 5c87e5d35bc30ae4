"""Films by the names that people type. Used by `python -m metarec recommend`."""

from __future__ import annotations

import re
from collections.abc import Hashable

import rapidfuzz

from metarec.data.ratings import Ratings
from metarec.data.titles import names, parts, title_key

YEAR = re.compile(r"^(.*\S)\s*[(\[]?\b((?:19|20)\d\d)[)\]]?$")


class TitleError(LookupError):
    """No film, or more than one, fits what was typed.

    Attributes
    ----------
    text : str
        What was typed.
    candidates : list of str
        Labels of the films that come nearest, best first.
    """

    def __init__(self, text: str, candidates: list[str], ambiguous: bool):
        self.text, self.candidates = text, candidates
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
    if "title" not in row or row["title"] != row["title"]:
        return str(item)
    title = re.sub(r"^(.*?), (The|A|An)\b", r"\2 \1", row["title"])
    year = row.get("year")
    return title if year is None or year != year or f"({year})" in title else f"{title} ({int(year)})"


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
    attempts = [(text, None)]
    with_year = YEAR.match(text.strip())
    if with_year and "year" in ratings.items:
        attempts.append((with_year[1], int(with_year[2])))
    for wanted, year in attempts:
        pool = titles if year is None else titles[ratings.items["year"].reindex(titles.index) == year]
        for found in (_whole(pool, wanted), _part(pool, wanted), _similar(pool, wanted)):
            if len(found) == 1:
                return found[0]
            if found:
                raise TitleError(text, _labels(ratings, found), ambiguous=True)
    near = rapidfuzz.process.extract(text, titles.to_dict(), limit=5, processor=str.lower)
    raise TitleError(text, [label(ratings, item) for _, _, item in near], ambiguous=False)


def _whole(titles, wanted: str) -> list:
    key = title_key(wanted)
    first = [item for item, title in titles.items() if title_key(names(title)[0]) == key]
    return first or [item for item, title in titles.items() if key in map(title_key, names(title))]


def _part(titles, wanted: str) -> list:
    key = title_key(wanted)
    return [item for item, title in titles.items() if key and key in map(title_key, parts(names(title)[0]))]


def _similar(titles, wanted: str) -> list:
    """Titles within a slip or two; a title twice as near as the next one is taken."""
    keys = {item: title_key(names(title)[0]) for item, title in titles.items()}
    near = rapidfuzz.process.extract(title_key(wanted), keys, scorer=rapidfuzz.fuzz.ratio, score_cutoff=85, limit=5)
    near = [n for n in near if 100 - n[1] < 2 * (100 - near[0][1])] if near else []
    return [item for _, _, item in near]


def _labels(ratings: Ratings, items: list) -> list[str]:
    return [label(ratings, item) for item in items[:8]]
