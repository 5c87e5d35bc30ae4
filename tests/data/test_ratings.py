"""`Ratings` accepts good tables as they are and names the row of a bad one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metarec.data import Ratings


def table(**changes) -> pd.DataFrame:
    columns = {
        "user": [1, 1, 2],
        "item": [10, 20, 10],
        "rating": [5.0, 3.0, 4.0],
        "timestamp": [7, 8, 9],
    }
    columns |= changes
    return pd.DataFrame({name: values for name, values in columns.items() if values is not None})


BAD = {
    "no user column": (table(user=None), {}, r"missing \['user'\].*rename"),
    "no rating column": (table(rating=None), {}, r"missing \['rating'\].*rename"),
    "a column too many": (table(weather=[1, 2, 3]), {}, r"unknown \['weather'\].*drop"),
    "no row": (table().iloc[:0], {}, "no row; pass at least one rating"),
    "a NaN rating": (
        table(rating=[5, np.nan, 4]),
        {},
        "rating nan at row 1 is not a finite number .* drop",
    ),
    "an infinite rating": (table(rating=[5, 3, np.inf]), {}, "rating inf at row 2"),
    "a word as rating": (
        table(rating=["5", "good", "4"]),
        {},
        "rating 'good' at row 1 .*correct it",
    ),
    "a rating above the scale": (
        table(rating=[5, 7, 4]),
        {},
        r"rating 7 at row 1 is outside the scale 1\.\.5; if .*pass scale=",
    ),
    "a rating below the scale": (
        table(rating=[5, 0.5, 4]),
        {},
        r"rating 0.5 at row 1 .* pass scale=\(0.5, 5\)",
    ),
    "a pair twice": (
        table(item=[10, 10, 10]),
        {},
        "user 1 rates item 10 a second time at row 1 .*drop_duplicates",
    ),
    "a missing user": (table(user=[1, None, 2]), {}, "user is missing at row 1; fill it in"),
    "a blank item": (table(item=["a", " ", "b"]), {}, "item is missing at row 1"),
    "a missing time": (table(timestamp=[7, np.nan, 9]), {}, "timestamp nan at row 1"),
    "a missing date": (
        table(timestamp=pd.to_datetime(["2020-01-01", None, "2020-01-02"])),
        {},
        "timestamp is missing at row 1",
    ),
    "a scale upside down": (table(), {"scale": (5, 1)}, r"scale \(5, 1\) .*pass for example"),
    "an endless scale": (table(), {"scale": (1, np.inf)}, "scale .*pass for example"),
    "an item not in its table": (
        table(),
        {"items": pd.DataFrame(index=[10])},
        "item 20 at row 1 is not in the item table; add it",
    ),
    "a user twice in its table": (
        table(),
        {"users": pd.DataFrame(index=[1, 2, 2])},
        "user 2 stands twice",
    ),
    "ids of two types": (
        table(),
        {"users": pd.DataFrame(index=["1", "2"])},
        "user 1 at row 0 .*one type",
    ),
    "an index that repeats": (
        table().set_axis([0, 0, 1]),
        {},
        "index repeats; call table.reset_index",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_refused_with_place_and_remedy(name):
    bad, options, message = BAD[name]
    with pytest.raises(ValueError, match=f"(?s){message}"):
        Ratings.from_table(bad, **options)


def test_a_refused_table_is_left_as_it_was():
    bad = table(rating=["5", "good", "4"])
    before = bad.copy()
    with pytest.raises(ValueError):
        Ratings.from_table(bad)
    pd.testing.assert_frame_equal(bad, before)


def test_a_good_table_keeps_its_rows_in_order():
    ratings = Ratings.from_table(table())
    assert list(ratings.table.columns) == ["user", "item", "rating", "timestamp"]
    assert list(ratings.table["timestamp"]) == [7, 8, 9]
    assert (ratings.n_users, ratings.n_items, len(ratings), ratings.density) == (2, 2, 3, 0.75)


def test_matrix_and_item_statistics_by_hand():
    ratings = Ratings.from_table(table())
    assert ratings.matrix().toarray().tolist() == [[5, 3], [4, 0]]
    assert ratings.item_counts().tolist() == [2, 1]
    assert ratings.item_means().tolist() == [4.5, 3]
    # Shrinkage 1 adds one rating at the mean, 4: (5 + 4 + 4) / 3 and (3 + 4) / 2.
    assert ratings.item_means(1).tolist() == pytest.approx([13 / 3, 3.5])


def test_an_item_that_nobody_rated_gets_the_global_mean():
    ratings = Ratings.from_table(table(), items=pd.DataFrame(index=[10, 20, 30]))
    assert ratings.item_means().tolist() == [4.5, 3, 4]


@pytest.mark.parametrize(
    ("users", "expected"),
    [([1.0, 1.0, 2.0], "int64"), (["1", "1", "b"], "str"), ([2**63, 2**63, 1], "str")],
)
def test_whole_numbers_become_integers_and_all_else_text(users, expected):
    assert str(Ratings.from_table(table(user=users)).table["user"].dtype) == expected


def test_numbers_written_as_text_are_read():
    assert Ratings.from_table(table(rating=["5", "3.0", "4"])).table["rating"].tolist() == [5, 3, 4]


def test_datetimes_become_seconds_since_1970():
    times = pd.to_datetime(["1970-01-01 00:00:07", "1970-01-02 00:00:00", "1970-01-01 01:00:00"])
    assert Ratings.from_table(table(timestamp=times)).table["timestamp"].tolist() == [
        7,
        86400,
        3600,
    ]


def test_timestamps_may_be_absent_altogether():
    ratings = Ratings.from_table(table(timestamp=None))
    assert not ratings.has_timestamps
    assert "no timestamps" in repr(ratings)


@pytest.mark.parametrize("rows", [1, 2])
def test_one_user_and_one_item_are_enough(rows):
    assert len(Ratings.from_table(table().iloc[:rows])) == rows


def test_keep_refuses_a_mask_of_another_length():
    with pytest.raises(ValueError, match=r"shape \(2,\); pass one bool a rating, shape \(3,\)"):
        Ratings.from_table(table()).keep([True, False])


def test_keep_keeps_source_rows_catalogue_and_users():
    kept = Ratings.from_table(table()).keep([False, False, True])
    assert kept.table.index.tolist() == [2]
    assert (kept.n_users, kept.n_items) == (2, 2)


def test_the_hash_follows_the_content_and_not_the_name():
    ratings = Ratings.from_table(table())
    assert ratings.sha256() == Ratings.from_table(table(), name="other").sha256()
    assert ratings.sha256() != Ratings.from_table(table(rating=[5, 3, 5])).sha256()


def test_the_whole_hash_follows_the_people_the_catalogue_and_the_scale_too():
    items = pd.DataFrame({"genres": "War"}, index=[10, 20])
    users = pd.DataFrame({"age": 30}, index=[1, 2])
    plain = Ratings.from_table(table())
    others = [
        Ratings.from_table(table(), items),
        Ratings.from_table(table(), users=users),
        Ratings.from_table(table(), scale=(0, 5)),
        Ratings.from_table(table(rating=[5 - 1e-9, 3, 4])),
    ]
    assert {other.sha256() for other in others} == {plain.sha256()}
    assert len({other.sha256(whole=True) for other in [plain, *others]}) == 5


@pytest.mark.parametrize("column", ["user", "item", "rating", "timestamp"])
def test_both_hashes_follow_every_column_whatever_the_ids(column):
    for ids in ("numbers", "texts"):
        one = table() if ids == "numbers" else table(user=["a", "a", "b"], item=["c", "d", "c"])
        other = one.iloc[[0, 2]].reset_index(drop=True)
        other[column] = other[column].to_numpy()[::-1]
        first, second = Ratings.from_table(one.iloc[[0, 2]]), Ratings.from_table(other)
        for whole in (False, True):
            changed = first.sha256(whole) != second.sha256(whole)
            assert changed == (column != "item"), (ids, whole)  # both rated the same item


@given(
    st.lists(
        st.tuples(
            st.integers(1, 20), st.integers(1, 20), st.floats(allow_nan=True, allow_infinity=True)
        ),
        min_size=1,
    )
)
def test_any_table_is_either_right_or_refused_in_words(rows):
    raw = pd.DataFrame(rows, columns=["user", "item", "rating"])
    good = raw["rating"].between(1, 5).all() and not raw.duplicated(["user", "item"]).any()
    try:
        ratings = Ratings.from_table(raw)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert ratings.matrix().nnz == len(raw)
    assert good == (refusal == "")
    assert good or ";" in refusal  # what is wrong; what to do
