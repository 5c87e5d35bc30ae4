"""The average of chapter 13: who has how much of the say, and how sure it is."""

import numpy as np
import pytest

from metarec.data import Episodes, newcomers
from metarec.models import BlendedBayes, HierarchicalLinear, InformedBayes


@pytest.fixture(scope="module")
def split(made_up):
    return newcomers(made_up)


@pytest.fixture(scope="module")
def blend(split) -> BlendedBayes:
    return BlendedBayes().fit(split.train)


@pytest.fixture
def person(split) -> Episodes:
    """One newcomer with three ratings, asked about the whole catalogue."""
    shown = split.test.episodes(0).first(3).take([0])
    given = dict(zip(shown.items[shown.support_items[0]], shown.support_ratings[0], strict=True))
    return Episodes.of_one(split.train, given)


def test_rated_films_get_the_mean_of_the_two_and_no_linear_model(blend, split, person):
    one = InformedBayes(n_factors=16, n_choices=16).fit(split.train).predict(person)
    two = InformedBayes(n_factors=8, n_choices=32).fit(split.train).predict(person)
    rated = (split.train.item_counts() > 0)[person.query_items]
    assert rated.any()
    np.testing.assert_allclose(blend.predict(person)[rated], ((one + two) / 2)[rated])


def test_the_linear_model_has_its_share_where_nobody_has_rated(split, person):
    hidden = split.train.items.index[person.query_items[0, :4]]
    train = split.train.keep(~split.train.table["item"].isin(hidden).to_numpy())
    linear = HierarchicalLinear().fit(train).predict(person)
    none, half, all_ = (
        BlendedBayes(linear_share=share).fit(train).predict(person) for share in (0, 0.5, 1)
    )
    np.testing.assert_allclose(all_[0, :4], linear[0, :4])
    np.testing.assert_allclose(half, (none + all_) / 2)
    np.testing.assert_array_equal(none[0, 4:], all_[0, 4:])


def test_the_deviation_is_that_of_a_member_drawn_by_lot(blend, person):
    mean, std = blend.predict(person, return_std=True)
    np.testing.assert_allclose(mean, blend.predict(person))
    draws = [m.predict(person, return_std=True) for m in (blend.taste_, blend.choice_)]
    second = np.mean([m**2 + s**2 for m, s in draws], axis=0)
    rated = blend.taste_.chosen_[person.query_items]
    np.testing.assert_allclose(std[rated], np.sqrt(second - mean**2)[rated])


def test_a_saved_blend_answers_alike(blend, person, tmp_path):
    again = BlendedBayes.load(blend.save(tmp_path / "blend.safetensors"))
    for ours, theirs in zip(again.predict(person, True), blend.predict(person, True), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_its_range_is_refused(split, share):
    with pytest.raises(ValueError, match=r"linear_share .* must be a number from 0 to 1"):
        BlendedBayes(linear_share=share).fit(split.train)


def test_of_no_people_there_are_no_predictions(blend, person):
    nobody = person.take(np.arange(0))
    mean, std = blend.predict(nobody, return_std=True)
    assert mean.shape == std.shape == blend.predict(nobody).shape == nobody.query_items.shape
