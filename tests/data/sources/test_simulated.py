"""The simulator draws what it says it draws."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from metarec.data import simulated as simulate


@pytest.fixture(scope="module")
def many():
    made = simulate.world(n_items=100)
    return made, *made.people(n_users=8000, n_ratings=10, seed=3)


def test_people_come_from_the_prior(many):
    made, _, z = many
    np.testing.assert_allclose(z.mean(0), made.user_mean, atol=0.02)
    np.testing.assert_allclose(np.cov(z.T), made.user_covariance, atol=0.02)


def test_what_the_tastes_leave_is_white_noise(many):
    made, ratings, z = many
    users, items = ratings.positions()
    w = made.item_vectors[items]
    exact = made.global_mean + z[users, 0] + w[:, 0] + z[users, 1] * w[:, 1]
    left = ratings.table["rating"].to_numpy() - exact
    assert left.mean() == pytest.approx(0, abs=0.02)
    assert left.var() == pytest.approx(made.noise, rel=0.02)
    assert abs(np.corrcoef(left, w[:, 1])[0, 1]) < 0.02


def test_each_person_rates_that_many_different_items(many):
    _, ratings, _ = many
    assert (ratings.table.groupby("user")["item"].nunique() == 10).all()
    assert ratings.n_items == 100


def test_the_seed_decides_everything():
    one, other, third = (simulate.world().people(5, 4, seed)[0].sha256() for seed in (1, 1, 2))
    assert one == other != third


def test_more_ratings_than_items_are_refused():
    with pytest.raises(ValueError, match="n_ratings 6 is more than the 5 items"):
        simulate.world(n_items=5).people(2, 6)


def test_people_are_drawn_to_popular_items():
    here = dataclasses.replace(simulate.world(n_items=20), chances=np.arange(20.0))
    ratings, _ = here.people(n_users=500, n_ratings=5, seed=0)
    counts = pd.Series(ratings.item_counts())
    assert counts[0] == 0
    assert counts[15:].mean() > 2 * counts[1:6].mean()
    with pytest.raises(ValueError, match="n_ratings 20 is more than the 19 items"):
        here.people(n_users=1, n_ratings=20)
