"""Classic splits (protocols 2, 5, 6 and 7): some ratings of known users are held out.

The unit is the same `Episodes` as in the few-shot splits: a user's training ratings are the
support, the held-out part is the query. Introduced in chapter 02.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.few_shot import SEED, first_fifth, people


class Holdout(NamedTuple):
    """Training ratings and the episodes to be judged on."""

    train: Ratings
    test: Episodes


def new_items(ratings: Ratings, seed: int = SEED, at_least: float | None = None) -> Holdout:
    """Protocol 2: rank items that nobody has rated.

    A fifth of the items with at least 5 likes is held out whole. Each user who likes one of them
    shows all ratings of other items and ranks the held-out items.

    Parameters
    ----------
    ratings : Ratings
    seed : int
    at_least : float, optional
        The least rating that is a like; if not given, `ratings.like_from`: 4 on a scale of 1 to 5.

    Returns
    -------
    Holdout
        Query: the held-out items; relevance 1 where the user likes one.

    Raises
    ------
    ValueError
        When fewer than 5 items have 5 likes.
    """
    rows, said = _likes(ratings, at_least)
    liked = ratings.table[rows]
    held = first_fifth(liked["item"].value_counts(), 5, seed, "likes", said)
    train = ratings.keep(~ratings.table["item"].isin(held))
    relevant = liked[liked["item"].isin(held)]
    asked = np.flatnonzero(ratings.items.index.isin(held))
    return Holdout(train, _rank(train, relevant, asked, unseen_only=False))


def next_item(ratings: Ratings) -> Holdout:
    """Protocol 5: the last item of each user, by time and then by row, ranked among all unseen.

    Parameters
    ----------
    ratings : Ratings
        With timestamps.

    Returns
    -------
    Holdout
        Supports are whole histories, oldest first.

    Raises
    ------
    ValueError
        When the ratings have no timestamps, or nobody has two ratings.
    """
    if not ratings.has_timestamps:
        raise ValueError(f"{ratings.name} has no timestamps; the next item needs an order of time")
    ordered = ratings.table.sort_values("timestamp", kind="stable")
    repeated = ordered[ordered.duplicated("user", keep=False)]
    last = repeated.drop_duplicates("user", keep="last")
    if last.empty:
        raise ValueError(
            f"no user of {ratings.name} has two ratings; the next item needs a history"
        )
    train = ratings.keep(~ratings.table.index.isin(last.index))
    return Holdout(train, _rank(train, last, np.arange(ratings.n_items), unseen_only=True))


def rating_folds(ratings: Ratings, n_folds: int = 5, seed: int = SEED) -> Iterator[Holdout]:
    """Protocol 6: random folds of the rows.

    Parameters
    ----------
    ratings : Ratings
    n_folds : int
    seed : int

    Yields
    ------
    Holdout
        Supports hold all training ratings of a user, the query the fold's.

    Raises
    ------
    ValueError
        When there are fewer ratings than folds, or fewer than 2 folds.
    """
    if not 2 <= n_folds <= len(ratings):
        raise ValueError(f"n_folds {n_folds} is not between 2 and the {len(ratings)} ratings")
    for rows in np.array_split(np.random.default_rng(seed).permutation(len(ratings)), n_folds):
        held = np.zeros(len(ratings), dtype=bool)
        held[rows] = True
        train, test = ratings.keep(~held), ratings.keep(held)
        asked = {user: (positions, values) for user, positions, values in people(test)}
        yield Holdout(train, _with_history(train, asked))


def top_n(ratings: Ratings, seed: int = SEED, at_least: float | None = None) -> Holdout:
    """Protocol 7: a fifth of the likes, ranked among all that the user has not liked yet.

    Parameters
    ----------
    ratings : Ratings
    seed : int
    at_least : float, optional
        The least rating that is a like; if not given, `ratings.like_from`: 4 on a scale of 1 to 5.

    Returns
    -------
    Holdout
        Query: the catalogue without what the user likes in training.

    Raises
    ------
    ValueError
        When there are fewer than 5 likes.
    """
    rows, said = _likes(ratings, at_least)
    liked = np.flatnonzero(rows)
    if len(liked) < 5:
        raise ValueError(f"5 likes are needed; {said}")
    held = np.zeros(len(ratings), dtype=bool)
    held[np.random.default_rng(seed).permutation(liked)[: len(liked) // 5]] = True
    train = ratings.keep(~held)
    likes = train.keep(rows[~held])
    test = _rank(
        train, ratings.table[held], np.arange(ratings.n_items), unseen_only=True, seen=likes
    )
    return Holdout(train, test)


def _likes(ratings: Ratings, at_least: float | None) -> tuple[np.ndarray, str]:
    """Which rows are likes, and what to say where these are too few."""
    least = ratings.like_from if at_least is None else at_least
    rows = (ratings.table["rating"] >= least).to_numpy()
    low, high = ratings.scale
    said = (
        f"{rows.sum()} of the {len(ratings)} ratings of {ratings.name} are likes, "
        f"{least:g} or more on the scale {low:g}..{high:g}: pass at_least=, the least rating "
        "that is a like, or more data"
    )
    return rows, said


def _with_history(train: Ratings, asked: dict) -> Episodes:
    nothing = (np.array([], dtype=np.int64), np.array([]))
    history = {user: (positions, values) for user, positions, values in people(train)}
    support = [history.get(user, nothing) for user in asked]
    about = train.users.loc[list(asked)]
    return Episodes.pack(list(asked), train.items.index, support, list(asked.values()), about)


def _rank(
    train: Ratings,
    relevant: pd.DataFrame,
    candidates: np.ndarray,
    unseen_only: bool,
    seen: Ratings | None = None,
) -> Episodes:
    """Each user of `relevant` ranks the candidates, those already seen left out if asked."""
    likes = {user: rows.to_numpy() for user, rows in relevant.groupby("user")["item"]}
    known = {user: positions for user, positions, _ in people(seen or train)} if unseen_only else {}
    asked = {}
    for user, ids in likes.items():
        open_items = np.setdiff1d(candidates, known.get(user, []))
        hits = np.isin(open_items, train.items.index.get_indexer(ids))
        asked[user] = (open_items, hits.astype(float))
    return _with_history(train, asked)
