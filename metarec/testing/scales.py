"""Promises about the unit of ratings and about ids."""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.testing.data import renamed
from metarec.testing.persistence import saved_and_loaded
from metarec.testing.promises import differs, finite, promise
from metarec.testing.trial import Trial

SCALES = ((0, 1), (0, 100), (1, 10), (-10, 10))


@promise("treat user ids as names: look them up, never count with them")
def user_ids_may_be_negative(trial: Trial) -> str | None:
    """Users may have any whole numbers as ids."""
    numbers = {user: -1 - n for n, user in enumerate(trial.ratings.users.index)}
    train = renamed(trial.train, "user", numbers)
    predicted = trial.new().fit(train).predict(trial.episodes)
    return None if finite(predicted, trial.episodes) else "numbers that are not finite"


def _text_ids(trial: Trial) -> tuple[Ratings, Episodes]:
    """The training part and the newcomers with texts as ids."""
    train = trial.train
    for kind, index in (("user", trial.ratings.users.index), ("item", trial.ratings.items.index)):
        train = renamed(train, kind, {one: f"{kind} {one}" for one in index})
    people, items = (
        np.array([f"{kind} {one}" for one in ids])
        for kind, ids in (("user", trial.episodes.users), ("item", trial.episodes.items))
    )
    return train, dataclasses.replace(trial.episodes, users=people, items=items)


@promise("treat ids as names, and save those of the catalogue as texts")
def ids_may_be_texts_and_survive_saving(trial: Trial) -> str | None:
    """Users and items may have texts as ids, also in a saved method."""
    train, episodes = _text_ids(trial)
    method = trial.new().fit(train)
    predicted = method.predict(episodes)
    if not finite(predicted, episodes):
        return "numbers that are not finite"
    loaded = saved_and_loaded(method)
    return loaded and differs(loaded.predict(episodes), predicted, episodes.query_mask)


@promise("take the unit from `ratings.scale` and likes from `ratings.like_from`", SCALES)
def ratings_may_be_on_any_scale(trial: Trial, case: tuple[float, float]) -> str | None:
    """A method works on any scale, or refuses it with a ValueError whose remedy works."""
    train, episodes = _on_scale(trial, *case)
    try:
        method = trial.new().fit(train)
    except ValueError as error:
        said = {name: float(value) for name, value in re.findall(r"(\w+)=(-?[\d.]*\d)", str(error))}
        other = re.search(r"to (-?\d+)\.\.(-?\d+)", str(error))
        if other:
            case = int(other[1]), int(other[2])
            train, episodes = _on_scale(trial, *case)
        elif not set(said) & set(trial.parameters):
            return f"{error!r}, which names neither parameter=value nor another scale"
        method = trial.new(**said).fit(train)
    predicted = method.predict(episodes)
    if not finite(predicted, episodes):
        return "numbers that are not finite"
    means = predicted[episodes.query_mask].mean(), train.table["rating"].mean()
    if trial.predicts_ratings and abs(means[0] - means[1]) > 0.25 * (case[1] - case[0]):
        return f"predictions with a mean of {means[0]:.3g}, where ratings have {means[1]:.3g}"
    if trial.predicts_ratings or "at_least" not in trial.parameters:
        return None
    before = trial.fitted(trial.train).predict(trial.episodes)
    found = differs(predicted, before, episodes.query_mask, rtol=1e-6, atol=1e-9)
    return found and f"{found}, where the same ratings are likes"


def _on_scale(trial: Trial, low: float, high: float) -> tuple[Ratings, Episodes]:
    """Training part and newcomers on another scale; likes stay likes, and 0/1 knows no more."""
    (first, last), like = trial.ratings.scale, trial.ratings.like_from

    def moved(values):
        if (low, high) == (0, 1):
            return (values >= like) * 1.0
        return low + (values - first) * ((high - low) / (last - first))

    table = trial.train.table.assign(rating=moved(trial.train.table["rating"]))
    train = dataclasses.replace(trial.train, table=table, scale=(float(low), float(high)))
    return train, dataclasses.replace(
        trial.episodes,
        support_ratings=moved(trial.episodes.support_ratings),
        query_ratings=moved(trial.episodes.query_ratings),
    )
