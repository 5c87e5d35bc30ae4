"""kNN for ratings against answers by hand and a loop in plain Python."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, Ratings, newcomers
from metarec.data.splits.classic import rating_folds
from metarec.evaluation import newcomers as newcomers_protocol
from metarec.models import Bias, ItemNeighbours, UserNeighbours

SIMILARITIES = pytest.mark.parametrize(
    "similarity", ["cosine", "adjusted cosine", "pearson", "baseline"]
)
KINDS = pytest.mark.parametrize("kind", [UserNeighbours, ItemNeighbours])
GENERATOR = np.random.default_rng(0)
DENSE = np.where(GENERATOR.random((12, 9)) < 0.7, GENERATOR.integers(1, 6, (12, 9)), 0.0)


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
@KINDS
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


def compared(kind, similarity, means, bias):
    """DENSE as the similarity wants it: whole rows for people, columns for items."""
    row_mean = (DENSE.sum(1) / (DENSE > 0).sum(1))[:, None]
    less = {
        "cosine": 0,
        "pearson": 0,
        "adjusted cosine": means if kind is UserNeighbours else row_mean,
        "baseline": means + bias[:, None],
    }[similarity]
    return DENSE - less


def alike(x, y, both, similarity, shrinkage):
    if not both.any():
        return 0
    x, y = x[both], y[both]
    if similarity == "pearson":
        x, y = x - x.mean(), y - y.mean()
    length = np.sqrt((x @ x) * (y @ y))
    return x @ y / length * both.sum() / (both.sum() + shrinkage) if length > 1e-9 else 0


@SIMILARITIES
@KINDS
def test_the_whole_formula_is_that_of_a_loop(kind, similarity):
    """Person 1 asks for item 1: each similarity, shrunk, over the two best of positive weight."""
    users, items = np.nonzero(DENSE)
    ratings = Ratings.from_table(
        pd.DataFrame({"user": users, "item": items, "rating": DENSE[users, items]})
    )
    model = kind(similarity, n_neighbours=2, shrinkage=3, damping=0.5).fit(ratings)
    means, rated = model.means_[:-1], DENSE > 0
    bias = np.where(rated, DENSE - means, 0).sum(1) / (rated.sum(1) + 5)
    surplus = DENSE - means - bias[:, None]
    mine = {int(i): DENSE[1, i] for i in np.flatnonzero(rated[1]) if i != 1}
    b = (sum(mine.values()) - means[list(mine)].sum()) / (len(mine) + 5)
    given = compared(kind, similarity, means, bias)
    if kind is UserNeighbours:
        me = np.full(9, 0.0)
        me[list(mine)] = [r - (means[i] + b) * (similarity == "baseline") for i, r in mine.items()]
        me[list(mine)] -= means[list(mine)] * (similarity == "adjusted cosine")
        others = [u for u in range(12) if rated[u, 1]]
        known = np.isin(np.arange(9), list(mine))
        weight = [alike(me, given[u], known & rated[u], similarity, 3) for u in others]
        value = surplus[others, 1]
    else:
        pairs = [(given[:, i], rated[:, i] & rated[:, 1]) for i in mine]
        weight = [alike(x, given[:, 1], both, similarity, 3) for x, both in pairs]
        value = np.array([r - means[i] - b for i, r in mine.items()])
    weight = np.maximum(weight, 0)
    best = np.argsort(-weight)[:2]
    expected = means[1] + b + weight[best] @ value[best] / (weight[best].sum() + 0.5)
    found = model.predict(Episodes.of_one(ratings, mine, query=[1]))[0, 0]
    assert found == pytest.approx(expected, abs=1e-5)


@KINDS
def test_who_has_shown_nothing_gets_the_baseline(kind, made_up):
    nobody = Episodes.of_one(made_up, {})
    baseline = Bias(5.0, 5.0).fit(made_up).predict(nobody)
    np.testing.assert_allclose(kind().fit(made_up).predict(nobody), baseline)


@KINDS
def test_an_item_that_training_never_saw_says_nothing_about_taste(kind, made_up):
    split = newcomers(made_up)
    catalogue = made_up.items.index[:-1]
    train = split.train.keep(split.train.table["item"].isin(catalogue))
    train = dataclasses.replace(train, items=made_up.items.loc[catalogue])
    model, last = kind().fit(train), made_up.items.index[-1]
    one = model.predict(Episodes.of_one(made_up, {101: 5}, query=[102, 103]))
    two = model.predict(Episodes.of_one(made_up, {101: 5, last: 1}, query=[102, 103]))
    moved = two - one  # what a rating of 1 says of generosity, the same for every item
    assert moved[0, 0] < -0.1
    np.testing.assert_allclose(moved, moved[0, 0], atol=1e-2)


@SIMILARITIES
@KINDS
def test_a_user_who_rated_everything_is_served_and_learned_from(kind, similarity, made_up):
    items = made_up.items.index
    everything = pd.DataFrame({"user": 99_999, "item": items, "rating": 4})
    table = pd.concat([made_up.table[["user", "item", "rating"]], everything], ignore_index=True)
    ratings = Ratings.from_table(table)
    asked = Episodes.of_one(ratings, dict.fromkeys(items, 4), query=items)
    assert np.isfinite(kind(similarity).fit(ratings).predict(asked)).all()


@SIMILARITIES
@KINDS
def test_people_who_give_one_rating_to_everything_are_predicted_to(kind, similarity, made_up):
    flat = Ratings.from_table(made_up.table.assign(rating=4.0))
    shown = dict.fromkeys(made_up.items.index[:10], 4)
    predicted = kind(similarity).fit(flat).predict(Episodes.of_one(flat, shown))
    np.testing.assert_allclose(predicted, 4, atol=1e-6)


@SIMILARITIES
@KINDS
def test_an_item_that_nobody_rated_gets_the_baseline(kind, similarity, made_up):
    ratings = made_up.keep(made_up.table["item"] != 101)
    shown = {102: 5, 103: 1, 104: 4}
    asked = Episodes.of_one(ratings, shown, query=[101])
    baseline = Bias(5.0, 5.0).fit(ratings).predict(asked)
    np.testing.assert_allclose(kind(similarity).fit(ratings).predict(asked), baseline)
    with_it = Episodes.of_one(ratings, shown | {101: 5}, query=[105])
    assert np.isfinite(kind(similarity).fit(ratings).predict(with_it)).all()


@KINDS
def test_wrong_parameters_are_refused(kind, made_up):
    for name, allowed in kind.ranges.items():
        with pytest.raises(ValueError, match=f"{name} nan of {kind.__name__} must be {allowed}"):
            kind(**{name: np.nan}).fit(made_up)


def test_newcomers_and_a_fold_of_movielens_reach_the_targets(ml100k):
    result = newcomers_protocol({"user": UserNeighbours(), "item": ItemNeighbours()}, ml100k)
    for k, rmse in ((5, 0.9663), (10, 0.9463), (20, 0.9291)):
        assert result.mean("user", "rmse", k).mean <= rmse
    train, test = next(rating_folds(ml100k))
    for model, least in ((UserNeighbours(), 0.928), (ItemNeighbours(), 0.92)):
        predicted = np.clip(model.fit(train).predict(test.blind()), 1, 5)
        error = (predicted - test.query_ratings)[test.query_mask]
        assert np.sqrt((error**2).mean()) <= least
