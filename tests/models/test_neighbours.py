"""kNN for ratings against answers by hand, SciPy's correlation, and a loop in plain Python."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats

from metarec.data import Episodes, Ratings, newcomers
from metarec.data.holdouts import rating_folds
from metarec.evaluation import newcomers as newcomers_protocol
from metarec.models import Bias, ItemNeighbours, UserNeighbours
from metarec.models._kinship import neighbour_mean, similarities

GENERATOR = np.random.default_rng(0)
DENSE = np.where(GENERATOR.random((12, 9)) < 0.7, GENERATOR.integers(1, 6, (12, 9)), 0.0)


def shared(a, b):
    both = (a > 0) & (b > 0)
    return a[both], b[both]


@pytest.mark.parametrize("shrinkage", [0, 3])
def test_pearson_is_scipys_over_shared_ratings(shrinkage):
    found = similarities(*[scipy.sparse.csr_array(DENSE)] * 2, shrinkage, centred=True)
    for u in range(12):
        for v in range(12):
            x, y = shared(DENSE[u], DENSE[v])
            if len(x) > 1 and np.ptp(x) and np.ptp(y):
                expected = scipy.stats.pearsonr(x, y)[0] * len(x) / (len(x) + shrinkage)
                assert found[u, v] == pytest.approx(expected)
            else:
                assert found[u, v] == 0


def test_cosine_looks_at_shared_ratings_only():
    a, b = np.array([[3.0, 4.0, 5.0]]), np.array([[4.0, 3.0, 0.0]])
    found = similarities(scipy.sparse.csr_array(a), scipy.sparse.csr_array(b), 2, centred=False)
    assert found == pytest.approx(np.array([[24 / 25 * 2 / 4]]))


def test_a_stored_zero_is_a_rating():
    zero = scipy.sparse.csr_array(([0.0, 2.0], ([0, 0], [0, 1])), shape=(1, 2))
    one = scipy.sparse.csr_array(([3.0, 4.0], ([0, 0], [0, 1])), shape=(1, 2))
    assert similarities(zero, one, 0, centred=False)[0, 0] == pytest.approx(4 / 5)


@pytest.mark.parametrize("n_neighbours", [1, 3, 100])
def test_the_mean_over_neighbours_is_that_of_a_loop(n_neighbours):
    table = scipy.sparse.csr_array(np.where(DENSE > 0, DENSE - 3.1, 0))  # [lists, columns]
    similarity = GENERATOR.normal(size=(7, 9))
    rows, lists = GENERATOR.integers(0, 7, 500), GENERATOR.integers(0, 12, 500)
    found = neighbour_mean(similarity, rows, table, lists, n_neighbours, damping=0.5)
    for row, chosen, mean in zip(rows, lists, found, strict=True):
        columns, values = table[[chosen]].indices, table[[chosen]].data
        weight = np.maximum(similarity[row, columns], 0)
        best = np.argsort(-weight)[:n_neighbours]
        assert mean == pytest.approx(weight[best] @ values[best] / (weight[best].sum() + 0.5))


def test_an_empty_list_changes_nothing():
    table = scipy.sparse.csr_array((1, 2))
    assert neighbour_mean(np.ones((1, 2)), np.array([0]), table, np.array([0]), 1, 0.0) == 0


# Two camps: 1 and 2 love items 1 and 2 and hate 3 and 4, 3 and 4 the reverse. Every mean is 3.
CAMPS = Ratings.from_table(
    pd.DataFrame(
        {
            "user": np.repeat([1, 2, 3, 4], 4),
            "item": np.tile([1, 2, 3, 4], 4),
            "rating": [5, 5, 1, 1] * 2 + [1, 1, 5, 5] * 2,
        }
    )
)


@pytest.mark.parametrize("similarity", ["pearson", "baseline", "adjusted cosine"])
@pytest.mark.parametrize("kind", [UserNeighbours, ItemNeighbours])
def test_the_camp_of_a_newcomer_is_found(kind, similarity):
    model = kind(similarity, shrinkage=0, damping=0).fit(CAMPS)
    shown = Episodes.of_one(CAMPS, {1: 5, 3: 1})
    assert model.predict(shown)[0] == pytest.approx([5, 1])


def test_the_user_formula_by_hand():
    """Shown 5 for item 1 and 1 for item 3; two neighbours at similarity 1 · 2 / (2 + 2) = 1/2."""
    model = UserNeighbours("baseline", shrinkage=2, damping=1).fit(CAMPS)
    predicted = model.predict(Episodes.of_one(CAMPS, {1: 5, 3: 1}, query=[2]))
    assert predicted[0, 0] == pytest.approx(3 + (0.5 * 2 + 0.5 * 2) / (1 + 0.5 + 0.5))


def test_the_item_formula_by_hand():
    """Item 2 has one neighbour in the support, item 1, at similarity 1 · 4 / (4 + 4) = 1/2."""
    model = ItemNeighbours("baseline", shrinkage=4, damping=1).fit(CAMPS)
    predicted = model.predict(Episodes.of_one(CAMPS, {1: 5, 3: 1}, query=[2]))
    assert predicted[0, 0] == pytest.approx(3 + 0.5 * 2 / (1 + 0.5))


@pytest.mark.parametrize("kind", [UserNeighbours, ItemNeighbours])
def test_who_has_shown_nothing_gets_the_baseline(kind, made_up):
    nobody = Episodes.of_one(made_up, {})
    baseline = Bias(5.0, 5.0).fit(made_up).predict(nobody)
    np.testing.assert_allclose(kind().fit(made_up).predict(nobody), baseline)


@pytest.mark.parametrize("kind", [UserNeighbours, ItemNeighbours])
def test_an_item_that_training_never_saw_says_nothing_about_taste(kind, made_up):
    split = newcomers(made_up)
    catalogue = made_up.items.index[:-1]
    train = split.train.keep(split.train.table["item"].isin(catalogue))
    train = dataclasses.replace(train, items=made_up.items.loc[catalogue])
    model, last = kind().fit(train), made_up.items.index[-1]
    one = model.predict(Episodes.of_one(made_up, {101: 5}, query=[102, 103]))
    two = model.predict(Episodes.of_one(made_up, {101: 5, last: 1}, query=[102, 103]))
    np.testing.assert_allclose(one, two)


@pytest.mark.parametrize("kind", [UserNeighbours, ItemNeighbours])
def test_a_user_who_rated_everything_is_served(kind, made_up):
    everything = Episodes.of_one(
        made_up, dict.fromkeys(made_up.items.index, 4), query=made_up.items.index
    )
    assert np.isfinite(kind().fit(made_up).predict(everything)).all()


@pytest.mark.parametrize("kind", [UserNeighbours, ItemNeighbours])
def test_wrong_parameters_are_refused(kind, made_up):
    with pytest.raises(ValueError, match="'angle' is unknown; pass one of"):
        kind("angle").fit(made_up)
    with pytest.raises(ValueError, match="n_neighbours 0 must be at least 1"):
        kind(n_neighbours=0).fit(made_up)


def test_newcomers_and_a_fold_of_movielens_reach_the_targets(ml100k):
    result = newcomers_protocol({"user": UserNeighbours(), "item": ItemNeighbours()}, ml100k)
    for k, rmse in ((5, 0.9663), (10, 0.9463), (20, 0.9291)):
        assert result.mean("user", "rmse", k).mean <= rmse
    train, test = next(rating_folds(ml100k))
    for model, least in ((UserNeighbours(), 0.928), (ItemNeighbours(), 0.92)):
        predicted = np.clip(model.fit(train).predict(test.blind()), 1, 5)
        error = (predicted - test.query_ratings)[test.query_mask]
        assert np.sqrt((error**2).mean()) <= least
