"""The family of a row of the comparison: the folder of its method's class."""

from __future__ import annotations

from metarec.book.plots import FAMILY_COLORS
from metarec.models import registry

ORDER = tuple(FAMILY_COLORS)  # that of the chapters; a reader's own methods come last
# Rows that a chapter composes of several methods, by what their labels begin with.
COMPOSED = {
    "linear on ": "pretrained",  # chapter 07: a linear model on what an encoder read
    "ridge on ": "pretrained",
    "transformer and closed form": "meta",  # chapter 12
}


def plain(label: str) -> str:
    """A label as its class has it: chapter 04 marks what it tuned for classic ratings.

    Parameters
    ----------
    label : str

    Returns
    -------
    str

    Examples
    --------
    >>> from metarec.book.families import plain
    >>> plain("SVD++ (folds)")
    'SVD++'
    """
    return label.removesuffix(" (folds)")


def family(label: str) -> str:
    """The family of a row, "yours" if neither a class nor a chapter of the book has its label.

    Introduced in chapter 15.

    Parameters
    ----------
    label : str

    Returns
    -------
    str

    Examples
    --------
    >>> from metarec.book.families import family
    >>> family("EASE"), family("ridge on text"), family("my method")
    ('neighbours', 'pretrained', 'yours')
    """
    row = registry.row(plain(label))
    if row is not None:
        return row.family
    return next((kind for start, kind in COMPOSED.items() if label.startswith(start)), "yours")


def in_order(labels: list[str]) -> list[str]:
    """Labels family by family; inside a family as its classes come, then by name.

    Parameters
    ----------
    labels : list of str

    Returns
    -------
    list of str
    """
    known = list(registry.rows())

    def place(label: str) -> tuple[int, int, str]:
        row, own = registry.row(label), family(label)
        where = ORDER.index(own) if own in ORDER else len(ORDER)
        return where, known.index(row.label) if row else len(known), label

    return sorted(labels, key=place)
