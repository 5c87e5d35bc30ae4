"""Content methods against algebra, against a simulated truth, and against scikit-learn."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from metarec.data import Episodes, Ratings, item_features
from metarec.models import ContentBayes, ContentRidge, HierarchicalLinear, Rocchio

GENRES = ("Action", "Comedy", "Drama", "War")


@pytest.fixture(scope="module")
def simulated() -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Ratings of the model itself: 400 people, 60 films, true prior mean and covariance."""
    generator = np.random.default_rng(0)
    has = generator.random((60, len(GENRES))) < 0.4
    films = pd.DataFrame({"genres": ["|".join(np.array(GENRES)[row]) for row in has]})
    films.index = np.arange(60) + 1
    users, items = np.repeat(np.arange(400), 60), np.tile(np.arange(60), 400)
    bare = pd.DataFrame({"user": users, "item": items + 1, "rating": 50.0})
    content = item_features(Ratings.from_table(bare, films, scale=(0, 100)), ["genres"]).values
    content = np.column_stack([np.ones(60), content])
    mean, root = np.array([0, 1, -1, 0.5, 0]), generator.normal(size=(5, 5))
    covariance = root @ root.T / 5 + 0.2 * np.eye(5)
    z = generator.multivariate_normal(mean, covariance, 400)
    truth = 50 + (z @ content.T).ravel() + generator.normal(0, 0.7, len(users))
    table = bare.assign(rating=truth)
    return Ratings.from_table(table, films, scale=(0, 100)), mean, covariance


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


@pytest.mark.parametrize("weight", [1.0, 30.0])
def test_ridge_on_ratings_is_scikit_learns(simulated, weight):
    ratings = simulated[0].keep(simulated[0].table["user"] < 20)
    model = ContentRidge("genres", weight, "rating").fit(ratings)
    shown = {1: 53, 20: 49, 33: 51, 40: 47}
    rows = np.array(list(shown)) - 1
    peer = Ridge(alpha=weight, fit_intercept=False)
    peer.fit(model.content_[rows], np.array(list(shown.values())) - model.global_mean_)
    person = Episodes.of_one(ratings, shown)
    np.testing.assert_allclose(model.weights(person)[0], peer.coef_, rtol=1e-8)
    assert not model.weights(person.first(0)).any()


def test_ridge_on_likes_is_scikit_learns(ml100k):
    person = Episodes.of_one(ml100k, {1: 5, 50: 4, 100: 3})
    model = ContentRidge().fit(ml100k)
    likes = ml100k.items.index.isin([1, 50]).astype(float)
    peer = Ridge(alpha=model.regularization, fit_intercept=False)
    peer.fit(model.content_[:-1], likes)
    np.testing.assert_allclose(model.weights(person)[0], peer.coef_, rtol=1e-6, atol=1e-10)
    scores = model.content_[person.query_items[0]] @ peer.coef_
    np.testing.assert_allclose(model.predict(person)[0], scores, atol=1e-10)


@pytest.mark.parametrize("method", [HierarchicalLinear(), ContentRidge()])
def test_an_unknown_group_is_refused(made_up, method):
    with pytest.raises(ValueError, match="unknown feature group 'plot'; choose from genres"):
        method.set_params(features="plot").fit(made_up)


BY_CONTENT = [
    HierarchicalLinear(n_sweeps=5),
    ContentRidge(),
    ContentRidge(target="rating"),
    ContentBayes(n_factors=2, n_sweeps=5),
    Rocchio(),
]


@pytest.mark.parametrize("method", BY_CONTENT, ids=lambda method: type(method).__name__)
class TestBadInput:
    def test_somebody_who_rated_everything(self, made_up, method):
        everything = Episodes.of_one(made_up, dict.fromkeys(made_up.items.index, 4), query=[101])
        assert np.isfinite(method.fit(made_up).predict(everything)).all()

    def test_a_catalogue_without_genres_years_and_titles(self, made_up, method):
        bare = Ratings.from_table(made_up.table)
        person = Episodes.of_one(bare, {101: 5, 102: 1})
        method.fit(bare)
        for k in (0, 2):
            assert np.isfinite(method.predict(person.first(k))).all()
        if isinstance(method, HierarchicalLinear):  # then it is a user's mean, and no order
            assert np.ptp(method.predict(person)) < 1e-12

    def test_somebody_in_training_without_ratings_and_an_item_without(self, made_up, method):
        table = made_up.table[made_up.table["item"] != 101]
        quiet = pd.DataFrame(index=[*made_up.users.index, 999])
        ratings = Ratings.from_table(table, made_up.items, quiet)
        person = Episodes.of_one(ratings, {101: 5})
        assert np.isfinite(method.fit(ratings).predict(person)).all()

    def test_one_rating_alone(self, method):
        films = pd.DataFrame({"title": ["A", "B"], "year": [1990, None], "genres": ["War", None]})
        table = pd.DataFrame({"user": [1], "item": [0], "rating": [4]})
        ratings = Ratings.from_table(table, films)
        person = Episodes.of_one(ratings, {0: 2})
        assert np.isfinite(method.fit(ratings).predict(person)).all()


def test_bad_parameters_are_refused(made_up):
    with pytest.raises(ValueError, match="regularization 0 must be positive"):
        ContentRidge(regularization=0).fit(made_up)
    with pytest.raises(ValueError, match=r"target 'stars' is unknown; pass"):
        ContentRidge(target="stars").fit(made_up)


def test_the_catalogues_order_of_ratings_does_not_matter(simulated):
    ratings = simulated[0].keep(simulated[0].table["user"] < 10)
    shuffled = dataclasses.replace(ratings, table=ratings.table.sample(frac=1, random_state=0))
    one, two = (HierarchicalLinear("genres", 3).fit(r) for r in (ratings, shuffled))
    np.testing.assert_allclose(one.user_mean_, two.user_mean_, atol=1e-8)
