"""SASRec: what it reads and guesses, and cycles that it learns."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metarec.models import SASRec
from metarec.models.sequential.transformer import NOTHING
from tests.models.sequential.histories import (
    SMALL,
    after,
    guesses,
    of_eight,
    people,
    sequences,
    some,
)


def test_no_place_guesses_what_it_reads():
    model = SASRec(**SMALL)
    model.items_ = np.arange(20)
    inputs, targets = model._task([np.arange(20)], np.random.default_rng(0))
    guess = targets != NOTHING
    assert (targets[guess] == inputs[guess]).all()  # tokens are rows + 1: the next of 0…19


def test_the_first_loss_is_that_of_guessing_blindly():
    ratings = some()
    model = SASRec(**SMALL | {"lr": 1e-9})
    assert next(model.epochs(ratings)) == pytest.approx(math.log(6), abs=0.05)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(1, 9), st.integers(0, 5))
def test_sasrec_guesses_every_item_but_the_first_exactly_once(lengths, window, seed):
    _, histories = people(lengths)
    model = SASRec(window=window)
    inputs, targets = model._task(histories, np.random.default_rng(seed))
    guessed = targets[targets != NOTHING]
    expected = [item for history in histories for item in history[1:]]
    assert sorted(guessed) == sorted(expected)
    assert (inputs[targets != NOTHING] > 0).all()


def test_sasrec_learns_a_cycle():
    ratings = sequences(*[np.roll(np.arange(1, 7), -start) for start in range(24)], n_items=6)
    model = SASRec(16, dropout=0.0, lr=0.03, n_epochs=15, batch_size=4)
    losses = list(model.epochs(ratings))
    assert losses[-1] < 0.5 * losses[0]
    circle = [1, 2, 3, 4, 5, 6, 1, 2, 3]
    for start in range(6):
        assert guesses(model, ratings, *circle[start : start + 3]) == circle[start + 3]


def test_only_sasrec_with_order_can_tell_what_came_last():
    ratings = of_eight(*[[1, 2, 3], [2, 1, 4]] * 12)
    model = SASRec(16, n_heads=1, dropout=0.0, lr=0.03, n_epochs=20, batch_size=4).fit(ratings)
    assert after(model, ratings, 1, 2)[2] > after(model, ratings, 1, 2)[3]
    assert after(model, ratings, 2, 1)[3] > after(model, ratings, 2, 1)[2]
