"""The splits are those of the book (check values), and no test rating reaches training."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import (
    Ratings,
    another_population,
    both_new,
    new_items,
    newcomers,
    next_item,
    rating_folds,
    splits,
    top_n,
)


def pairs(ratings: Ratings) -> set:
    return set(zip(ratings.table["user"], ratings.table["item"], strict=True))


def asked(episodes) -> set:
    users, slots = np.nonzero(episodes.query_mask)
    return set(
        zip(episodes.users[users], episodes.items[episodes.query_items[users, slots]], strict=True)
    )


def shown(episodes) -> set:
    users, slots = np.nonzero(episodes.support_mask)
    return set(
        zip(
            episodes.users[users], episodes.items[episodes.support_items[users, slots]], strict=True
        )
    )


def test_newcomers_of_movielens_100k_are_the_books(ml100k):
    split = newcomers(ml100k)
    assert (split.train.n_users, split.validation.ratings.n_users, split.test.ratings.n_users) == (
        719,
        75,
        149,
    )
    counts = ml100k.table["user"].value_counts()
    order = splits.permuted(counts.index[counts >= 30], splits.SEED)
    assert order[520:524].tolist() == [792, 912, 560, 747]
    assert order[595:603].tolist() == [361, 265, 937, 392, 383, 6, 118, 794]
    assert set(order[595:]) == set(split.test.ratings.users.index)
    episodes = split.test.episodes(draw=0)
    row = episodes.users.tolist().index(361)
    assert episodes.items[episodes.support_items[row, :5]].tolist() == [90, 1152, 111, 603, 531]


def test_hidden_items_are_the_books(ml100k):
    held = np.unique(ml100k.items.index[new_items(ml100k).test.query_items])
    assert len(held) == 201
    assert {127, 908, 57, 216, 584, 1153, 707, 1028} <= set(held)
    hidden = both_new(ml100k).test.hidden
    assert len(hidden) == 269
    assert hidden[:8].tolist() == [472, 440, 244, 854, 1456, 487, 875, 1048]


def test_classic_splits_are_the_books(ml100k):
    train, test = next(rating_folds(ml100k))
    first = {
        (ml100k.table["user"][row], ml100k.table["item"][row])
        for row in (29091, 69001, 2096, 41488)
    }
    assert first <= asked(test)
    assert len(train) == 80_000
    train, test = top_n(ml100k)
    assert len(test) == 918
    assert test.query_ratings.sum() == 11_075
    out = ml100k.table.index.difference(train.table.index)
    assert {20718, 61156, 48179, 37291} <= set(out)


@pytest.mark.parametrize("order", ["random", "time"])
@pytest.mark.parametrize("make", [newcomers, both_new])
def test_no_rating_of_a_newcomer_is_in_training(ml100k, make, order):
    split = make(ml100k)
    groups = [split.train, split.validation.ratings, split.test.ratings]
    users = [set(g.table["user"]) for g in groups]
    assert not (users[0] & users[1])
    assert not (users[0] & users[2])
    assert not (users[1] & users[2])
    assert not set(split.train.users.index) & (users[1] | users[2])
    for task in split[1:]:
        episodes = task.episodes(0, order)
        assert not asked(episodes) & pairs(split.train)
        assert not asked(episodes) & shown(episodes)
        assert asked(episodes) | shown(episodes) <= pairs(task.ratings)


def test_both_new_hides_its_items_everywhere_but_in_the_query(ml100k):
    split = both_new(ml100k)
    hidden, episodes = set(split.test.hidden), split.test.episodes(3)
    assert not hidden & set(split.train.table["item"])
    assert not hidden & {item for _, item in shown(episodes)}
    assert {item for _, item in asked(episodes)} <= hidden


@pytest.mark.parametrize("make", [new_items, next_item, top_n])
def test_no_held_out_row_is_in_training(ml100k, make):
    train, test = make(ml100k)
    relevant = test.query_ratings > 0
    users, slots = np.nonzero(relevant & test.query_mask)
    held = set(zip(test.users[users], test.items[test.query_items[users, slots]], strict=True))
    assert held
    assert not held & pairs(train)
    assert shown(test) <= pairs(train)


def test_folds_part_the_rows(ml100k):
    rows = [ml100k.table.index.difference(train.table.index) for train, _ in rating_folds(ml100k)]
    assert sorted(np.concatenate(rows)) == list(range(100_000))
    train, test = next(rating_folds(ml100k))
    assert not asked(test) & pairs(train)
    assert asked(test) | pairs(train) == pairs(ml100k)


def test_next_item_is_the_last_by_time_then_row(ml100k):
    _train, test = next_item(ml100k)
    table = ml100k.table[ml100k.table["user"] == 196].sort_values("timestamp", kind="stable")
    row = test.users.tolist().index(196)
    hit = test.query_items[row][(test.query_ratings[row] > 0) & test.query_mask[row]]
    assert test.items[hit].tolist() == [table["item"].iloc[-1]]
    history = test.items[test.support_items[row][test.support_mask[row]]]
    assert history.tolist() == table["item"].tolist()[:-1]


def test_the_query_is_the_same_for_every_k_and_differs_by_draw(ml100k):
    task = newcomers(ml100k).test
    assert task.episodes(0).first(1).query_items is not None
    assert asked(task.episodes(0).first(1)) == asked(task.episodes(0).first(20))
    assert asked(task.episodes(0)) != asked(task.episodes(1))
    assert asked(task.episodes(0)) == asked(task.episodes(0))


def test_order_of_time_shows_the_first_ratings(ml100k):
    episodes = newcomers(ml100k).test.episodes(order="time")
    times = ml100k.table.set_index(["user", "item"])["timestamp"]
    for row in range(20):
        user = episodes.users[row]
        last_shown = max(times[user, i] for i in episodes.items[episodes.support_items[row]])
        asked_items = episodes.items[episodes.query_items[row][episodes.query_mask[row]]]
        assert last_shown <= min(times[user, i] for i in asked_items)


def test_populations_share_a_catalogue_and_no_people(ml100k, ml2016):
    split = another_population(ml100k, ml2016)
    assert split.source.items.index.equals(split.target.train.items.index)
    assert split.source.n_items == pytest.approx(1381, abs=60)
    pooled = split.pooled(10)
    assert len(pooled) == len(split.source) + len(split.target_train(10))
    assert not set(pooled.table["user"]) & set(split.target.test.ratings.table["user"])
    assert set(split.target_train(10).users.index) < set(split.target_train(30).users.index)
    test_pairs = asked(split.target.test.episodes(0)) | shown(split.target.test.episodes(0))
    assert not test_pairs & pairs(pooled)


def test_string_ids_split_too(made_up):
    table = made_up.table.assign(user="u" + made_up.table["user"].astype(str))
    split = newcomers(Ratings.from_table(table))
    assert len(split.test.episodes()) == 12


def few(n_rows: int, **changes) -> Ratings:
    table = pd.DataFrame({"user": range(n_rows), "item": range(n_rows), "rating": 3.0})
    return Ratings.from_table(table.assign(**changes), name="few")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: newcomers(few(9)),
            "0 users of few have 30 ratings or more, and 10 are needed; pass a smaller",
        ),
        (
            lambda: newcomers(few(9), min_ratings=20),
            "min_ratings 20 leaves no query after 20 supports; pass more",
        ),
        (lambda: both_new(few(9)), "0 items have 5 ratings"),
        (lambda: new_items(few(9)), "0 items have 5 ratings of the kind needed"),
        (lambda: top_n(few(9)), "few has 0 ratings of at least 4; 5 are needed"),
        (lambda: next_item(few(9)), "few has no timestamps; the next item needs an order of time"),
        (lambda: next_item(few(9, timestamp=1)), "no user of few has two ratings"),
        (lambda: list(rating_folds(few(3))), "n_folds 5 is not between 2 and the 3 ratings"),
    ],
)
def test_data_that_cannot_be_split_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_order_of_time_needs_timestamps_and_a_known_name(made_up):
    task = newcomers(made_up).test
    with pytest.raises(
        ValueError, match=r"order \"popular\" is unknown|order 'popular' is unknown"
    ):
        task.episodes(order="popular")
    timeless = Ratings.from_table(made_up.table.drop(columns="timestamp"), name="timeless")
    with pytest.raises(ValueError, match='timeless has no timestamps; pass order="random"'):
        newcomers(timeless).test.episodes(order="time")


def test_positive_means_four_stars():
    assert splits.classic.POSITIVE == 4
