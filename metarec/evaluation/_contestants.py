"""Who takes part in a protocol: chance, the trivial answer, and every method, fitted and blind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from sklearn.base import clone

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.evaluation import costs

CHANCE, ITEM_MEAN, POPULARITY = "chance", "item mean", "popularity"
Predict = Callable[[Episodes], np.ndarray]


class Recommender(Protocol):
    """What a protocol asks of a method: see `metarec.models.Method`."""

    predicts_ratings: bool

    def fit(self, ratings: Ratings) -> Recommender: ...
    def predict(self, episodes: Episodes) -> np.ndarray: ...


def contestants(
    methods: Mapping[str, Recommender],
    train: Ratings,
    probe: Episodes,
    trivial: str,
    at_least: float = -np.inf,
    keep: dict[str, Recommender] | None = None,
) -> Iterator[tuple[str, Predict, dict[str, Any]]]:
    """Chance, the trivial answer, then each method fitted; predictions are blind and checked.

    What an answer costs is measured on the first person of `probe`. `keep` gets what was fitted.
    """
    taken = {CHANCE, trivial} & set(methods)
    if taken:
        raise ValueError(
            f"the protocol adds the rows {sorted(taken)} itself; give your method another name"
        )
    generator, drawn_from = np.random.default_rng(0), train.table["rating"].to_numpy()
    values = (
        train.item_means(shrinkage=3)
        if trivial == ITEM_MEAN
        else train.item_counts(at_least).astype(float)
    )
    yield (
        CHANCE,
        lambda e: generator.choice(drawn_from, e.query_items.shape),
        _fact(CHANCE, True),
    )
    yield trivial, lambda e: values[e.query_items], _fact(trivial, trivial == ITEM_MEAN)
    for name, method in methods.items():
        start = time.perf_counter()
        fitted = clone(method).fit(train)
        if keep is not None:
            keep[name] = fitted
        seconds = (time.perf_counter() - start) / costs.reference_seconds()
        fact = _fact(name, method.predicts_ratings, method.get_params(), seconds)
        fact["learned"] = costs.learned_numbers(fitted)
        answer = costs.of_one_person(fitted.predict, probe.blind())
        fact["answer_seconds"], fact["answer_bytes"] = answer
        yield name, _blind(name, fitted), fact


def _blind(name: str, method: Recommender) -> Predict:
    def predict(episodes: Episodes) -> np.ndarray:
        scores = method.predict(episodes.blind())
        wrong = ~np.isfinite(scores) & episodes.query_mask
        if wrong.any():
            user = episodes.users[wrong.any(1)][0]
            raise ValueError(
                f"{name} predicts {wrong.sum()} numbers that are not finite, first for user {user}"
            )
        return scores

    return predict


def _fact(
    name: str, predicts_ratings: bool, parameters: dict | None = None, seconds: float = 0
) -> dict[str, Any]:
    return {
        "method": name,
        "relative_seconds": seconds,
        "predicts_ratings": predicts_ratings,
        "parameters": parameters or {},
    }
