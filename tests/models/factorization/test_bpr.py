"""BPR against finite differences, an independent optimizer and circles of friends."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
from scipy.special import expit

from metarec.data import Episodes, Ratings
from metarec.models import BPR
from metarec.models.factorization.bpr import _among, _gradient


@pytest.fixture
def circles() -> Ratings:
    """Two circles of five people: one likes items 0 to 4, the other 5 to 9; each lacks one.

    Everybody dislikes item 10, user 10 likes all others, and nobody rated item 11.
    """
    rows = [(u, 5 * (u // 5) + i, 5.0) for u in range(10) for i in range(5) if i != u % 5]
    rows += [(u, 10, 1.0) for u in range(11)] + [(10, i, 4.0) for i in range(10)]
    table = pd.DataFrame(rows, columns=["user", "item", "rating"])
    return Ratings.from_table(table, items=pd.DataFrame(index=range(12)))


def test_the_steps_are_the_gradient():
    start = np.random.default_rng(0).normal(size=2 + 3 + 3)

    def loss(all_three):
        p, w_i, w_j = np.split(all_three, [2, 5])
        x = w_i[0] - w_j[0] + p @ (w_i[1:] - w_j[1:])
        return -np.log(expit(x)) + 0.2 * (all_three**2).sum()

    steps = _gradient(start[None, :2], start[None, 2:5], start[None, 5:], 0.4)
    expected = -scipy.optimize.approx_fprime(start, loss, 1e-7)
    np.testing.assert_allclose(np.concatenate(steps, axis=1)[0], expected, atol=1e-5)


def test_membership():
    assert _among(np.array([[1, 2], [9, 3]]), np.array([2, 3, 5])).tolist() == [
        [False, True],
        [False, True],
    ]


def test_a_person_is_the_minimum_of_the_loss_over_all_pairs(circles):
    model = BPR(n_factors=2, n_epochs=60, n_steps=4000, regularization=0.05).fit(circles)
    w, mean = model.item_factors_[:-1], model.mean_user_
    pairs = [(i, j) for i in (0, 2, 7) for j in range(12) if j not in (0, 2, 7)]

    def loss(p):
        x = [w[i, 0] - w[j, 0] + p @ (w[i, 1:] - w[j, 1:]) for i, j in pairs]
        fair = 9 / 12  # a drawn item that is liked moves nothing
        pull = -fair * np.log(expit(x)).mean() + 0.025 * p @ p
        return pull + 0.1 / (2 * 3) * ((p - mean) ** 2).sum()

    best = scipy.optimize.minimize(loss, np.zeros(2)).x
    person = Episodes.of_one(circles, {0: 5, 2: 4, 7: 5, 10: 1})
    np.testing.assert_allclose(model.fold_in(person)[0], best, atol=0.03)


def test_circles_are_told_apart_and_dislikes_come_last(circles):
    model = BPR(n_factors=4, n_epochs=300, batch_size=8).fit(circles)
    scores = model.predict(Episodes.of_one(circles, {0: 5, 1: 5}, query=range(11)))[0]
    assert scores[2:5].min() > scores[5:10].max() > scores[10]


@pytest.mark.parametrize("shown", [{}, {10: 1}])
def test_who_likes_nothing_is_the_mean_person(circles, shown):
    model = BPR(n_factors=2, n_epochs=5).fit(circles)
    person = model.fold_in(Episodes.of_one(circles, shown))
    np.testing.assert_array_equal(person[0], model.mean_user_)


def test_an_unseen_item_says_nothing(circles):
    model = BPR(n_factors=2, n_epochs=5).fit(circles)
    person = Episodes.of_one(circles, {0: 5}, query=[1])
    stranger = dataclasses.replace(person, items=np.arange(100, 112))
    np.testing.assert_array_equal(model.fold_in(stranger)[0], model.mean_user_)
    assert model.predict(stranger)[0, 0] == 0


def test_ratings_without_a_like_are_survived(circles):
    harsh = Ratings.from_table(circles.table.assign(rating=2.0))
    model = BPR(n_factors=2, n_epochs=5).fit(harsh)
    assert np.isfinite(model.predict(Episodes.of_one(harsh, {0: 5}))).all()
