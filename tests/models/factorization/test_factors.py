"""Factors of ratings, by turns and by steps, against ridge regressions and a planted truth."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from metarec.data import Episodes, Ratings
from metarec.models import ALS, BiasedMF
from metarec.models.factorization.factors import half_step


def ridge(x: np.ndarray, y: np.ndarray, penalty: np.ndarray) -> np.ndarray:
    """scikit-learn's ridge regression with a penalty for each column, by scaling the columns."""
    root = np.sqrt(penalty)
    return Ridge(alpha=1.0, fit_intercept=False).fit(x / root, y).coef_ / root


def test_one_half_step_is_a_ridge_regression_for_each_user(ratings):
    model = ALS(n_factors=2, regularization=0.7, power=0.5, bias_regularization=1.3)
    items = np.random.default_rng(2).normal(size=(ratings.n_items, 3))
    matrix = ratings.matrix()
    solved = half_step(matrix, items, model._penalty)
    for user in range(ratings.n_users):
        rated = matrix.indices[matrix.indptr[user] : matrix.indptr[user + 1]]
        x = np.column_stack([np.ones(len(rated)), items[rated, 1:]])
        y = matrix.data[matrix.indptr[user] : matrix.indptr[user + 1]] - items[rated, 0]
        penalty = np.array([1.3, 0.7 * len(rated) ** 0.5, 0.7 * len(rated) ** 0.5])
        np.testing.assert_allclose(solved[user], ridge(x, y, penalty), atol=1e-10)


@pytest.mark.parametrize("model", [ALS(n_factors=2, power=1.0), BiasedMF(n_factors=2, n_epochs=5)])
def test_a_newcomer_is_a_ridge_regression_on_the_item_factors(model, ratings):
    model.fit(ratings)
    person = Episodes.of_one(ratings, {1: 5, 4: 2, 6: 3}, query=[0, 9])
    items, rated = model.item_factors_, [1, 4, 6]
    x = np.column_stack([np.ones(3), items[rated, 1:]])
    y = np.array([5, 2, 3]) - model.global_mean_ - items[rated, 0]
    z = ridge(x, y, model._penalty(np.array([3]))[0])
    np.testing.assert_allclose(model.fold_in(person)[0], z, atol=1e-10)
    expected = model.global_mean_ + z[0] + items[[0, 9], 0] + items[[0, 9], 1:] @ z[1:]
    np.testing.assert_allclose(model.predict(person)[0], expected, atol=1e-10)


def test_the_penalties_are_what_the_docstrings_say():
    als = ALS(n_factors=2, regularization=3, power=0.5, bias_regularization=7)
    assert als._penalty(np.array([0, 4])).tolist() == [[7, 3, 3], [7, 6, 6]]
    sgd = BiasedMF(2, regularization=0.5, fold_in_regularization=3, bias_regularization=7)
    assert sgd._penalty(np.array([0, 4])).tolist() == [[7, 3, 3], [9, 5, 5]]


@pytest.mark.parametrize("model", [ALS(n_factors=2), BiasedMF(n_factors=2, n_epochs=5)])
def test_an_item_that_nobody_rated_gets_the_person_s_level(model, ratings):
    model.fit(ratings)
    nobody = Episodes.of_one(ratings, {}, query=[9])
    assert model.predict(nobody)[0, 0] == pytest.approx(model.global_mean_, abs=1e-12)


@pytest.mark.parametrize("model", [ALS(n_factors=2), BiasedMF(n_factors=2, n_epochs=5)])
def test_every_unseen_item_of_a_support_counts_as_a_rating(model, ratings):
    """Nothing is known of them but that the person gave 5 to each; three times is more than one."""
    model.fit(ratings)
    person = Episodes.of_one(ratings, {1: 5, 4: 5, 6: 5}, query=[2])
    strangers = dataclasses.replace(person, items=np.arange(100, 110))
    level = 3 * (5 - model.global_mean_) / (3 + model._penalty(np.array([3]))[0, 0])
    np.testing.assert_allclose(model.fold_in(strangers)[0], [level, 0, 0], atol=1e-12)


@pytest.mark.parametrize(
    "model",
    [
        ALS(n_factors=1, regularization=1e-6, bias_regularization=1e-3, n_sweeps=50),
        BiasedMF(
            n_factors=1,
            regularization=0,
            fold_in_regularization=1e-6,
            bias_regularization=1e-6,
            lr=0.1,
            n_epochs=300,
            batch_size=16,
        ),
    ],
    ids=["ALS", "BiasedMF"],
)
def test_a_matrix_of_rank_one_is_recovered(model):
    taste, trait = np.linspace(-1, 1, 12), np.array([1.0, -1, 0.5, -0.5, 1.5, -1.5])
    whole = 3 + np.outer(taste, trait)
    hidden = np.zeros(whole.shape, dtype=bool)
    hidden[np.arange(12), np.arange(12) % 6] = True
    users, items = np.nonzero(~hidden)
    table = pd.DataFrame({"user": users, "item": items, "rating": whole[~hidden]})
    ratings = Ratings.from_table(table, scale=(1, 5))
    model.fit(ratings)
    shown = {int(i): whole[11, i] for i in range(6) if not hidden[11, i]}
    person = Episodes.of_one(ratings, shown, query=[11 % 6])
    assert model.predict(person)[0, 0] == pytest.approx(whole[11, 11 % 6], abs=0.05)
