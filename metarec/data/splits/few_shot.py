"""Few-shot splits (protocols 1, 3 and 4), each a function of the ratings and a seed alone.

A split never hands a test rating to training: the functions below cut the table once, and the
test suite compares the two sides as sets. Introduced in chapter 02.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings

SEED = 20260101
POOL = 20  # ratings of a newcomer that may be shown; all later ones are asked
K_SHOTS = (0, 1, 2, 5, 10, 20)
DRAWS = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Task:
    """Held-out people of whom a few ratings will be shown.

    Attributes
    ----------
    ratings : Ratings
        All ratings of these people, and of nobody else.
    hidden : array of item ids
        Items that no support may hold and that alone are asked; empty in protocol 1, where
        all ratings after the first 20 are asked.
    seed : int
        Seed of the draws.
    """

    ratings: Ratings
    hidden: np.ndarray
    seed: int = SEED

    def episodes(self, draw: int = 0, order: str = "random") -> Episodes:
        """One support of up to 20 ratings a person, and the query.

        Parameters
        ----------
        draw : int
            Which of the random supports; ignored in order of time.
        order : {"random", "time"}
            Whether the ratings are shuffled or come as the person gave them.

        Returns
        -------
        Episodes
            Use `.first(k)` to show only k ratings: the query is the same for every k.

        Raises
        ------
        ValueError
            For another order, or for `"time"` when the ratings carry no timestamps.
        """
        if order not in ("random", "time"):
            raise ValueError(f'order {order!r} is unknown; pass "random" or "time"')
        if order == "time" and not self.ratings.has_timestamps:
            raise ValueError(f'{self.ratings.name} has no timestamps; pass order="random"')
        catalogue = self.ratings.items.index
        hidden = catalogue.isin(self.hidden)
        users, support, query = [], [], []
        for user, positions, values in people(self.ratings):
            if order == "random":
                shuffled = _generator(self.seed, draw, user).permutation(len(positions))
                positions, values = positions[shuffled], values[shuffled]
            asked = hidden[positions]
            if not len(self.hidden):
                asked = np.arange(len(positions)) >= POOL
            if not asked.any():
                continue
            shown = np.flatnonzero(~asked)[:POOL]
            users.append(user)
            support.append((positions[shown], values[shown]))
            query.append((positions[asked], values[asked]))
        return Episodes.pack(users, catalogue, support, query, self.ratings.users.loc[users])


class Newcomers(NamedTuple):
    """Training ratings, and the people kept for validation and for the test."""

    train: Ratings
    validation: Task
    test: Task


class Populations(NamedTuple):
    """Another population: whom a model may learn from, and the newcomers it must serve."""

    source: Ratings
    target: Newcomers
    seed: int = SEED

    def target_train(self, n_users: int | None = None) -> Ratings:
        """Ratings of the first n training users of the target population.

        Parameters
        ----------
        n_users : int, optional
            Sets of growing n are nested; all training users if not given.

        Returns
        -------
        Ratings
        """
        order = permuted(self.target.train.users.index, self.seed)
        return self.target.train.keep_users(order[:n_users])

    def pooled(self, n_users: int | None = None) -> Ratings:
        """The source's ratings and those of n training users of the target, as one data set.

        Parameters
        ----------
        n_users : int, optional
            As in `target_train`.

        Returns
        -------
        Ratings
            Source users are renumbered behind the target's largest id; where ids are texts, a word
            in front keeps the populations apart. Timestamps are kept.
        """
        target = self.target_train(n_users)
        source = self.source.table.assign(user=self._renamed(self.source.table["user"]))
        table = pd.concat([target.table, source], ignore_index=True)
        scale = (
            min(target.scale[0], self.source.scale[0]),
            max(target.scale[1], self.source.scale[1]),
        )
        return Ratings.from_table(
            table, target.items, scale=scale, name=f"{self.source.name} + {target.name}"
        )

    def _renamed(self, users: pd.Series) -> pd.Series:
        """Ids for the source's users that nobody of the target has."""
        train, *held = self.target
        taken = train.users.index
        if all(pd.api.types.is_integer_dtype(ids) for ids in (users, taken)):
            return users + (int(taken.max()) + max(0, 1 - int(users.min())))
        everybody = [taken, *(task.ratings.users.index for task in held)]
        word = "source "
        while any(ids.astype(str).str.startswith(word).any() for ids in everybody):
            word += "source "
        return word + users.astype(str)


