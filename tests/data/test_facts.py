"""Titles of different sources meet, facts are those of Wikidata, and nothing is joined twice."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Ratings, assets, film_facts, shared_items
from metarec.data.facts import COLUMNS, LISTS


@pytest.fixture(scope="session")
def facts100k(ml100k):
    return film_facts(ml100k)


def catalogue(rows: dict) -> Ratings:
    """Ratings of one person for films given as id: (title, year)."""
    items = pd.DataFrame(rows, index=["title", "year"]).T.astype({"year": "Int64"})
    table = pd.DataFrame({"user": 1, "item": items.index, "rating": 3.0})
    return Ratings.from_table(table, items, name="mine")


# ---------------------------------------------------------------- the join


def test_the_match_rates_are_those_of_the_data_card(facts100k, ml2016):
    assert facts100k.film_match_rate == pytest.approx(0.844, abs=5e-4)
    assert facts100k.rating_match_rate == pytest.approx(0.966, abs=5e-4)
    other = film_facts(ml2016)
    assert other.film_match_rate == pytest.approx(0.838, abs=5e-4)
    assert other.rating_match_rate == pytest.approx(0.958, abs=5e-4)


def test_the_table_is_aligned_with_the_items(facts100k, ml100k):
    assert facts100k.table.index.equals(ml100k.items.index)
    assert tuple(facts100k.table.columns) == COLUMNS
    unmatched = facts100k.table[facts100k.table["wikidata"].isna()]
    assert (unmatched[list(LISTS)] == "").all(axis=None)
    assert unmatched[["runtime", "metacritic", "oscars", "reviews"]].isna().all(axis=None)


def test_known_films_have_their_facts(facts100k):
    toy_story = facts100k.table.loc[1]
    assert toy_story["directors"] == "John Lasseter"
    assert toy_story["cast"] == ""  # Wikidata keeps voices elsewhere
    assert toy_story["released"] == pd.Timestamp("1995-11-22")
    numbers = ["wikidata", "metacritic", "tomatometer", "reviews", "runtime", "oscars"]
    assert toy_story[numbers].tolist() == [171048, 96, 100, 163, 80, 1]
    fargo = facts100k.table.loc[100]
    assert fargo["directors"] == "Ethan Coen|Joel Coen"
    assert "Frances McDormand" in fargo["cast"].split("|")


@pytest.mark.parametrize(
    ("item", "title", "how"),
    [
        (50, "Star Wars: Episode IV – A New Hope", "part"),
        (172, "Star Wars: Episode V – The Empire Strikes Back", "part"),
        (181, "Star Wars: Episode VI – Return of the Jedi", "part"),
        (7, "12 Monkeys", "title"),
        (1097, "La Haine", "name"),
    ],
)
def test_much_rated_films_under_other_names_are_found(facts100k, item, title, how):
    assert facts100k.table.loc[item, ["wikidata_title", "matched_by"]].tolist() == [title, how]


def test_years_differ_by_one_at_most(facts100k, ml100k):
    gap = (facts100k.table["wikidata_year"] - ml100k.items["year"]).dropna().abs()
    assert gap.max() == 1
    assert len(gap) > 1400


def test_any_ratings_with_titles_can_be_joined():
    facts = film_facts(catalogue({"a": ("Fargo", 1996), "b": ("Nobody Knows This", 1996)}))
    assert facts.table["directors"].tolist() == ["Ethan Coen|Joel Coen", ""]
    assert (facts.film_match_rate, facts.rating_match_rate) == (0.5, 0.5)


def test_no_match_at_all_is_an_answer():
    facts = film_facts(catalogue({"a": ("Nobody Knows This", 1996)}))
    assert facts.film_match_rate == facts.rating_match_rate == 0
    assert tuple(facts.table.columns) == COLUMNS


def test_the_join_changes_neither_ratings_nor_facts(ml100k, facts100k):
    before = ml100k.items.copy()
    changed = film_facts(ml100k).table
    changed["metacritic"] = np.nan
    assert film_facts(ml100k).table.equals(facts100k.table)
    pd.testing.assert_frame_equal(ml100k.items, before)


def test_items_without_titles_are_refused():
    table = pd.DataFrame({"user": [1], "item": [1], "rating": [3]})
    ratings = Ratings.from_table(table, name="bare")
    with pytest.raises(ValueError, match=r"bare has no column title and no year, by which.*items="):
        film_facts(ratings)


def test_a_damaged_table_is_refused(tmp_path, monkeypatch):
    from metarec.data import facts

    path = tmp_path / "film_facts" / "films.csv.gz"
    path.parent.mkdir()
    content = bytearray((assets.data_folder() / "film_facts" / "films.csv.gz").read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(assets, "data_folder", lambda: tmp_path)
    facts._wikidata.cache_clear()
    with pytest.raises(assets.AssetError, match=r"films.csv.gz is damaged.*; restore the file"):
        film_facts(catalogue({"a": ("Fargo", 1996)}))


# ---------------------------------------------------------------- films that two data sets share


def test_the_two_populations_share_these_films(ml100k, ml2016):
    pairs = shared_items(ml100k, ml2016)
    assert len(pairs) == 1404
    assert pairs.index.is_unique
    assert pairs.is_unique
    assert pairs.index.is_monotonic_increasing
    assert pairs[[1, 50, 172]].tolist() == [1, 260, 1196]
    gap = ml100k.items["year"][pairs.index].to_numpy() - ml2016.items["year"][pairs].to_numpy()
    assert set(gap) == {-1, 0, 1}


def test_of_two_entries_of_one_film_the_more_rated_one_is_shared(ml100k, ml2016):
    counts = ml100k.table["item"].value_counts()
    pairs = shared_items(ml100k, ml2016)
    assert counts[268] > counts[246]  # Chasing Amy stands twice in the 100K
    assert 268 in pairs.index
    assert 246 not in pairs.index


def test_no_shared_film_is_an_error():
    one, other = catalogue({"a": ("Alien", 1979)}), catalogue({"b": ("Big", 1988)})
    with pytest.raises(ValueError, match="mine and mine share no film; check their titles and"):
        shared_items(one, other)
