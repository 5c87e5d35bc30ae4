"""What counting methods that read the order of a history have in common."""

import numpy as np
import pytest

from metarec.data import Ratings
from metarec.models import MarkovChain, RecentItemNeighbours
from tests.models.sequential.histories import after, sequences


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
