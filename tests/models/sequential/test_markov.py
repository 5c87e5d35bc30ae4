"""Methods that read the order of a history, against small sequences worked out by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, Ratings
from metarec.evaluation import next_item
from metarec.models import MarkovChain, RecentItemNeighbours
from metarec.models.sequential.recent_knn import recency


def sequences(*histories: list[int]) -> Ratings:
    rows = [(u, i, 4, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Ratings.from_table(
        pd.DataFrame(rows, columns=["user", "item", "rating", "timestamp"]),
        items=pd.DataFrame(index=range(1, 7)),
    )


def after(model, ratings: Ratings, *shown: int) -> np.ndarray:
    shown = dict.fromkeys(shown, 4)
    return model.predict(Episodes.of_one(ratings, shown, query=range(1, 7)))[0]


def test_the_last_filled_slot_weighs_most_wherever_the_padding_is():
    mask = np.array([[True, True, True, False], [False, True, False, True], [False] * 4])
    expected = [[0, 0.5, 1, 0], [0, 0.5, 0, 1], [0, 0, 0, 0]]
    assert recency(mask, 2, 0.5).tolist() == expected


def test_no_decay_at_all_reads_the_last_item_only():
    assert recency(np.ones((1, 3), dtype=bool), 3, 0).tolist() == [[0, 0, 1]]


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
    with pytest.raises(
        ValueError, match="n_steps 0 of MarkovChain must be a whole number of at least 1"
    ):
        MarkovChain(n_steps=0).fit(sequences([1, 2]))
    with pytest.raises(ValueError, match="n_recent 0 of RecentItemNeighbours must be"):
        RecentItemNeighbours(n_recent=0).fit(sequences([1, 2]))


@pytest.mark.parametrize(
    ("method", "hit_rate", "ndcg"),
    [
        (MarkovChain(n_steps=1), 0.145, 0.079),
        (MarkovChain(), 0.20, 0.11),
        (RecentItemNeighbours(), 0.19, 0.103),
    ],
    ids=["plain chain", "chain with skips", "recent items"],
)
def test_next_items_of_movielens_reach_the_targets(ml100k, method, hit_rate, ndcg):
    result = next_item({"method": method}, ml100k)
    assert result.mean("method", "hit_rate@10").mean >= hit_rate
    assert result.mean("method", "ndcg@10").mean >= ndcg


def test_recent_items_lead():
    ratings = sequences([1, 3], [2, 4])
    model = RecentItemNeighbours(n_recent=2, decay=0.5).fit(ratings)
    assert after(model, ratings, 1, 2) == pytest.approx([0, 0, 0.5, 1, 0, 0])
    assert after(model, ratings, 2, 1) == pytest.approx([0, 0, 1, 0.5, 0, 0])
    only_last = RecentItemNeighbours(n_recent=1).fit(ratings)
    assert after(only_last, ratings, 1, 2) == pytest.approx([0, 0, 0, 1, 0, 0])


def test_without_a_history_popularity_decides():
    ratings = sequences([1, 2], [1, 3])
    assert after(RecentItemNeighbours().fit(ratings), ratings).tolist() == [2, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("model", [MarkovChain(), RecentItemNeighbours()])
def test_a_user_who_rated_everything_is_served_and_learned_from(model):
    ratings = sequences([1, 2, 3, 4, 5, 6], [2, 1])
    scores = after(model.fit(ratings), ratings, 1, 2, 3, 4, 5, 6)
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()


@pytest.mark.parametrize("model", [MarkovChain(), RecentItemNeighbours()])
def test_an_item_that_nobody_rated_comes_last_and_leads_nowhere(model):
    ratings = sequences([1, 2, 3], [1, 2], [2, 1])  # items 4 to 6 stay unrated
    model.fit(ratings)
    assert (after(model, ratings, 1)[3:] == 0).all()
    shown = after(model, ratings, 4)
    assert np.isfinite(shown).all()


@pytest.mark.parametrize("model", [MarkovChain(), RecentItemNeighbours()])
def test_a_constant_rating_changes_nothing_because_only_the_order_is_read(model):
    ratings = sequences([1, 2, 3], [1, 3])
    one_star = Ratings.from_table(ratings.table.assign(rating=1), items=ratings.items)
    np.testing.assert_array_equal(
        after(model.fit(one_star), one_star, 1), after(model.fit(ratings), ratings, 1)
    )


def test_people_of_one_item_each_teach_no_step():
    ratings = sequences([1], [2], [3])
    assert after(MarkovChain().fit(ratings), ratings, 1) == pytest.approx([1 / 3] * 3 + [0] * 3)
