"""The baselines against answers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, Ratings
from metarec.models import Bias, GlobalMean, ItemMean, Popularity, RandomScores

# Three people, items 1 to 3; nobody rated item 4. Mean of the six ratings: 3.5.
TABLE = pd.DataFrame(
    {
        "user": [1, 1, 2, 2, 3, 3],
        "item": [1, 2, 1, 3, 1, 2],
        "rating": [5.0, 2.0, 4.0, 3.0, 3.0, 4.0],
    }
)
RATINGS = Ratings.from_table(TABLE, items=pd.DataFrame(index=[1, 2, 3, 4]))


def asked(shown: dict) -> Episodes:
    return Episodes.of_one(RATINGS, shown, query=[1, 2, 3, 4])


def test_global_mean():
    assert GlobalMean().fit(RATINGS).predict(asked({})).tolist() == [[3.5] * 4]


def test_item_mean_with_and_without_shrinkage():
    assert ItemMean(shrinkage=0).fit(RATINGS).predict(asked({})).tolist() == [[4, 3, 3, 3.5]]
    # One extra rating of 3.5 each: 15.5/4, 9.5/3, 6.5/2, and the mean for item 4.
    expected = [3.875, 19 / 6, 3.25, 3.5]
    assert ItemMean(shrinkage=1).fit(RATINGS).predict(asked({}))[0] == pytest.approx(expected)


def test_bias_recovers_a_table_that_is_a_sum():
    quality, mildness = np.array([1.0, 0.0, -1.0]), np.array([0.5, 0.0, -0.5])
    full = [(u, i, 3 + quality[i] + mildness[u]) for u in range(3) for i in range(3)]
    ratings = Ratings.from_table(pd.DataFrame(full, columns=["user", "item", "rating"]))
    model = Bias(item_shrinkage=0, user_shrinkage=0).fit(ratings)
    # A newcomer half a star harsher than the mean, told by one rating.
    predicted = model.predict(Episodes.of_one(ratings, {0: 3.5}, query=[1, 2]))
    assert predicted[0] == pytest.approx([2.5, 1.5])


def test_bias_shrinks_a_newcomer_towards_nobody_in_particular():
    model = Bias(item_shrinkage=0, user_shrinkage=3).fit(RATINGS)
    nobody, one = model.predict(asked({})), model.predict(asked({1: 5}))
    surplus = 5 - nobody[0, 0]
    assert (one - nobody)[0] == pytest.approx([surplus / 4] * 4)  # one rating, three of shrinkage


def test_popularity_counts():
    assert Popularity().fit(RATINGS).predict(asked({})).tolist() == [[3, 2, 1, 0]]


def test_random_scores_are_training_ratings_and_follow_the_seed():
    first, second = (RandomScores(seed).fit(RATINGS).predict(asked({})) for seed in (0, 1))
    assert set(first[0]) <= set(TABLE["rating"])
    assert first.tolist() != second.tolist()
