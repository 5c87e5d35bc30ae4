"""SVD++ against the joint least-squares problem, written densely, and a planted truth."""

import dataclasses

import numpy as np
import pandas as pd

from metarec.data import Episodes, Ratings
from metarec.models import ALS, SVDPlusPlus
from metarec.models.factorization.svdpp import _shares


def test_the_implicit_step_is_one_large_ridge_regression(ratings):
    """Every number of y is a column: of rating (u, i), item j and factor f, |N|^(-1/2) v_if."""
    model = SVDPlusPlus(n_factors=2, implicit_regularization=0.7)
    model.CG_STEPS = 500
    generator = np.random.default_rng(2)
    users, items = generator.normal(size=(15, 3)), generator.normal(size=(10, 3))
    scores = ratings.matrix()
    shares = _shares(scores)
    y = model._implicit_step(scores, shares, users, items, np.zeros((10, 2)))

    u, i = scores.nonzero()
    x = shares.toarray()[u][:, :, None] * items[i, None, 1:]  # [ratings, items, factors]
    x = x.reshape(len(u), -1)
    left = scores.data - users[u, 0] - items[i, 0] - (users[u, 1:] * items[i, 1:]).sum(1)
    expected = np.linalg.solve(x.T @ x + 0.7 * np.eye(20), x.T @ left)
    np.testing.assert_allclose(y.ravel(), expected, atol=1e-3)


def test_a_newcomer_is_a_ridge_regression_given_what_was_rated(ratings):
    model = SVDPlusPlus(n_factors=2, implicit_regularization=1.0).fit(ratings)
    person = Episodes.of_one(ratings, {1: 5, 4: 2, 6: 3}, query=[0, 9])
    items, rated = model.item_factors_, [1, 4, 6]
    s = model.implicit_factors_[rated].sum(0) / np.sqrt(3)
    x = np.column_stack([np.ones(3), items[rated, 1:]])
    y = np.array([5, 2, 3]) - model.global_mean_ - items[rated, 0] - items[rated, 1:] @ s
    penalty = np.diag(model._penalty(np.array([3]))[0])
    z = np.linalg.solve(x.T @ x + penalty, x.T @ y) + [0, *s]
    np.testing.assert_allclose(model.fold_in(person)[0], z, atol=1e-10)
    expected = model.global_mean_ + z[0] + items[[0, 9], 0] + items[[0, 9], 1:] @ z[1:]
    np.testing.assert_allclose(model.predict(person)[0], expected, atol=1e-10)


def test_without_room_for_y_it_is_als(ratings):
    plain = ALS(n_factors=2).fit(ratings)
    tied = SVDPlusPlus(n_factors=2, implicit_regularization=1e12).fit(ratings)
    np.testing.assert_allclose(tied.item_factors_, plain.item_factors_, atol=1e-6)


def test_what_was_rated_tells_the_taste_even_when_the_stars_say_nothing():
    """Two circles rate films of their own, all with the same stars; then two films divide them."""
    generator = np.random.default_rng(0)
    rows = []
    for user in range(60):
        circle = user % 2
        rows += [(user, 10 * circle + i, 3.0) for i in generator.permutation(10)[:6]]
        rows += [(user, 20, 5.0 - 4 * circle), (user, 21, 1.0 + 4 * circle)]
    table = pd.DataFrame(rows, columns=["user", "item", "rating"])
    ratings = Ratings.from_table(table)
    people = [Episodes.of_one(ratings, dict.fromkeys(range(s, s + 4), 3), [20]) for s in (0, 10)]

    def gap(model):
        first, second = (model.fit(ratings).predict(person)[0, 0] for person in people)
        return first - second

    weak = {"n_factors": 2, "regularization": 0.1}
    assert gap(SVDPlusPlus(**weak, implicit_regularization=1.0)) > 2
    assert abs(gap(ALS(**weak))) < 1


def test_nobody_yet_is_the_average_person(ratings):
    model = SVDPlusPlus(n_factors=2, implicit_regularization=1.0).fit(ratings)
    np.testing.assert_array_equal(model.fold_in(Episodes.of_one(ratings, {}))[0], np.zeros(3))
    s = _shares(ratings.matrix()) @ model.implicit_factors_[:-1]
    np.testing.assert_allclose(s.mean(0), 0, atol=1e-10)


def test_unseen_items_count_for_the_level_and_say_nothing_of_the_taste(ratings):
    model = SVDPlusPlus(n_factors=2, implicit_regularization=1.0).fit(ratings)
    person = Episodes.of_one(ratings, {1: 5, 4: 5, 6: 5}, query=[2])
    strangers = dataclasses.replace(person, items=np.arange(100, 110))
    level = 3 * (5 - model.global_mean_) / (3 + model.bias_regularization)
    np.testing.assert_allclose(model.fold_in(strangers)[0], [level, 0, 0], atol=1e-12)
