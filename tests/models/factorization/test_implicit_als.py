"""Implicit factorization against the dense formula, by brute force."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, Ratings
from metarec.models import ImplicitALS


@pytest.fixture
def ratings() -> Ratings:
    """Twelve people, eight items; user 0 rated all, nobody rated item 8."""
    generator = np.random.default_rng(1)
    users, items = np.nonzero(generator.random((12, 8)) < 0.5)
    users, items = np.append(users[users > 0], [0] * 8), np.append(items[users > 0], range(8))
    table = pd.DataFrame({"user": users, "item": items})
    table["rating"] = generator.integers(2, 6, len(table)).astype(float)
    return Ratings.from_table(table, items=pd.DataFrame(index=range(9)))


@pytest.fixture
def blocks() -> Ratings:
    """Two circles of six people: one likes items 0 to 4, the other 5 to 9; each lacks one."""
    rows = [(u, 5 * (u // 6) + i, 5.0) for u in range(12) for i in range(5) if i != u % 6]
    return Ratings.from_table(pd.DataFrame(rows, columns=["user", "item", "rating"]))


@pytest.mark.parametrize("dislike", [0.0, 3.0])
def test_one_half_step_is_the_dense_formula(ratings, dislike):
    model = ImplicitALS(n_factors=3, regularization=0.7, alpha=4.0, dislike=dislike)
    items = np.random.default_rng(2).normal(size=(9, 3))
    likes = ratings.matrix()
    likes.data = (likes.data >= 4).astype(float)
    solved = model._half_step(likes, items)
    values = ratings.matrix().toarray()  # 0 where there is no rating: the scale begins at 1
    for user, row in enumerate(values):
        likes = (row >= 4).astype(float)
        c = np.diag(1 + 4.0 * likes + dislike * ((row > 0) & (row < 4)))
        left = items.T @ c @ items + 0.7 * np.eye(3)
        np.testing.assert_allclose(
            solved[user], np.linalg.solve(left, items.T @ c @ likes), atol=1e-10
        )


def test_a_newcomer_is_a_half_step_and_one_without_likes_is_the_mean_person(ratings):
    model = ImplicitALS(n_factors=3, regularization=0.7, alpha=4.0, dislike=2.0).fit(ratings)
    v = model.item_factors_[:-1]
    person = model.fold_in(Episodes.of_one(ratings, {1: 5, 4: 2, 6: 4}))
    likes = np.isin(np.arange(9), [1, 6]).astype(float)
    dislikes = np.arange(9) == 4
    left = v.T @ np.diag(1 + 4 * likes + 2 * dislikes) @ v + 0.7 * np.eye(3)
    np.testing.assert_allclose(person[0], np.linalg.solve(left, v.T @ (5 * likes)), atol=1e-10)
    for shown in ({}, {1: 2}):
        nobody = model.fold_in(Episodes.of_one(ratings, shown))
        np.testing.assert_array_equal(nobody[0], model.mean_user_)


def test_two_circles_are_told_apart(blocks):
    model = ImplicitALS(n_factors=2, regularization=0.1, alpha=5.0).fit(blocks)
    scores = model.predict(Episodes.of_one(blocks, {0: 5, 1: 5}, query=range(10)))[0]
    assert scores[:5].min() > 0.5 > 0.1 > np.abs(scores[5:]).max()


def test_items_without_ratings_score_nothing(ratings):
    model = ImplicitALS(n_factors=3).fit(ratings)
    assert model.predict(Episodes.of_one(ratings, {1: 5}, query=[8]))[0, 0] == 0
    stranger = dataclasses.replace(
        Episodes.of_one(ratings, {1: 5}, query=[8]), items=np.arange(100, 109)
    )
    assert model.predict(stranger)[0, 0] == 0
    np.testing.assert_array_equal(model.fold_in(stranger)[0], model.mean_user_)
