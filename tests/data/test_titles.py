"""Titles of different sources meet; those that people type are found, doubt gets a list."""

import dataclasses

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metarec.data import Ratings
from metarec.data.titles import TitleError, TitleIndex, find_title, label, names, parts, title_key

FILMS = pd.DataFrame(
    {
        "title": [
            "Empire Strikes Back, The",
            "Alien",
            "Alien: Resurrection",
            "Hamlet",
            "Hamlet",
            "Postman, The (Postino, Il)",
            "Amélie",
        ],
        "year": [1980, 1979, 1997, 1990, 1996, 1994, 2001],
    },
    index=[1, 2, 3, 4, 5, 6, 7],
)
RATINGS = Ratings.from_table(pd.DataFrame({"user": [1], "item": [1], "rating": [5]}), FILMS)


@pytest.mark.parametrize(
    ("typed", "item"),
    [
        ("The Empire Strikes Back", 1),
        ("empire strikes back", 1),
        ("Empire Strikes Back, The (1980)", 1),
        ("ALIEN", 2),
        ("alien resurrection", 3),
        ("Resurrection", 3),
        ("Hamlet (1996)", 5),
        ("hamlet 1990", 4),
        ("Il Postino", 6),
        ("amelie", 7),
        ("Empire Strkes Bakc", 1),
    ],
)
def test_a_title_is_found(typed, item):
    assert find_title(RATINGS, typed) == item


def test_two_films_of_one_name_are_listed_with_their_years():
    with pytest.raises(
        TitleError, match=r"(?s)'Hamlet' fits several films; name one of these.*1990.*1996"
    ) as caught:
        find_title(RATINGS, "Hamlet")
    assert caught.value.candidates == ["Hamlet (1990)", "Hamlet (1996)"]


@pytest.mark.parametrize("typed", ["Gone with the Wind", "Hamlet (1948)", "", "(((", "★"])
def test_no_film_gives_the_nearest_ones(typed):
    with pytest.raises(TitleError, match="fits no film; name one of these"):
        find_title(RATINGS, typed)


def test_ratings_without_titles_say_so():
    bare = dataclasses.replace(RATINGS, items=FILMS[["year"]])
    with pytest.raises(ValueError, match="has no titles; name items by their id"):
        find_title(bare, "Alien")
    assert label(bare, 2) == "2"


def test_labels_put_the_article_in_front_and_the_year_behind():
    assert label(RATINGS, 1) == "The Empire Strikes Back (1980)"
    assert label(RATINGS, 6) == "The Postman (Postino, Il) (1994)"


def test_a_film_without_a_year_keeps_its_title():
    films = FILMS.astype({"year": "Int64"})
    films.loc[7, "year"] = pd.NA
    assert label(dataclasses.replace(RATINGS, items=films), 7) == "Amélie"


def test_every_label_of_movielens_100k_finds_its_film(ml100k):
    """Films that share title and year are the one exception: they are listed."""
    twins = ml100k.items.duplicated(["title", "year"], keep=False)
    lost = []
    for item in ml100k.items.index[~twins][::50]:
        try:
            found = find_title(ml100k, label(ml100k, item))
        except TitleError:
            found = None
        lost += [label(ml100k, item)] if found != item else []
    assert len(lost) <= 1, lost


# ---------------------------------------------------------------- titles of sources


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Usual Suspects, The", "The Usual Suspects"),
        ("Postino, Il", "Il Postino"),
        ("Twelve Monkeys", "12 Monkeys"),
        ("Amélie", "Amelie"),
        ("Romeo + Juliet", "Romeo & Juliet"),
        ("Rocky III", "Rocky 3"),
        ("Kill Bill: Vol. 1", "Kill Bill: Volume 1"),
        ("8 1/2", "8½"),
        ("Jungle2Jungle", "Jungle 2 Jungle"),
        ("Three Colors: Red", "Three Colours: Red"),
        ("Schindler's List", "Schindler’s List"),
        ("M*A*S*H", "MASH"),
    ],
)
def test_spelling_does_not_matter(one, other):
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Rocky", "Rocky II"), ("Alien", "Aliens"), ("Malcolm X", "Malcolm 10"), ("A", "The")],
)
def test_what_matters_is_kept(one, other):
    assert title_key(one) != title_key(other)


@given(st.text(max_size=30))
def test_a_key_is_its_own_key_and_any_text_has_one(title):
    key = title_key(title)
    assert key.isalnum() or key == ""
    assert names(title) is not None
    assert parts(title) is not None


def test_names_in_brackets_count_as_names():
    assert names("Road Warrior, The (Mad Max 2)") == ["Road Warrior, The", "Mad Max 2"]
    assert names("Sunset Blvd. (a.k.a. Sunset Boulevard)")[1] == "Sunset Boulevard"
    assert names("(500) Days of Summer")[0] == "Days of Summer"
    assert names("...") == []


def films(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["title", "year"], index=range(1, len(rows) + 1))


def look_up(known: list[tuple], title: str, year: int, weight: list | None = None):
    table = films(known)
    index = TitleIndex(table, pd.Series(weight or 0, index=table.index))
    return index.match(films([(title, year)])).get(1)


def test_a_year_may_be_off_by_one_and_no_more():
    assert look_up([("Alien", 1979)], "Alien", 1980).id == 1
    assert look_up([("Alien", 1979)], "Alien", 1981) is None


def test_the_nearest_year_wins_then_the_spelling_then_the_weight():
    assert look_up([("Hamlet", 1990), ("Hamlet", 1991)], "Hamlet", 1991).id == 2
    assert look_up([("Nine", 2009), ("9", 2009)], "9", 2009, weight=[9, 1]).id == 2
    assert look_up([("Home", 2009), ("Home", 2009)], "Home", 2009, weight=[3, 9]).id == 2


def test_parts_decide_only_when_one_film_fits():
    saga = ("Star Wars: Episode V – The Empire Strikes Back", 1980)
    assert look_up([saga], "Empire Strikes Back, The", 1980) == (1, "part")
    assert (
        look_up([saga, ("X: The Empire Strikes Back", 1980)], "Empire Strikes Back", 1980) is None
    )


def test_a_film_claimed_by_its_title_is_not_given_away_by_a_part():
    index = TitleIndex(films([("Watchmen", 2009)]), pd.Series(0, index=[1]))
    asked = films([("Watchmen: Tales of the Black Freighter", 2009), ("Watchmen", 2009)])
    assert index.match(asked) == {2: (1, "title")}


def test_films_without_title_or_year_are_left_out():
    table = pd.DataFrame({"title": ["Big", None], "year": pd.array([None, 1988], "Int64")})
    assert TitleIndex(table, pd.Series(0, index=table.index)).match(table) == {}
