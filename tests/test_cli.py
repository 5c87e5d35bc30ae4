"""`python -m metarec` as its user meets it."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from metarec import advice, health
from metarec.__main__ import app
from metarec.data import AssetError, assets
from metarec.models import cache

CHILD = ("children_user", "children_system")  # of os.times


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("cache")
        patch.setattr(cache, "folder", lambda: place)
        patch.setenv("COLUMNS", "200")
        yield place


@pytest.fixture
def ask(home):
    def call(*words: str):
        return CliRunner().invoke(app, list(words))

    return call


STAR_WARS = ["--rate", "Star Wars=5", "--rate", "Empire Strikes Back=5", "--rate", "Toy Story=2"]


def test_ratings_bring_ten_films_with_interval_and_reasons(ask):
    answer = json.loads(ask("recommend", *STAR_WARS, "--json").stdout)
    assert next(film["title"] for film in answer["shown"]) == "Star Wars (1977)"
    films = answer["films"]
    assert len(films) == 10
    assert not {film["title"] for film in films} & {film["title"] for film in answer["shown"]}
    for film in films:
        low, high = film["interval"]
        assert 1 <= low < film["predicted"] <= high <= 5
    assert any("The Empire Strikes Back +" in film["reason"] for film in films)
    assert "Raiders of the Lost Ark (1981)" in {film["title"] for film in films}


def test_other_tastes_bring_other_films(ask):
    one = json.loads(ask("recommend", *STAR_WARS, "--json").stdout)["films"]
    wishes = [
        "--rate",
        "Star Wars=1",
        "--rate",
        "Annie Hall=5",
        "--rate",
        "Fargo=5",
        "--rate",
        "Top Gun=1",
    ]
    other = json.loads(ask("recommend", *wishes, "--json").stdout)["films"]
    assert len({f["item"] for f in one} & {f["item"] for f in other}) < 8


def test_no_ratings_at_all_are_a_valid_question(ask):
    result = ask("recommend")
    assert result.exit_code == 0
    assert "people" in result.stdout


def test_the_table_is_for_people(ask):
    shown = ask("recommend", *STAR_WARS, "--top", "3").stdout
    assert "You gave 5 to Star Wars (1977)." in shown
    assert "80 % interval" in shown
    assert shown.count(" to 5.0") == 3


def test_a_csv_file_says_the_same_as_options(ask, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text('title,rating\nStar Wars,5\n"Empire Strikes Back, The",5\nToy Story (1995),2\n')
    from_file, typed = (
        ask("recommend", *words, "--json").stdout for words in (["--csv", str(file)], STAR_WARS)
    )
    assert from_file == typed


def test_the_2016_films_are_there_too(ask):
    answer = json.loads(
        ask("recommend", "--data", "movielens-2016", "--rate", "The Matrix=5", "--json").stdout
    )
    assert answer["scale"] == [0.5, 5]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rate", "Toy Story"], "is not a rating; write a title, an equals sign and a number"),
        (["--rate", "Toy Story=good"], "'good' is not a rating"),
        (["--rate", "Toy Story=nan"], "is not a rating"),
        (["--rate", "Toy Story=9"], "Toy Story=9 is outside the scale 1 to 5"),
        (["--rate", "Sabrina=3"], "fits several films"),
        (["--rate", "The Matrix=5"], "Newer films: add --data movielens-2016"),
        (["--rate", "Toy Story=5", "--rate", "toy story=4"], "rated twice; keep one"),
        (["--csv", "nothing.csv"], "nothing.csv does not exist"),
        (["--data", "nowhere"], "--data nowhere is neither movielens-100k nor"),
    ],
)
def test_nonsense_is_refused_in_words_and_with_exit_code_2(ask, words, message):
    result = ask("recommend", *words)
    assert result.exit_code == 2
    assert message in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_a_csv_file_without_the_right_columns_is_refused(ask, tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("film,stars\nAlien,5\n")
    assert "needs title and rating" in ask("recommend", "--csv", str(file)).stderr.replace(
        "\n", " "
    )


def test_with_a_cached_fit_an_answer_takes_less_than_five_seconds():
    """Seconds of processor time, so that a busy machine does not matter."""
    command = [sys.executable, "-m", "metarec", "recommend", *STAR_WARS]
    subprocess.run(command, check=True, capture_output=True)
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    used = sum(getattr(after, part) - getattr(before, part) for part in CHILD)
    assert 0 < used < 5


def test_the_doctor_finds_everything_in_place(ask):
    result = ask("doctor")
    assert result.exit_code == 0, result.stdout
    assert "Everything is in place." in result.stdout


def test_the_doctor_says_what_is_missing_and_how_to_repair_it(ask, monkeypatch):
    def missing(*_, **__):
        raise AssetError("MovieLens-100K is not here", "run: pip install this")

    monkeypatch.setattr(assets, "find", missing)
    monkeypatch.setattr(health, "movielens_100k", missing)
    result = ask("doctor")
    assert result.exit_code == 1
    assert "→ run: pip install this" in result.stdout
    assert "Something is missing" in result.stdout


def test_the_leaderboard_prints_saved_results(ask, tmp_path, monkeypatch):
    row = '{"protocol": "newcomers", "method": "bias", "k": 5, "metric": "rmse",'
    row += '"mean": 0.9, "low": 0.8, "high": 1.0, "n_users": 9, "n_draws": 5,'
    row += '"relative_seconds": 1.0, "parameters": {}}'
    (tmp_path / "02.json").write_text(f'{{"chapter": "02", "versions": {{}}, "rows": [{row}]}}')
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    shown = ask("leaderboard").stdout
    assert "newcomers: rmse (lower is better)" in shown
    assert "0.900 [0.800, 1.000]" in shown
    assert (
        json.loads(ask("leaderboard", "--metric", "rmse", "--json").stdout)[0]["method"] == "bias"
    )
    assert "there are protocols ['newcomers']" in ask(
        "leaderboard", "--metric", "weight"
    ).stderr.replace("\n", " ")


def test_the_reason_names_at_most_two_films_and_only_such_as_moved_it():
    import numpy as np

    assert advice._reason(["A", "B", "C"], np.array([0.1, -0.3, 0.2])) == "B −0.30, C +0.20"
    assert advice._reason(["A"], np.array([0.001])) == ""
