"""Recent-item neighbours against small histories worked out by hand."""

import numpy as np
import pytest

from metarec.evaluation import next_item
from metarec.models import RecentItemNeighbours
from metarec.models.sequential.recent_knn import recency
from tests.models.sequential.histories import after, sequences


def test_the_last_filled_slot_weighs_most_wherever_the_padding_is():
    mask = np.array([[True, True, True, False], [False, True, False, True], [False] * 4])
    expected = [[0, 0.5, 1, 0], [0, 0.5, 0, 1], [0, 0, 0, 0]]
    assert recency(mask, 2, 0.5).tolist() == expected


def test_no_decay_at_all_reads_the_last_item_only():
    assert recency(np.ones((1, 3), dtype=bool), 3, 0).tolist() == [[0, 0, 1]]


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


def test_wrong_parameters_are_refused():
    with pytest.raises(ValueError, match="n_recent 0 of RecentItemNeighbours must be a whole"):
        RecentItemNeighbours(n_recent=0).fit(sequences([1, 2]))


def test_next_items_of_movielens_reach_the_targets(ml100k):
    result = next_item({"method": RecentItemNeighbours()}, ml100k)
    assert result.mean("method", "hit_rate@10").mean >= 0.19
    assert result.mean("method", "ndcg@10").mean >= 0.103
