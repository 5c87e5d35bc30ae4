"""What counts as a like comes from the scale, or from the caller."""

import dataclasses

import numpy as np
import pytest

from metarec.data import Episodes, Ratings
from metarec.models import (
    BPR,
    EASE,
    ContentRidge,
    ImplicitALS,
    LikedItemNeighbours,
    LikedUserNeighbours,
    Rocchio,
    TwoTower,
)

METHODS = [
    EASE(),
    LikedItemNeighbours(),
    LikedUserNeighbours(),
    ImplicitALS(n_factors=3, dislike=1.0),
    BPR(n_factors=3, n_epochs=3, n_steps=5),
    ContentRidge(),
    Rocchio(),
    TwoTower(n_epochs=1, device="cpu"),
]
SHOWN = {101: 5, 102: 4, 103: 3, 104: 1}
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda m: type(m).__name__)


def stretched(ratings: Ratings, low: float, high: float) -> Ratings:
    """The same ratings of 1 to 5 on another scale."""
    table = ratings.table.assign(rating=low + (high - low) * (ratings.table["rating"] - 1) / 4)
    return dataclasses.replace(ratings, table=table, scale=(low, high))


def answer(method, ratings: Ratings, low: float = 1, high: float = 5) -> np.ndarray:
    shown = {item: low + (high - low) * (rating - 1) / 4 for item, rating in SHOWN.items()}
    return method.fit(ratings).predict(Episodes.of_one(ratings, shown))


@pytest.mark.parametrize("scale", [(0, 100), (1, 10), (-10, 10)])
@every_method
def test_the_same_opinions_on_another_scale_get_the_same_scores(method, scale, made_up):
    expected = answer(method, made_up)
    np.testing.assert_array_equal(answer(method, stretched(made_up, *scale), *scale), expected)


@every_method
def test_of_yes_and_no_yes_is_a_like(method, made_up):
    table = made_up.table.assign(rating=(made_up.table["rating"] >= 4).astype(float))
    votes = dataclasses.replace(made_up, table=table, scale=(0, 1))
    shown = {item: float(rating >= 4) for item, rating in SHOWN.items()}
    found = method.fit(votes).predict(Episodes.of_one(votes, shown))
    np.testing.assert_array_equal(found, answer(method, made_up))


@every_method
def test_the_caller_may_say_what_a_like_is(method, made_up):
    assert method.fit(made_up).at_least_ == 4
    method = type(method)(**{**method.get_params(), "at_least": 3})
    assert method.fit(made_up).at_least_ == 3
    assert method.liked(Episodes.of_one(made_up, SHOWN)).tolist() == [[True, True, True, False]]
