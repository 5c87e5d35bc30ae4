"""Titles are found as people type them; doubt is answered with a list."""

import dataclasses

import pandas as pd
import pytest

from metarec.data import Ratings
from metarec.data.lookup import TitleError, find_title, label

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
