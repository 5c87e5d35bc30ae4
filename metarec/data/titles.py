"""Film titles as sources write them and as people type them. Introduced in chapter 05.

MovieLens writes "Postman, The (Postino, Il)", Wikidata "Il Postino: The Postman". `title_key`
removes what is a matter of spelling, `names` and `parts` give the names that one title holds,
`TitleIndex` looks a film up by name and year, and `find_title` finds the one that somebody means.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable
from typing import NamedTuple

import pandas as pd
import rapidfuzz

from metarec.data.ratings import Ratings

ARTICLES = "the|a|an|le|la|les|l'|el|los|las|il|lo|i|gli|der|die|das|den|det|un|une|una|o|os"
TRAILING_ARTICLE = re.compile(rf"^(.*), ({ARTICLES})$", re.IGNORECASE)
IN_BRACKETS = re.compile(r"\(([^()]*)\)")
ALSO_KNOWN_AS = re.compile(r"^a\.?k\.?a\.?\s*", re.IGNORECASE)
SUBTITLE = re.compile(r"\s*[:–]\s+|\s+[-–]\s+|,? or:? ", re.IGNORECASE)
YEAR = re.compile(r"^(.*?\S)\s*[(\[]?\b((?:19|20)\d\d)[)\]]?$")
OWNER = re.compile(r"^(?:[\w.\-]+ ){0,3}[\w.\-]+(?:'s|s'|’s|s’) (?=\w)")
# fmt: off
WORDS = {  # i, v and x stay: they are words or letters as often as numbers
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9",
    "vol": "volume", "colour": "color", "colours": "colors",
}
# fmt: on


class Match(NamedTuple):
    """A film that was found: its id, and whether by its title, another name, or a part of it."""

    id: object
    how: str


@functools.lru_cache(maxsize=100_000)  # the same titles are looked up again and again
def title_key(title: str) -> str:
    """Reduce a title to what does not depend on spelling.

    Accents, case, punctuation, blanks and a leading English article go; "&" and "+" become
    "and", small numbers become digits; an article after a comma comes to the front.

    Parameters
    ----------
    title : str

    Returns
    -------
    str
        Letters and digits only; empty when the title holds neither.

    Examples
    --------
    >>> title_key("Twelve Monkeys"), title_key("Amélie & Co., The")
    ('12monkeys', 'amelieandco')
    """
    text = TRAILING_ARTICLE.sub(r"\2 \1", title.strip())
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    text = re.sub(r"[’'`]", "", text.lower())
    words = re.findall(r"[^\W_]+", re.sub(r"[&+]", " and ", text))
    if len(words) > 1 and words[0] in ("the", "a", "an"):
        words = words[1:]
    return "".join(WORDS.get(word, word) for word in words)


def names(title: str) -> list[str]:
    """The names in a title: itself without brackets first, then what stands in brackets.

    Examples
    --------
    >>> names("Postman, The (Postino, Il)")
    ['Postman, The', 'Postino, Il']
    """
    main = IN_BRACKETS.sub("", title).strip() or title
    others = [ALSO_KNOWN_AS.sub("", name.strip()) for name in IN_BRACKETS.findall(title)]
    return [name for name in [main, *others] if title_key(name)]


def parts(title: str) -> list[str]:
    """Shorter names that people use: before and after a colon, without the owner in front.

    Examples
    --------
    >>> parts("Star Wars: Episode V – The Empire Strikes Back")
    ['Star Wars', 'The Empire Strikes Back']
    >>> parts("Jane Austen's Mafia!")
    ['Mafia!']
    """
    pieces = SUBTITLE.split(title)
    shorter = [pieces[0], pieces[-1]] if len(pieces) > 1 else []
    if OWNER.match(title):
        shorter.append(OWNER.sub("", title))
    return [piece for piece in shorter if len(title_key(piece)) > 1]


class TitleIndex:
    """Finds films by name and year, where a year may be off by one.

    Parameters
    ----------
    films : pandas.DataFrame
        Indexed by id, with columns `title` (str) and `year` (number); rows without either are
        left out.
    weight : pandas.Series
        Indexed like `films`; of two films with one name and year the heavier one is taken.
    """

    def __init__(self, films: pd.DataFrame, weight: pd.Series) -> None:
        films = films[films["title"].notna() & films["year"].notna()]
        self._year = films["year"].astype(int).to_dict()
        self._weight = weight.reindex(films.index).fillna(0).to_dict()
        self._title = films["title"].to_dict()
        self._full: dict[str, list] = defaultdict(list)
        self._part: dict[str, list] = defaultdict(list)
        for id, title in self._title.items():
            for name in names(title):
                self._full[title_key(name)].append(id)
            for name in parts(title):
                self._part[title_key(name)].append(id)

    def match(self, films: pd.DataFrame) -> dict[object, Match]:
        """Look every film up.

        A whole name decides; only then are parts of names tried, and a part counts only when it
        leads to one film that no other title claims.

        Parameters
        ----------
        films : pandas.DataFrame
            Indexed by id, with columns `title` and `year`.

        Returns
        -------
        dict
            From the ids of `films` to what was found; films not found are absent.
        """
        known = films[films["title"].notna() & films["year"].notna()]
        rows = list(zip(known.index, known["title"], known["year"].astype(int), strict=True))
        found = {id: self._by_name(title, year) for id, title, year in rows}
        claimed = {match.id for match in found.values() if match}
        for id, title, year in rows:
            found[id] = found[id] or self._by_part(title, year, claimed)
        return {id: match for id, match in found.items() if match}

    def _near(self, ids: list, year: int) -> list:
        return [id for id in ids if abs(self._year[id] - year) <= 1]

    def _by_name(self, title: str, year: int) -> Match | None:
        def distance(id: object) -> tuple:
            other_spelling = self._title[id].lower() != title.lower()
            return abs(self._year[id] - year), other_spelling, -self._weight[id]

        for position, name in enumerate(names(title)):
            near = self._near(self._full.get(title_key(name), []), year)
            if near:
                return Match(min(near, key=distance), "name" if position else "title")
        return None

    def _by_part(self, title: str, year: int, claimed: set) -> Match | None:
        for name in names(title):
            candidates = list(self._part.get(title_key(name), []))
            for part in parts(name):
                candidates += self._full.get(title_key(part), [])
            near = set(self._near(candidates, year)) - claimed
            if len(near) == 1:
                return Match(near.pop(), "part")
        return None


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
