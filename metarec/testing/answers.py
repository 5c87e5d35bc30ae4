"""Promises about `fit`, `predict`, and the reasons that are given for an answer."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pandas as pd

from metarec.data.episodes import Episodes
from metarec.models.explain import influence
from metarec.testing.data import levels, tables
from metarec.testing.promises import differs, finite, promise
from metarec.testing.trial import Trial


@promise("end `fit` with `return self`")
def fit_returns_the_method(trial: Trial) -> str | None:
    """`fit` returns the method itself."""
    given = trial.returned()
    return None if given is trial.fitted(trial.train) else f"it returns {given!r}"


@promise("fit and predict from copies, such as `ratings.matrix()` or `array.copy()`")
def inputs_are_left_as_they_were(trial: Trial) -> str | None:
    """Neither `fit` nor `predict` changes what it is given."""
    before, method = copy.deepcopy(trial.episodes), trial.fitted(trial.train)
    method.predict(trial.episodes)
    for old, new in zip(trial.untouched, tables(trial.train), strict=True):
        if not old.equals(new):
            return "`fit` has changed the ratings"
    for field in dataclasses.fields(Episodes):
        old, new = (getattr(episodes, field.name) for episodes in (before, trial.episodes))
        same = old.equals(new) if isinstance(old, pd.DataFrame) else np.array_equal(old, new)
        if not same:
            return f"`predict` has changed {field.name} of the episodes"
    return None


@promise("return one finite number for each query item, shape [users, q], also where k is 0")
def predictions_are_finite_and_have_the_shape_of_the_query(trial: Trial) -> str | None:
    """Whoever shows 0, 1, 5 or 20 ratings gets a finite float64 for each query item."""
    for k in (0, 1, 5, 20):
        episodes = trial.episodes.first(k).blind()
        predicted = trial.fitted(trial.train).predict(episodes)
        if predicted.shape != episodes.query_items.shape:
            return f"shape {predicted.shape}, not {episodes.query_items.shape}, at k = {k}"
        if predicted.dtype != np.float64:
            return f"numbers of type {predicted.dtype}"
        if not finite(predicted, episodes):
            return f"numbers that are not finite, at k = {k}"
    return None


@promise("read the support alone: what the query holds is what is to be predicted")
def the_query_ratings_are_never_read(trial: Trial) -> str | None:
    """`predict` never reads the ratings of the query."""
    predict = trial.fitted(trial.train).predict
    one, other = predict(trial.episodes), predict(trial.episodes.blind())
    return differs(one, other, trial.episodes.query_mask)


@promise("draw from `np.random.default_rng(self.seed)` only, made anew in `fit` and in `predict`")
def one_seed_gives_one_answer(trial: Trial) -> str | None:
    """Fitted twice, the method answers alike; so it does when it is asked twice."""
    methods = trial.fitted(trial.train), trial.new().fit(trial.train)
    one, again, other = (m.predict(trial.episodes) for m in (methods[0], *methods))
    mask = trial.episodes.query_mask
    return differs(one, again, mask) or differs(one, other, mask)


@promise("multiply by `support_mask`, or leave out what it leaves out")
def padding_is_ignored(trial: Trial) -> str | None:
    """What the mask leaves out of a support does not count."""
    masked = trial.episodes.support_mask.copy()
    masked[:, 5:] = False
    padded = dataclasses.replace(trial.episodes, support_mask=masked)
    predict = trial.fitted(trial.train).predict
    one, other = predict(padded), predict(trial.episodes.first(5))
    return differs(one, other, trial.episodes.query_mask, rtol=1e-9)


@promise("answer each person from that person's support and from what `fit` learned")
def the_answer_does_not_depend_on_who_else_is_asked(trial: Trial) -> str | None:
    """A person is answered alike alone and among others, who show more or fewer ratings."""
    shown = np.arange(trial.episodes.n_support) < np.arange(len(trial.episodes))[:, None]
    ragged = dataclasses.replace(trial.episodes, support_mask=trial.episodes.support_mask & shown)
    predict = trial.fitted(trial.train).predict
    for episodes in (trial.episodes, ragged):
        mask = episodes.query_mask[[2]]
        alone, together = predict(episodes.take([2])), predict(episodes)[[2]]
        found = differs(alone, together, mask, rtol=1e-5, atol=1e-8)
        if found:
            return found
    return None


@promise("look positions up by id: `episodes.items[episodes.query_items]`, or `Method.rows`")
def items_are_told_by_id_and_not_by_position(trial: Trial) -> str | None:
    """Another order of the same catalogue changes nothing."""
    episodes = trial.episodes
    order = np.random.default_rng(0).permutation(len(episodes.items))
    place = np.argsort(order)
    renumbered = dataclasses.replace(
        episodes,
        items=episodes.items[order],
        support_items=place[episodes.support_items],
        query_items=place[episodes.query_items],
    )
    predict = trial.fitted(trial.train).predict
    return differs(predict(renumbered), predict(episodes), episodes.query_mask, rtol=1e-9)


@promise("let `knows(episodes)` say False for whom you answer with counts: see `Method.knows`")
def an_only_rating_moves_no_more_than_the_range_of_scores(trial: Trial) -> str | None:
    """No reason is larger than what it explains: counts of people never leak into `influence`."""
    method, items = trial.fitted(trial.train), trial.ratings.items.index
    low, *_, high = levels(trial.ratings)
    pairs = list(zip(items[:5], items[5:10], strict=True))
    people = [{one: rating} for one, _ in pairs for rating in (low, high)]
    people += [{one: high, other: low} for one, other in pairs]
    asked = [Episodes.of_one(trial.ratings, shown, items[10:]) for shown in ({}, *people)]
    nobody, *answers = (method.predict(episodes).ravel() for episodes in asked)
    own = [answer for answer in answers if not np.allclose(answer, nobody)]
    scores = np.concatenate([[0.0], *own, method.predict(trial.episodes).ravel()])
    width = trial.ratings.scale[1] - trial.ratings.scale[0]
    span = width if trial.predicts_ratings else np.ptp(scores)
    moved = max(float(np.abs(influence(method, episodes)).max()) for episodes in asked[1:])
    if moved <= span * (1 + 1e-9) + 1e-12:
        return None
    return f"one rating is said to move {moved:g}, where scores span {span:g}"
