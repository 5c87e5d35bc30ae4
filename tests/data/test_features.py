"""Features of items by hand."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import (
    Ratings,
    genre_table,
    item_features,
    item_terms,
    tfidf,
    with_features,
)

TABLE = pd.DataFrame({"user": [1, 1, 1], "item": [1, 2, 3], "rating": [4, 2, 3]})
EVERYTHING = ["genres", "year", "critics", "places", "people", "titles"]


def rated(**columns) -> Ratings:
    return Ratings.from_table(TABLE, pd.DataFrame(columns, index=[1, 2, 3]))


def test_both_names_of_the_childrens_genre_are_one():
    table = genre_table(rated(genres=["Children's|War", "Children", "(no genres listed)"]))
    assert table.to_dict("list") == {"genre Children": [1, 1, 0], "genre War": [1, 0, 0]}


def test_a_missing_number_is_the_mean_and_has_a_column():
    films = rated(year=pd.array([1990, 1994, None], dtype="Int64"))
    features = item_features(films, ["year"])
    assert features.names[:2] == ["year", "no year"]
    np.testing.assert_allclose(features.values[:, 0], np.sqrt(1.5) * np.array([-1, 1, 0]))
    np.testing.assert_allclose(features.values[:, 1], [-1 / 3, -1 / 3, 2 / 3])


def test_years_are_cut_into_tenths_of_the_catalogue():
    features = item_features(rated(year=[1990, 1994, 1998]), ["year"])
    assert "years 1990 to 1991" in features.names
    assert len(features.names) == 4  # the number and three tenths that hold a film


def test_a_catalogue_without_facts_has_no_columns():
    bare = Ratings.from_table(TABLE)
    assert item_features(bare, EVERYTHING).values.shape == (3, 0)
    assert item_terms(bare, ["genres", "year", "titles", "people"]) == ["", "", ""]


def test_an_unknown_group_is_refused():
    with pytest.raises(ValueError, match="unknown feature group 'plot'; choose from genres, year"):
        item_features(rated(), ["plot"])


def test_names_between_separators_are_terms():
    weights = tfidf(["Ann Bo|Cy Do", "Ann Bo", "Cy Do", "Ed"], "|")
    assert weights.names == ["Ann Bo", "Cy Do"]
    expected = [[0.5**0.5, 0.5**0.5], [1, 0], [0, 1], [0, 0]]
    np.testing.assert_allclose(weights.values.toarray(), expected)
    assert tfidf(["one", "two"]).values.shape == (2, 0)


def test_rare_terms_weigh_more_as_the_formula_says():
    weights = tfidf(["a b", "a b", "a", "a c"], " ")
    rare = 1 + np.log(5 / 3)  # 1 + ln((1 + 4 films) / (1 + 2 with b)); a stands in all: 1
    length = np.hypot(1, rare)
    np.testing.assert_allclose(weights.values.toarray()[0], [1 / length, rare / length])
    np.testing.assert_allclose(weights.values.toarray()[2], [1, 0])


def test_terms_say_what_kind_they_are(ml100k):
    films = rated(genres=["War|Drama", "", "War"], title=["The War", "U", "Up up"], year=1990)
    assert item_terms(films, ["genres", "titles", "year"]) == [
        "genre Drama|genre War|word the|word war|year 1990",
        "year 1990",
        "genre War|word up|word up|year 1990",
    ]
    star_wars = item_terms(ml100k, ["people"])[49].split("|")
    assert star_wars.count("name George Lucas") == 2  # he directed and wrote it
    assert "name Alec Guinness" in star_wars
    with pytest.raises(ValueError, match="unknown group of terms 'plot'"):
        item_terms(films, ["plot"])


def test_the_critics_are_their_three_parts(ml100k):
    whole = item_features(ml100k, ["critics"])
    parts = item_features(ml100k, ["scores", "success", "runtime"])
    assert sorted(whole.names) == sorted(parts.names)
    order = [parts.names.index(name) for name in whole.names]
    np.testing.assert_allclose(whole.values, parts.values[:, order])


def test_places_are_named_and_not_too_rare(ml100k):
    places = item_features(ml100k, ["places"])
    assert {"country France", "language English"} <= set(places.names)
    share = (places.values > 0).mean(0)
    assert (share * ml100k.n_items >= 20 - 1e-9).all()


def test_all_groups_of_movielens_are_centred_and_numbers_scaled(ml100k):
    features = item_features(ml100k, EVERYTHING)
    assert features.values.shape == (ml100k.n_items, len(features.names))
    np.testing.assert_allclose(features.values.mean(0), 0, atol=1e-9)
    numbers = [features.names.index(name) for name in ("year", "tomatometer", "people 1")]
    np.testing.assert_allclose(features.values[:, numbers].std(0), 1)
    assert {"genre Children", "no tomatometer"} <= set(features.names)


def test_numbers_of_your_own_become_a_group_that_keeps_its_unit():
    ratings = with_features(
        rated(genres=["War", "Drama", "War"]), "vector", [[1, 0], [3, 0], [8, 1]]
    )
    features = item_features(ratings, ["vector", "genres"])
    assert features.names == ["vector 1", "vector 2", "genre Drama", "genre War"]
    np.testing.assert_allclose(features.values[:, 0], [-3, -1, 4])
    np.testing.assert_allclose(features.values[:, 1], [-1 / 3, -1 / 3, 2 / 3])
    assert ratings.keep([True, False, True]).items.equals(ratings.items)  # splits hand them on
    another = with_features(ratings, "vec", [[1], [2], [4]])
    assert item_features(another, ["vec"]).names == ["vec 1"]


@pytest.mark.parametrize("group", ["genres", "vector", "two words", ""])
def test_a_taken_or_impossible_name_is_refused(group):
    ratings = with_features(rated(genres=["War", "Drama", "War"]), "vector", np.eye(3))
    with pytest.raises(ValueError, match="cannot name new features; pass one new word"):
        with_features(ratings, group, np.eye(3))


@pytest.mark.parametrize("values", [np.eye(2), np.ones(3), [[1], [2], [np.nan]]])
def test_numbers_that_do_not_fit_the_catalogue_are_refused(values):
    with pytest.raises(ValueError, match="not one row of finite numbers for each of the 3 items"):
        with_features(rated(), "vector", values)
