"""The Markov chain against small sequences worked out by hand."""

import dataclasses

import numpy as np
import pytest

from metarec.data import Episodes, Ratings
from metarec.evaluation import next_item
from metarec.models import MarkovChain
from tests.models.sequential.histories import after, sequences


def test_plain_chain_counts_what_follows():
    ratings = sequences([1, 2, 3], [1, 2, 4], [1, 5])
    model = MarkovChain(n_steps=1, smoothing=0).fit(ratings)
    assert after(model, ratings, 1) == pytest.approx([0, 2 / 3, 0, 0, 1 / 3, 0])
    assert after(model, ratings, 1, 2) == pytest.approx([0, 0, 0.5, 0.5, 0, 0])


@pytest.mark.parametrize("n_steps", [1, 3])
def test_nobody_is_followed_by_the_next_person(n_steps):
    ratings = sequences([1, 2, 3], [4, 5])
    model = MarkovChain(n_steps=n_steps, smoothing=0).fit(ratings)
    assert not model.transitions_[:3, 3:].any()  # items 1 to 3 never lead to 4 or 5


def test_items_of_the_same_second_keep_the_order_of_their_rows():
    ratings = sequences([3, 1, 2])
    tied = Ratings.from_table(ratings.table.assign(timestamp=7), items=ratings.items)
    model = MarkovChain(n_steps=1, smoothing=0).fit(tied)
    assert after(model, tied, 3) == pytest.approx([1, 0, 0, 0, 0, 0])


def test_skips_count_less_and_reach_further():
    ratings = sequences([1, 2, 3])
    model = MarkovChain(n_steps=2, decay=0.5, smoothing=0).fit(ratings)
    assert after(model, ratings, 1) == pytest.approx([0, 1 / 1.5, 0.5 / 1.5, 0, 0, 0])
    # After 1 then 2: all of 2's row, half of 1's.
    assert after(model, ratings, 1, 2) == pytest.approx([0, 1 / 3, 1 + 1 / 6, 0, 0, 0])


def test_smoothing_leads_to_popularity():
    ratings = sequences([1, 2], [1, 3])
    popularity = np.array([2, 1, 1, 0, 0, 0]) / 4
    model = MarkovChain(n_steps=1, smoothing=2).fit(ratings)
    assert after(model, ratings, 1) == pytest.approx(
        (np.array([0, 1, 1, 0, 0, 0]) + 2 * popularity) / 4
    )
    for nothing_known in ((), (6,), (3,)):  # no history, an unrated item, one always last
        assert after(model, ratings, *nothing_known) == pytest.approx(popularity)


def test_the_chain_follows_time_and_not_the_rows():
    ratings = sequences([1, 2, 3])
    backwards = Ratings.from_table(ratings.table.iloc[::-1], items=ratings.items)
    one, two = (after(MarkovChain().fit(r), r, 1) for r in (ratings, backwards))
    np.testing.assert_array_equal(one, two)


def test_a_chain_needs_times():
    ratings = sequences([1, 2])
    timeless = dataclasses.replace(ratings, table=ratings.table.drop(columns="timestamp"))
    with pytest.raises(ValueError, match="needs the order of time"):
        MarkovChain().fit(timeless)


def test_wrong_parameters_are_refused():
    with pytest.raises(ValueError, match="n_steps 0 of MarkovChain must be a whole number of at"):
        MarkovChain(n_steps=0).fit(sequences([1, 2]))


@pytest.mark.parametrize(
    ("method", "hit_rate", "ndcg"),
    [
        (MarkovChain(n_steps=1), 0.145, 0.079),
        (MarkovChain(), 0.20, 0.11),
    ],
    ids=["plain chain", "chain with skips"],
)
def test_next_items_of_movielens_reach_the_targets(ml100k, method, hit_rate, ndcg):
    result = next_item({"method": method}, ml100k)
    assert result.mean("method", "hit_rate@10").mean >= hit_rate
    assert result.mean("method", "ndcg@10").mean >= ndcg


def test_people_of_one_item_each_teach_no_step():
    ratings = sequences([1], [2], [3])
    assert after(MarkovChain().fit(ratings), ratings, 1) == pytest.approx([1 / 3] * 3 + [0] * 3)


def test_who_shows_only_items_that_lead_nowhere_gets_the_popular_ones():
    ratings = sequences([1, 2], [1, 3])
    model = MarkovChain(n_steps=1, smoothing=0).fit(ratings)
    assert after(model, ratings, 2) == pytest.approx(np.array([2, 1, 1, 0, 0, 0]) / 4)
    assert model.knows(Episodes.of_one(ratings, {1: 4})).tolist() == [True]
    assert model.knows(Episodes.of_one(ratings, {2: 4})).tolist() == [False]
