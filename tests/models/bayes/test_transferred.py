"""What one population teaches another."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, Ratings, newcomers
from metarec.models import ContentBayes, TransferredBayes
from metarec.models.bayes.gaussian import Belief, Prior

SMALL = {"n_factors": 2, "n_sweeps": 5}


@pytest.fixture
def people(made_up):
    return newcomers(made_up).train


def half(people, even):
    return people.keep_users(people.users.index[people.users.index % 2 == (not even)])


def test_the_prior_of_people_is_the_moments_of_the_new_ones_and_of_a_sample_of_the_old():
    rng = np.random.default_rng(0)
    new = Belief(rng.normal(1, 1, (7, 2)), np.tile(0.3 * np.eye(2), (7, 1, 1)))
    old = Prior(np.array([0.0, 2.0]), np.array([[1.0, 0.2], [0.2, 0.5]]))
    known = np.arange(7) < 5
    got = old.relearn(new, known, worth=4)
    # four old people: a sample with exactly the old mean and covariance
    root = np.linalg.cholesky(old.covariance)
    sample = old.mean + np.sqrt(2) * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]) @ root.T
    everybody = np.concatenate([new.mean[known], sample])
    np.testing.assert_allclose(got.mean, everybody.mean(0))
    spread = everybody - everybody.mean(0)
    expected = (spread.T @ spread + 5 * 0.3 * np.eye(2)) / 9
    np.testing.assert_allclose(got.covariance, expected)


def test_no_weight_forgets_the_old_people_and_much_keeps_them():
    new = Belief(np.ones((3, 1)), np.full((3, 1, 1), 0.1))
    old = Prior(np.zeros(1), np.full((1, 1), 4.0))
    everybody = np.ones(3, bool)
    assert old.relearn(new, everybody, 0.0).mean == pytest.approx(1)
    assert old.relearn(new, everybody, 1e9).mean == pytest.approx(0, abs=1e-6)


def test_one_item_by_hand():
    """Without factors and people's spread an item is a precision-weighted mean."""
    prior = Prior(np.array([[0.5, 0.0]]), np.array([np.diag([0.05, 1e-9])]))
    gram, shift = np.array([[[3.0, 0], [0, 0]]]), np.array([[0.0, 0.0]])
    after = prior.update(gram, shift, noise=0.75)
    assert after.mean[0, 0] == pytest.approx(10 / 24)
    assert after.covariance[0, 0, 0] == pytest.approx(1 / 24)


def test_without_a_source_it_is_content_bayes(people):
    person = Episodes.of_one(people, {people.items.index[0]: 5})
    expected = ContentBayes(**SMALL).fit(people).predict(person)
    np.testing.assert_array_equal(TransferredBayes(**SMALL).fit(people).predict(person), expected)


def test_without_ratings_of_the_target_it_is_content_bayes_of_the_source(people):
    source, nobody = half(people, True), people.keep_users(people.users.index[:0])
    person = Episodes.of_one(people, {people.items.index[0]: 5})
    expected = ContentBayes(**SMALL).fit(source).predict(person)
    model = TransferredBayes(source, **SMALL).fit(nobody)
    np.testing.assert_array_equal(model.predict(person), expected)


def test_what_the_source_has_seen_helps_where_the_target_has_not(people):
    """A film that only the source has rated keeps its place."""
    table = people.table
    counts = table["item"].value_counts()
    item = counts.index[0]
    loved = table.assign(rating=np.where(table["item"] == item, 5.0, table["rating"]))
    source = Ratings.from_table(loved, people.items, scale=people.scale)
    target = people.keep(table["item"] != item)
    person = Episodes.of_one(people, {}, query=[item, counts.index[1]])
    with_source = TransferredBayes(source, **SMALL).fit(target).predict(person)[0, 0]
    without = TransferredBayes(**SMALL).fit(target).predict(person)[0, 0]
    assert with_source > without + 0.3


def test_more_drift_lets_the_target_speak(people):
    item = people.table["item"].value_counts().index[0]
    other = people.table.assign(
        rating=np.where(people.table["item"] == item, 1.0, people.table["rating"])
    )
    target = Ratings.from_table(other, people.items, scale=people.scale)
    person = Episodes.of_one(people, {}, query=[item])
    little, much = (
        TransferredBayes(people, drift=d, **SMALL).fit(target).predict(person)[0, 0]
        for d in (0.0, 5.0)
    )
    assert much < little - 0.1


def test_the_level_of_the_target_is_taken_up_by_its_people(people):
    """Everybody of the target gives a star less; the newcomers' prior says so."""
    lower = people.table.assign(rating=people.table["rating"].clip(lower=2) - 1)
    target = Ratings.from_table(lower, people.items, scale=people.scale)
    model = TransferredBayes(people, people=1.0, **SMALL).fit(target)
    before = ContentBayes(**SMALL).fit(people)
    assert model.global_mean_ == before.global_mean_
    assert model.user_mean_[0] < before.user_mean_[0] - 0.5


def test_the_source_is_left_as_it_was(people):
    source = half(people, True)
    table = source.table.copy()
    TransferredBayes(source, **SMALL).fit(half(people, False))
    pd.testing.assert_frame_equal(source.table, table)


@pytest.mark.parametrize("wrong", [{"people": -1.0}, {"drift": -0.1}])
def test_negative_weights_are_refused(people, wrong):
    with pytest.raises(ValueError, match="must be a number of at least 0"):
        TransferredBayes(people, **wrong).fit(people)


def test_a_source_that_holds_no_ratings_is_refused(people):
    with pytest.raises(ValueError, match=r"source 'MovieLens-100K' .* must be Ratings"):
        TransferredBayes("MovieLens-100K").fit(people)


def test_another_catalogue_is_refused(people):
    other = dataclasses.replace(people, items=people.items.rename(lambda item: item + 10_000))
    with pytest.raises(ValueError, match="another_population"):
        TransferredBayes(people).fit(other)


def test_a_saved_model_needs_its_source_no_more(people, tmp_path):
    model = TransferredBayes(half(people, True), **SMALL).fit(half(people, False))
    person = Episodes.of_one(people, {people.items.index[0]: 5})
    again = TransferredBayes.load(model.save(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(again.predict(person), model.predict(person))
    assert again.source is None
