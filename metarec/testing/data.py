"""Made-up ratings, and the same ratings in another catalogue or with other ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd

from metarec.data.ratings import Ratings

__all__ = ["made_up"]


def made_up(n_users: int = 60, n_items: int = 80, seed: int = 0, times: bool = True) -> Ratings:
    """Small made-up ratings: item quality, mild and harsh users, one taste; 40 ratings a user.

    Parameters
    ----------
    n_users, n_items : int
        Users have the ids 1, 2, …; items 101, 102, ….
    seed : int
    times : bool
        Whether the ratings have timestamps.

    Returns
    -------
    Ratings

    Examples
    --------
    >>> made_up()
    Ratings(made up: 2,400 ratings on 1..5, 60 users, 80 items, density 50.0 %, with timestamps)
    """
    generator = np.random.default_rng(seed)
    quality, taste = generator.normal(size=n_items), generator.normal(size=(n_users, 1))
    trait = generator.normal(size=n_items)
    mildness = generator.normal(0, 0.5, (n_users, 1))
    noise = generator.normal(0, 0.4, (n_users, n_items))
    truth = 3 + 0.6 * quality + mildness + 0.5 * taste * trait + noise
    rows = [
        (u, i)
        for u in range(n_users)
        for i in generator.choice(n_items, min(40, n_items), replace=False)
    ]
    users, items = np.array(rows).T
    table = pd.DataFrame({"user": users + 1, "item": items + 101})
    table["rating"] = np.clip(np.rint(truth[users, items]), 1, 5)
    if times:
        table["timestamp"] = generator.permutation(len(table)) + 880_000_000
    catalogue = pd.DataFrame(
        {"title": [f"Film {i}" for i in range(n_items)], "year": 1990},
        index=np.arange(n_items) + 101,
    )
    return Ratings.from_table(table, catalogue, name="made up")


def tables(ratings: Ratings) -> tuple[pd.DataFrame, ...]:
    """The three tables, to see whether a method leaves them as they were."""
    return ratings.table, ratings.items, ratings.users


def levels(ratings: Ratings) -> tuple[float, float, float, float]:
    """The lowest rating, the middle, the least like and the highest."""
    low, high = ratings.scale
    return low, (low + high) / 2, ratings.like_from, high


def with_items(ratings: Ratings, n: int) -> Ratings:
    """The same ratings, in a catalogue that ends with n more items of which nothing is known."""
    ids = ratings.items.index
    numbers = pd.api.types.is_integer_dtype(ids)
    more = [int(ids.max()) + 1 + i if numbers else f"unseen {i}" for i in range(n)]
    return dataclasses.replace(ratings, items=ratings.items.reindex([*ids, *more]))


def renamed(ratings: Ratings, kind: str, names: Mapping) -> Ratings:
    """The same ratings with other ids of users or items."""
    side = getattr(ratings, f"{kind}s")
    side = side.set_axis(side.index.map(names), axis=0)
    table = ratings.table.assign(**{kind: ratings.table[kind].map(names)})
    return dataclasses.replace(ratings, table=table, **{f"{kind}s": side})
