"""The splits are those of the book (check values), and no test rating reaches training."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
        (
            lambda: new_items(few(9)),
            "0 items have 5 likes; 5 such items are needed: 0 of the 9",
        ),
        (
            lambda: top_n(few(9)),
            "5 likes are needed; 0 of the 9 ratings of few are likes, 4",
        ),
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


# ---------------------------------------------------------------- any scale, any ids

SCALES = [(1, 5), (0.5, 5), (0, 1), (0, 100), (1, 10), (-10, 10)]


def on_scale(ratings: Ratings, low: float, high: float) -> Ratings:
    """The same opinions of 1..5 on another scale; on 0/1 a 4 and a 5 are a 1."""
    stars = ratings.table["rating"]
    values = (stars >= 4) if (low, high) == (0, 1) else low + (stars - 1) / 4 * (high - low)
    table = ratings.table.assign(rating=values.astype(float))
    return dataclasses.replace(ratings, table=table, scale=(float(low), float(high)))


def same(one, other) -> None:
    """Two ranking tasks ask the same of the same people."""
    pd.testing.assert_index_equal(one.train.table.index, other.train.table.index)
    for part in ("users", "query_items", "query_ratings", "query_mask", "support_items"):
        np.testing.assert_array_equal(getattr(one.test, part), getattr(other.test, part))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("split", [new_items, top_n])
def test_likes_are_the_same_on_every_scale(made_up, split, scale):
    same(split(on_scale(made_up, *scale)), split(made_up))


@pytest.mark.parametrize("split", [new_items, top_n])
def test_the_caller_may_say_what_a_like_is(made_up, split):
    same(split(made_up, at_least=3.5), split(made_up))
    threes = split(made_up, at_least=3)
    assert threes.test.query_ratings.sum() > split(made_up).test.query_ratings.sum()
    by_scale = split(made_up, at_least=0).test
    assert by_scale.query_ratings.sum() > threes.test.query_ratings.sum()


@pytest.mark.parametrize("split", [new_items, top_n])
def test_the_remedy_for_too_few_likes_works(made_up, split):
    wide = dataclasses.replace(made_up, scale=(-50.0, 50.0))  # nobody is so fond of anything
    with pytest.raises(ValueError, match=r"0 of the 2400 ratings of made up are likes, 25 or more"):
        split(wide)
    same(split(wide, at_least=4), split(made_up))


IDS = {
    "as they are": lambda ids: ids,
    "below zero": lambda ids: -ids,
    "around zero": lambda ids: ids - 30,
    "large": lambda ids: ids + 10**14,
    "texts": lambda ids: "u" + ids.astype(str),
    "texts that look like numbers": lambda ids: "0" + ids.astype(str),
    "texts that look like ours": lambda ids: "source " + ids.astype(str),
}


@pytest.mark.parametrize("kind", IDS)
def test_people_may_be_called_anything(made_up, kind):
    table = made_up.table.assign(user=IDS[kind](made_up.table["user"]))
    split = newcomers(Ratings.from_table(table, made_up.items))
    first, second = (split.test.episodes(draw) for draw in (0, 1))
    assert len(first) == 12
    assert not np.array_equal(first.support_items, second.support_items)
    np.testing.assert_array_equal(first.support_items, split.test.episodes(0).support_items)


def test_a_person_and_its_negative_get_draws_of_their_own(made_up):
    both = pd.concat([made_up.table, made_up.table.assign(user=-made_up.table["user"])])
    ratings = Ratings.from_table(both.reset_index(drop=True), made_up.items)
    task = splits.Task(ratings, np.array([]))
    episodes = task.episodes()
    rows = dict(zip(episodes.users.tolist(), episodes.support_items.tolist(), strict=True))
    assert all(rows[user] != rows[-user] for user in range(1, 61))


NUMBERS = st.integers(-(10**9), 10**9)
NAMES = st.builds(
    "{}{}".format, st.sampled_from(["", "source ", "source source ", "u-"]), st.integers(-9, 99)
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(NUMBERS, min_size=12, unique=True) | st.lists(NAMES, min_size=12, unique=True),
    st.lists(NUMBERS, min_size=3, unique=True) | st.lists(NAMES, min_size=3, unique=True),
)
def test_no_two_people_of_two_populations_become_one(target_ids, source_ids):
    def rated(ids, n):
        return pd.DataFrame(
            [(user, item, 1.0 + item % 5) for user in ids for item in range(n)],
            columns=["user", "item", "rating"],
        )

    target = Ratings.from_table(rated(target_ids, 25), name="target")
    source = Ratings.from_table(rated(source_ids, 2), name="source")
    split = splits.few_shot.Populations(source, newcomers(target, min_ratings=21))
    pooled = split.pooled()
    assert pooled.n_users == split.target.train.n_users + source.n_users
    held = {str(user) for task in split.target[1:] for user in task.ratings.users.index}
    own = {str(user) for user in split.target.train.users.index}
    assert own <= {str(user) for user in pooled.users.index}
    if not pd.api.types.is_integer_dtype(pooled.table["user"]):
        assert not held & {str(user) for user in pooled.users.index}


def test_numbers_are_counted_on_as_ever(ml100k, ml2016):
    split = another_population(ml100k, ml2016)
    pooled = split.pooled(5).table["user"].to_numpy()[-len(split.source) :]
    last = split.target.train.users.index.max()
    np.testing.assert_array_equal(pooled, split.source.table["user"] + last)
