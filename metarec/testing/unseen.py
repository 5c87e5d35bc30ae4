"""Promises about items without ratings, and about data with little in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import rankdata

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.few_shot import newcomers
from metarec.testing.data import levels, with_items
from metarec.testing.promises import differs, finite, promise
from metarec.testing.trial import Trial


@promise("give items that are unknown to `fit` what an item without ratings would get")
def unseen_items_get_a_prediction(trial: Trial) -> str | None:
    """Items that training never saw, and items of its catalogue without ratings, are answered."""
    ids = trial.ratings.items.index
    blank, (low, *_, high) = ids[0], levels(trial.ratings)
    inside = trial.train.table["item"].isin(ids[1:-5])
    train = dataclasses.replace(trial.train.keep(inside), items=trial.train.items.loc[ids[:-5]])
    method = trial.new().fit(train)
    for shown in ({ids[-1]: high, blank: low}, {ids[1]: high}):
        person = Episodes.of_one(trial.ratings, shown)
        if not finite(method.predict(person), person):
            return f"numbers that are not finite, for a person who shows {shown}"
    return None


@promise("let each unseen item of a support count as one that nobody rated")
def unseen_items_of_a_support_each_count(trial: Trial) -> str | None:
    """Who rated items that are in nobody's catalogue is answered like who rated blank ones.

    The catalogue holds three items without ratings; three more are in nobody's catalogue. All six
    are blank, so who rated the ones is answered like who rated the others; a method that lays
    unseen items on top of each other, or leaves them out, would differ.
    """
    ids, (low, *_, like, high) = trial.more.items.index[:-3], levels(trial.more)
    larger, method = with_items(trial.more, 3), trial.fitted(trial.more)
    blank = larger.items.index[-6:]
    one, other = (
        method.predict(
            Episodes.of_one(
                larger,
                {ids[0]: like, **dict(zip(rated, (high, low, high), strict=True))},
                ids[1 : int(0.75 * len(ids))],
            )
        )
        for rated in (blank[:3], blank[3:])
    )
    if trial.predicts_ratings:  # one rating moves 0.1
        width = trial.ratings.scale[1] - trial.ratings.scale[0]
        return differs(one, other, atol=width / 800)
    return None if np.array_equal(rankdata(one), rankdata(other)) else "another order"


@promise("answer a person of whom only unseen items are known as one who shows nothing")
def who_likes_only_unseen_items_is_not_answered_with_ties(trial: Trial) -> str | None:
    """Where a method has an order for a person without ratings, it has one for this person."""
    larger, high = with_items(trial.ratings, 2), trial.ratings.scale[1]
    shown = dict.fromkeys(larger.items.index[-2:], high)
    nobody, blank = (
        trial.fitted(trial.train).predict(Episodes.of_one(larger, s, trial.ratings.items.index))
        for s in ({}, shown)
    )
    kinds = len(np.unique(blank)), len(np.unique(nobody))
    return None if kinds[0] > 0.5 * kinds[1] else f"{kinds[0]} different numbers, not {kinds[1]}"


@promise("start from the mean of the training ratings")
def constant_ratings_are_learned(trial: Trial) -> str | None:
    """Where all ratings are alike, a method that predicts ratings predicts just these."""
    like = levels(trial.ratings)[-2]
    table = trial.ratings.table.assign(rating=like)
    flat = Ratings.from_table(table, scale=trial.ratings.scale)
    predicted = trial.new().fit(flat).predict(newcomers(flat).test.episodes())
    if not trial.predicts_ratings or np.allclose(predicted, like, rtol=0, atol=1e-3):
        return None
    return f"{predicted.min():g} to {predicted.max():g} where all ratings are {like:g}"


@promise("allow a query without items, and a support with every item")
def whoever_rated_everything_can_still_be_asked(trial: Trial) -> str | None:
    """Whoever has rated the whole catalogue can be asked about nothing, and about new items."""
    everything = dict.fromkeys(trial.ratings.items.index, levels(trial.ratings)[-2])
    predict = trial.fitted(trial.train).predict
    nothing = predict(Episodes.of_one(trial.ratings, everything))
    if nothing.shape != (1, 0):
        return f"shape {nothing.shape}, not (1, 0), where nothing is asked"
    person = Episodes.of_one(with_items(trial.ratings, 2), everything)
    return None if finite(predict(person), person) else "numbers that are not finite"


_LITTLE: dict[str, Callable[[Ratings], Any]] = {
    "one person": lambda r: r.table["user"] == r.users.index[0],
    "one item": lambda r: r.table["item"] == r.items.index[0],
    "one rating": lambda r: np.arange(len(r)) == 0,
    "no like": lambda r: r.table["rating"] < r.like_from,
    "no dislike": lambda r: r.table["rating"] >= r.like_from,
}


@promise("guard divisions by counts and by spreads that may be 0", _LITTLE)
def it_learns_from_very_little(trial: Trial, case: str) -> str | None:
    """A method learns from any ratings, however few or one-sided, and answers anybody."""
    low, *_, high = levels(trial.ratings)
    first, second = trial.ratings.items.index[:2]
    little = trial.ratings.keep(_LITTLE[case](trial.ratings))
    rated = little.items.loc[little.table["item"].unique()]
    cut = Ratings.from_table(little.table, rated, scale=little.scale)
    for train in (little, cut):
        method = trial.new().fit(train)
        for shown in ({}, {first: high}, {first: low, second: high}):
            person = Episodes.of_one(trial.ratings, shown)
            if not finite(method.predict(person), person):
                return f"numbers that are not finite, for a person who shows {shown}"
    return None