def newcomers(ratings: Ratings, min_ratings: int = 30, seed: int = SEED) -> Newcomers:
    """Protocol 1: people whom the model has never seen, with k of their ratings.

    Users with at least `min_ratings` ratings are sorted by id and permuted; the first 70 %
    train, the next 10 % validate, the rest is the test. Users with fewer ratings train.

    Parameters
    ----------
    ratings : Ratings
    min_ratings : int
        Smallest history that leaves a query after 20 supports.
    seed : int

    Returns
    -------
    Newcomers

    Raises
    ------
    ValueError
        When fewer than 10 users have enough ratings, or `min_ratings` leaves no query.
    """
    if min_ratings <= POOL:
        raise ValueError(
            f"min_ratings {min_ratings} leaves no query after {POOL} supports; "
            f"pass more than {POOL}"
        )
    counts = ratings.table["user"].value_counts()
    eligible = permuted(counts.index[counts >= min_ratings], seed)
    if len(eligible) < 10:
        raise ValueError(
            f"{len(eligible)} users of {ratings.name} have {min_ratings} ratings or more, "
            "and 10 are needed; pass a smaller min_ratings or more data"
        )
    first, second = int(0.7 * len(eligible)), int(0.8 * len(eligible))
    validation, test = eligible[first:second], eligible[second:]
    train = ratings.keep_users(ratings.users.index[~ratings.users.index.isin(eligible[first:])])
    nothing_hidden = ratings.items.index[:0].to_numpy()
    tasks = (Task(ratings.keep_users(ids), nothing_hidden, seed) for ids in (validation, test))
    return Newcomers(train, *tasks)


def both_new(ratings: Ratings, min_ratings: int = 30, seed: int = SEED) -> Newcomers:
    """Protocol 3: the newcomers of protocol 1, asked about films that nobody has rated.

    A fifth of the items with at least 5 ratings is hidden from training and from every
    support, and is all that is asked.

    Parameters
    ----------
    ratings : Ratings
    min_ratings, seed : int
        As in `newcomers`.

    Returns
    -------
    Newcomers
        Its tasks leave out people who rated no hidden item.
    """
    hidden = first_fifth(ratings.table["item"].value_counts(), 5, seed)
    split = newcomers(ratings, min_ratings, seed)
    train = split.train.keep(~split.train.table["item"].isin(hidden))
    return Newcomers(train, *(dataclasses.replace(task, hidden=hidden) for task in split[1:]))


def another_population(source: Ratings, target: Ratings, seed: int = SEED) -> Populations:
    """Protocol 4: learn from one population, serve the newcomers of another.

    Both data sets are cut to the films that they share, matched by `metarec.data.shared_items`.

    Parameters
    ----------
    source, target : Ratings
        Their item tables need the columns `title` and `year`.
    seed : int

    Returns
    -------
    Populations
        The source's items carry the target's ids, so that both have one catalogue.
    """
    from metarec.data.facts import shared_items

    pairs = shared_items(source, target)  # index: source id, values: target id
    inside = target.table["item"].isin(pairs)
    catalogue = target.items[target.items.index.isin(pairs)]
    target = dataclasses.replace(target.keep(inside), items=catalogue)
    rows = source.table[source.table["item"].isin(pairs.index)]
    renamed = rows.assign(item=rows["item"].map(pairs).astype(catalogue.index.dtype))
    source = dataclasses.replace(source, table=renamed, items=catalogue)
    return Populations(source, newcomers(target, seed=seed), seed)


def permuted(ids: pd.Index, seed: int) -> np.ndarray:
    """The ids, sorted and then shuffled by the seed."""
    return np.random.default_rng(seed).permutation(np.sort(ids.to_numpy()))


def first_fifth(
    counts: pd.Series,
    often: int,
    seed: int,
    what: str = "ratings",
    remedy: str = "pass more data",
) -> np.ndarray:
    """A random fifth of the items that are counted often enough."""
    eligible = permuted(counts.index[counts >= often], seed)
    if len(eligible) < 5:
        raise ValueError(
            f"{len(eligible)} items have {often} {what}; 5 such items are needed: {remedy}"
        )
    return eligible[: len(eligible) // 5]


def _generator(seed: int, draw: int, user: int | str) -> np.random.Generator:
    number = user if isinstance(user, (int, np.integer)) else zlib.crc32(str(user).encode())
    below = [1] if number < 0 else []  # a seed holds no sign
    return np.random.default_rng([seed, draw, abs(int(number)), *below])


def people(ratings: Ratings) -> Iterator[tuple[int | str, np.ndarray, np.ndarray]]:
    """User id, item positions and ratings of each user with ratings, in order of time, then row."""
    table = ratings.table.assign(position=ratings.positions()[1])
    if ratings.has_timestamps:
        table = table.sort_values("timestamp", kind="stable")
    table = table.sort_values("user", kind="stable")
    users, starts = np.unique(table["user"].to_numpy(), return_index=True)
    columns = (table[name].to_numpy() for name in ("position", "rating"))
    yield from zip(users, *(np.split(column, starts)[1:] for column in columns), strict=True)
