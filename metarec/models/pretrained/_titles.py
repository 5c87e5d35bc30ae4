"""What a prompt calls an item. Introduced in chapter 09."""

from __future__ import annotations

import re

import pandas as pd

UNKNOWN = "an unknown film"


def film_texts(items: pd.DataFrame, about: str = "title") -> list[str]:
    """What a prompt calls each item: its title, in the order in which it is spoken, and facts.

    Parameters
    ----------
    items : pandas.DataFrame
        An item table; what it lacks is left out, and an item of which nothing is known is called
        "an unknown film".
    about : str
        Columns, separated by spaces: "title", "year", "genres"; all but the title in brackets.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        For another column.

    Examples
    --------
    >>> films = pd.DataFrame({"title": ["Postman, The (Postino, Il)"], "year": [1994]})
    >>> film_texts(films, "title year")
    ['The Postman (1994)']
    """
    unknown = set(about.split()) - {"title", "year", "genres"}
    if unknown or not about.split():
        raise ValueError(f'about {about!r}: pass some of "title", "year" and "genres"')
    told = {
        name: items[name].astype("string").fillna("") for name in about.split() if name in items
    }
    texts = [""] * len(items)
    for name, values in told.items():
        values = values.str.replace("|", ", ", regex=False)
        if name == "title":
            values = values.map(_spoken)
        else:
            values = values.where(values == "", "(" + values + ")")
        texts = [f"{text} {value}".strip() for text, value in zip(texts, values, strict=True)]
    return [text or UNKNOWN for text in texts]


def _spoken(title: str) -> str:
    """A title without other titles in brackets, and with its article in front."""
    bare = re.sub(r"\s*\([^()]*\)", "", title) or title
    return re.sub(r"^(.*), (The|A|An)$", r"\2 \1", bare)
