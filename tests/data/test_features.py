"""Features of items by hand."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Ratings, item_features
from metarec.data.features import genre_table, tfidf

TABLE = pd.DataFrame({"user": [1, 1, 1], "item": [1, 2, 3], "rating": [4, 2, 3]})
EVERYTHING = ["genres", "year", "critics", "people", "titles"]


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


def test_an_unknown_group_is_refused():
    with pytest.raises(ValueError, match="unknown feature group 'plot'; choose from genres, year"):
        item_features(rated(), ["plot"])


def test_names_between_separators_are_terms():
    weights = tfidf(["Ann Bo|Cy Do", "Ann Bo", "Cy Do", "Ed"], "|").toarray()
    np.testing.assert_allclose(weights, [[0.5**0.5, 0.5**0.5], [1, 0], [0, 1], [0, 0]])
    assert tfidf(["one", "two"]).shape == (2, 0)


def test_all_groups_of_movielens_are_centred_and_numbers_scaled(ml100k):
    features = item_features(ml100k, EVERYTHING)
    assert features.values.shape == (ml100k.n_items, len(features.names))
    np.testing.assert_allclose(features.values.mean(0), 0, atol=1e-9)
    numbers = [features.names.index(name) for name in ("year", "tomatometer", "people 1")]
    np.testing.assert_allclose(features.values[:, numbers].std(0), 1)
    assert {"genre Children", "no tomatometer"} <= set(features.names)
