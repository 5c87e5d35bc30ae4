"""Names of the protocols, under which results are stored, and groups of them that fit together."""

from __future__ import annotations

NEWCOMERS = "newcomers"
NEWCOMERS_IN_TIME = "newcomers in order of time"
BOTH_NEW = "both new"
NEW_ITEMS = "new items"
NEXT_ITEM = "next item"
TOP_N = "classic top-N"
CLASSIC_RATINGS = "classic ratings"
NOBODY_JOINS = "another population, 0 target users"
ALL_JOIN = "another population, all target users"

# What a method says it can be asked (`Method.fits`).
FEW_RATINGS = (NEWCOMERS, NEWCOMERS_IN_TIME, NOBODY_JOINS, ALL_JOIN)  # at most 20 of a person
KNOWN_ITEMS = (*FEW_RATINGS, NEXT_ITEM, TOP_N)  # whole histories too
UNRATED_ITEMS = (BOTH_NEW, NEW_ITEMS)  # needs content
ALL = (*KNOWN_ITEMS, *UNRATED_ITEMS, CLASSIC_RATINGS)


def another_population(n_users: int | None) -> str:
    """The name of protocol 4 with so many training users of the target population.

    Parameters
    ----------
    n_users : int or None
        None stands for all.

    Returns
    -------
    str
    """
    return f"another population, {'all' if n_users is None else n_users} target users"
