"""Two towers and their loss."""

import numpy as np
import pandas as pd
import pytest
import torch

from metarec.data import Episodes, Ratings
from metarec.models import TwoTower


@pytest.fixture(scope="module")
def camps():
    """Forty people like three war films, ten like three dramas; items 4 and 8 nobody has seen."""
    pairs = [(u, i) for u in range(40) for i in (1, 2, 3)]
    pairs += [(u, i) for u in range(40, 50) for i in (5, 6, 7)]
    table = pd.DataFrame(pairs, columns=["user", "item"]).assign(rating=5.0)
    films = pd.DataFrame({"genres": ["War"] * 4 + ["Drama"] * 4}, index=range(1, 9))
    return Ratings.from_table(table, films, scale=(1, 5))


def fitted(ratings, **changed):
    settings = {"features": "genres", "dim": 4, "n_epochs": 40, "batch_size": 64, "device": "cpu"}
    return TwoTower(**settings | changed).fit(ratings)


def test_a_new_item_goes_to_those_who_like_its_kind(camps):
    model = fitted(camps)
    for shown, wanted in ((1, 4), (5, 8)):
        scores = model.predict(Episodes.of_one(camps, {shown: 5.0}, query=[4, 8]))[0]
        assert [4, 8][int(scores.argmax())] == wanted


def test_the_loss_is_the_mean_of_minus_log_softmax():
    rng = np.random.default_rng(0)
    profiles, contents = (torch.tensor(rng.normal(size=(5, 3))) for _ in range(2))
    towers = [torch.tensor(rng.normal(size=(3, 2))) for _ in range(2)]
    log_share = torch.tensor(np.log(rng.dirichlet(np.ones(5))))
    also = torch.zeros(5, 5, dtype=bool)
    also[1, 3] = True
    loss = TwoTower(temperature=0.5)._loss(towers, profiles, contents, log_share, also)
    people, items = profiles @ towers[0], contents @ towers[1]
    total = 0.0
    for u in range(5):
        scores = [
            float(people[u] @ items[j] / people[u].norm() / items[j].norm() / 0.5 - log_share[j])
            for j in range(5)
            if not also[u, j]
        ]
        right = float(people[u] @ items[u] / people[u].norm() / items[u].norm() / 0.5)
        total -= right - float(log_share[u]) - np.log(np.exp(scores).sum())
    assert float(loss) == pytest.approx(total / 5)


def test_the_correction_lifts_what_is_popular(camps):
    """Whatever is known of a person, a corrected loss leaves the popular kind further ahead."""
    rng = np.random.default_rng(0)
    items = rng.choice([1, 5], p=[0.8, 0.2], size=(200, 2))  # what people like goes with nothing
    rows = [(u, i + extra) for u, pair in enumerate(items) for extra, i in enumerate(pair)]
    table = pd.DataFrame(rows, columns=["user", "item"]).assign(rating=5.0)
    mixed = Ratings.from_table(table, camps.items.assign(year=range(1990, 1998)), scale=(1, 5))
    person = Episodes.of_one(mixed, {1: 5.0}, query=[4, 8])
    settings = {"features": "genres year", "batch_size": 400}
    with_it, without = (
        np.subtract(*fitted(mixed, correct=correct, **settings).predict(person)[0])
        for correct in (True, False)
    )
    assert with_it > without + 0.2


def test_dislikes_are_no_likes(camps):
    model = fitted(camps)
    query = {"query": [4, 8]}
    both = model.predict(Episodes.of_one(camps, {1: 5.0, 5: 1.0}, **query))
    np.testing.assert_array_equal(both, model.predict(Episodes.of_one(camps, {1: 5.0}, **query)))


def test_without_likes_or_features_there_is_popularity(camps):
    nobody = Episodes.of_one(camps, {})
    likes = camps.item_counts()[None].astype(float)
    np.testing.assert_array_equal(fitted(camps).predict(nobody), likes)
    bare = Ratings.from_table(camps.table, camps.items[[]], scale=(1, 5))
    person = Episodes.of_one(bare, {1: 5.0}, query=list(bare.items.index))
    np.testing.assert_array_equal(fitted(bare).predict(person), likes)


def test_a_temperature_must_be_positive(camps):
    with pytest.raises(ValueError, match=r"temperature 0\.0 of TwoTower must be a number above"):
        fitted(camps, temperature=0.0)
