"""BERT4Rec: what it hides and asks, and a cycle that it learns."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metarec.models import BERT4Rec
from metarec.models.sequential.transformer import NOTHING, cut
from tests.models.sequential.histories import guesses, people, sequences, some


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(2, 9), st.integers(0, 5))
def test_bert4rec_hides_what_it_asks_and_asks_something_in_each_row(lengths, window, seed):
    _, histories = people(lengths)
    model = BERT4Rec(window=window, masked=0.3)
    model.items_ = np.arange(sum(lengths))
    inputs, targets = model._task(histories, np.random.default_rng(seed))
    asked = targets != NOTHING
    assert ((inputs == len(model.items_) + 1) == asked).all()
    assert asked.any(1).all()
    assert len(set(targets[asked])) == asked.sum()  # nothing is asked twice
    assert (targets[asked] >= 0).all()  # padding is never asked


def test_a_random_place_is_cut_and_the_last_place_is_hidden_as_often_as_others():
    generator = np.random.default_rng(0)
    ends = {int(cut([np.arange(20)], 5, 5, generator)[0][0].max()) for _ in range(200)}
    assert ends == {1, 2, 3, 4, 5}
    model = BERT4Rec(window=5, masked=0.4)
    model.items_ = np.arange(5)
    targets = [model._task([np.arange(5)] * 400, generator)[1]]
    shares = (np.concatenate(targets) != NOTHING).mean(0)
    assert np.ptp(shares) < 0.12
    assert 0.35 < shares.mean() < 0.5


def test_bert4rec_learns_a_cycle_from_pairs_and_their_direction():
    circle = [1, 2, 3, 4, 5, 6, 1]
    ratings = sequences(*[circle[start : start + 2] for start in range(6)] * 4, n_items=6)
    shape = {"width": 16, "n_blocks": 1, "n_heads": 1, "dropout": 0.0, "masked": 0.5}
    model = BERT4Rec(**shape, lr=0.02, n_epochs=30, batch_size=4).fit(ratings)
    for one, other in itertools.pairwise(circle):
        assert guesses(model, ratings, one) == other


def test_the_mask_needs_a_place_and_a_share():
    with pytest.raises(
        ValueError, match="window 1 of BERT4Rec must be a whole number of at least 2"
    ):
        BERT4Rec(window=1).fit(some())
    for share in (0, 1):
        with pytest.raises(
            ValueError, match=f"masked {share} of BERT4Rec must be a number above 0"
        ):
            BERT4Rec(masked=share).fit(some())
