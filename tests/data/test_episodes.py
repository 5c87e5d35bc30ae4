"""`Episodes` pads, cuts and hides exactly what it says."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, Ratings


@pytest.fixture
def two() -> Episodes:
    support = [(np.array([0, 2]), np.array([5.0, 1.0])), (np.array([1]), np.array([3.0]))]
    query = [(np.array([1]), np.array([4.0])), (np.array([0, 2]), np.array([2.0, 5.0]))]
    return Episodes.pack(["a", "b"], [10, 20, 30], support, query)


def test_short_rows_are_padded_and_masked(two):
    assert two.support_items.tolist() == [[0, 2], [1, 0]]
    assert two.support_mask.tolist() == [[True, True], [True, False]]
    assert two.query_ratings.tolist() == [[4, 0], [2, 5]]


def test_first_cuts_the_support_and_leaves_the_query(two):
    one = two.first(1)
    assert one.support_ratings.tolist() == [[5], [3]]
    assert one.query_items is two.query_items
    assert two.first(0).support_items.shape == (2, 0)


@pytest.mark.parametrize("k", [-1, 3])
def test_first_refuses_a_k_that_is_not_there(two, k):
    with pytest.raises(ValueError, match=f"k = {k}, but these episodes hold 0 to 2"):
        two.first(k)


def test_a_blind_copy_holds_no_query_rating(two):
    assert np.isnan(two.blind().query_ratings).all()
    assert not np.isnan(two.query_ratings).any()


def test_take_gives_the_episodes_of_some_users(two):
    assert two.take([1]).users.tolist() == ["b"]
    assert two.take([1]).items is two.items


def test_take_drops_the_padding_that_nobody_left_needs(two):
    one = two.take([False, True])
    assert one.support_items.tolist() == [[1]]
    assert one.query_ratings.tolist() == [[2, 5]]
    assert two.take([0]).query_items.tolist() == [[1]]
    assert two.first(0).take([0]).support_items.shape == (1, 0)


def test_tensors_are_torch_and_on_the_device(two):
    tensors = two.tensors("cpu")
    assert set(tensors) == {
        f"{side}_{part}" for side in ("support", "query") for part in ("items", "ratings", "mask")
    }
    assert str(tensors["support_ratings"].dtype) == "torch.float32"
    assert tensors["support_items"].tolist() == two.support_items.tolist()


@pytest.fixture
def ratings() -> Ratings:
    return Ratings.from_table(
        pd.DataFrame({"user": [1, 1, 2], "item": [10, 20, 30], "rating": [5, 3, 4]})
    )


def test_one_person_is_asked_about_everything_not_shown(ratings):
    episode = Episodes.of_one(ratings, {20: 4})
    assert episode.items[episode.support_items[0]].tolist() == [20]
    assert episode.items[episode.query_items[0]].tolist() == [10, 30]


def test_one_person_without_ratings_is_a_valid_question(ratings):
    assert Episodes.of_one(ratings, {}).n_support == 0


@pytest.mark.parametrize(
    ("shown", "query", "message"),
    [
        ({40: 5}, None, "item 40 is not in the catalogue"),
        ({10: 9}, None, r"rating 9 of item 10 is outside the scale 1\.\.5"),
        ({10: float("nan")}, None, "outside the scale"),
        ({10: 5}, [10, 50], "item 50 is not in the catalogue"),
    ],
)
def test_one_person_with_nonsense_is_refused(ratings, shown, query, message):
    with pytest.raises(ValueError, match=message):
        Episodes.of_one(ratings, shown, query)
