"""The hierarchical linear model against algebra and against the truth that made the ratings."""

import dataclasses

import numpy as np
import pytest

from metarec.data import Episodes, item_features
from metarec.models import HierarchicalLinear


def test_em_recovers_the_prior_that_people_were_drawn_from(simulated):
    everything, mean, covariance = simulated
    drawn = np.random.default_rng(1).random((400, 60)).argsort(1) < 12  # of each person
    ratings = everything.keep(drawn.ravel())
    model = HierarchicalLinear(features="genres").fit(ratings)
    error = 5 * np.sqrt(np.diag(covariance) / 400)
    assert (np.abs(model.user_mean_ - mean)[1:] < error[1:]).all()
    spread = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert (np.abs(model.user_covariance_ - covariance) < 5 * np.sqrt(2 / 400) * spread).all()
    assert model.noise_ == pytest.approx(0.49, rel=0.08)


def test_a_newcomers_posterior_is_the_gaussian_conditional(simulated):
    model = HierarchicalLinear(features="genres", n_sweeps=5).fit(simulated[0])
    person = Episodes.of_one(simulated[0], {1: 53, 20: 49, 33: 51}, query=[7])
    c, m, s = model.content_[[0, 19, 32]], model.user_mean_, model.user_covariance_
    gain = s @ c.T @ np.linalg.inv(c @ s @ c.T + model.noise_ * np.eye(3))
    expected = m + gain @ (np.array([53, 49, 51]) - model.global_mean_ - c @ m)
    mean, covariance = model.posterior(person)
    np.testing.assert_allclose(mean[0], expected, rtol=1e-8)
    np.testing.assert_allclose(covariance[0], s - gain @ c @ s, rtol=1e-6, atol=1e-10)
    predicted, std = model.predict(person, return_std=True)
    row = model.content_[6]
    assert predicted[0, 0] == pytest.approx(model.global_mean_ + row @ expected)
    variance = model.noise_ + row @ covariance[0] @ row
    assert std[0, 0] ** 2 == pytest.approx(variance)


def test_no_step_of_em_lowers_the_likelihood(simulated):
    ratings = simulated[0].keep(simulated[0].table["user"] < 20)
    given = ratings.table["rating"].to_numpy().reshape(20, 60) - ratings.table["rating"].mean()
    bounds = []
    for n_sweeps in range(1, 8):
        model = HierarchicalLinear(features="genres", n_sweeps=n_sweeps).fit(ratings)
        c = model.content_[:-1]
        joint = c @ model.user_covariance_ @ c.T + model.noise_ * np.eye(60)
        gap = given - c @ model.user_mean_
        fit = (gap * np.linalg.solve(joint, gap.T).T).sum()
        bounds.append(-0.5 * (20 * np.linalg.slogdet(joint)[1] + fit))
    assert (np.diff(bounds) > -1e-3).all()


def test_a_film_nobody_rated_is_told_by_its_features(simulated):
    ratings = simulated[0].keep(simulated[0].table["item"] != 7)
    model = HierarchicalLinear(features="genres").fit(ratings)
    twin = item_features(ratings, ["genres"]).values @ np.array([1, -1, 0.5, 0])
    predicted = model.predict(Episodes.of_one(ratings, {}))[0]
    assert np.corrcoef(predicted, twin)[0, 1] > 0.99
    assert predicted[6] == pytest.approx(ratings.table["rating"].mean() + twin[6], abs=0.3)


def test_the_catalogues_order_of_ratings_does_not_matter(simulated):
    ratings = simulated[0].keep(simulated[0].table["user"] < 10)
    shuffled = dataclasses.replace(ratings, table=ratings.table.sample(frac=1, random_state=0))
    one, two = (HierarchicalLinear("genres", 3).fit(r) for r in (ratings, shuffled))
    np.testing.assert_allclose(one.user_mean_, two.user_mean_, atol=1e-8)
