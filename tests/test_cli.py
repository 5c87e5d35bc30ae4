"""`python -m metarec` as its user meets it."""

import inspect
import json
import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from metarec import models
from metarec.__main__ import app
from metarec.book import comparison, doctor, recommend
from metarec.data import AssetError, Episodes, assets, newcomers
from metarec.evaluation.experiment import few_shot
from metarec.models import cache, registry

CHILD = ("children_user", "children_system")  # of os.times


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("COLUMNS", "200")
        yield cache.folder()


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
        ask(
            "recommend",
            "--method",
            "item-mean",
            "--data",
            "movielens-2016",
            "--rate",
            "The Matrix=5",
            "--json",
        ).stdout
    )
    assert answer["scale"] == [0.5, 5]


def words_of(shown: str) -> str:
    """The output on one line, wherever the terminal's width has broken it."""
    return " ".join(shown.split())


@pytest.mark.parametrize("method", recommend.offered())
def test_every_method_answers_and_says_what_its_numbers_are(ask, method):
    answer = json.loads(ask("recommend", *STAR_WARS, "--method", method, "--json").stdout)
    kind = recommend.offered()[method]()
    sure = "return_std" in inspect.signature(kind.predict).parameters
    assert answer["method"] == method
    assert answer["predicts_ratings"] == kind.predicts_ratings
    assert len(answer["films"]) == 10
    value = "predicted" if kind.predicts_ratings else "score"
    for film in answer["films"]:
        assert set(film) == {"item", "title", "reason", value} | ({"interval"} if sure else set())
    values = [film[value] for film in answer["films"]]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("method", recommend.offered())
def test_an_only_rating_moves_no_score_further_than_scores_reach(ask, method):
    """Popularity, in people, is not subtracted from a cosine."""
    words = ["--rate", "Alien=5", "--method", method, "--json"]
    answer = json.loads(ask("recommend", *words).stdout)
    low, high = answer["scale"]
    if not answer["predicts_ratings"]:
        high = max(abs(film["score"]) for film in answer["films"])
        low = -high
    for film in answer["films"]:
        for moved in re.findall(r"[+−]([\d.]+)", film["reason"]):
            assert float(moved) <= high - low, film


def test_what_is_not_offered_by_name_is_known():
    """A class says it itself; these are those of the book that do."""
    offered = set(recommend.offered().values())
    kept_back = {kind.__name__ for kind in registry.methods().values()} - {
        kind.__name__ for kind in offered
    }
    nothing_personal = {"GlobalMean", "RandomScores"}  # these know nothing of films
    in_order = {"MarkovChain", "RecentItemNeighbours", "SASRec", "BERT4Rec"}  # what came last?
    # these need another population, or train for longer than one waits at a prompt
    elsewhere = {"TransferredBayes", "LanguageModelRecommender"}
    elsewhere |= {"MAML", "Reptile", "ANIL", "MetaSGD", "MeLU"}
    elsewhere |= {"MatchingNetwork", "ConditionalNeuralProcess", "AttentiveNeuralProcess"}
    elsewhere |= {"RidgeHead", "InContextTransformer"}
    assert kept_back == nothing_personal | in_order | elsewhere


OWN = """
import metarec as mr
class ByCount:
    def fit(self, ratings):
        self.counts = ratings.item_counts()
    def predict(self, episodes):
        return self.counts[episodes.query_items].astype(float)
class Unfinished:
    def fit(self, ratings):
        return self
class Choosy(ByCount):
    def __init__(self, taste):
        self.taste = taste
nothing = 3
"""


def test_a_class_of_ones_own_is_asked_by_module_and_name(ask, tmp_path, monkeypatch):
    (tmp_path / "count_method.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    words = ["--method", "count_method:ByCount"]
    answer = json.loads(ask("recommend", *STAR_WARS, *words, "--json").stdout)
    assert "Return of the Jedi (1983)" in {film["title"] for film in answer["films"]}
    shown = ask("recommend", *STAR_WARS, *words).stdout
    assert "count_method:ByCount" in words_of(shown)
    assert "Your ratings change nothing here." in words_of(shown)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("no_such_file:Method", "there is no module 'no_such_file'; name a file of"),
        ("count_method:Count", "count_method has no class Count; a class with two methods is enou"),
        ("count_method:nothing", "count_method has no class nothing"),
        ("count_method:", "count_method has no class"),
        (":ByCount", "cannot be imported"),
        ("count_method:Unfinished", "Unfinished lacks predict; a class with two methods is enough"),
        ("count_method:Choosy", "Choosy() cannot be made"),
        ("broken_method:Method", "broken_method cannot be imported: ZeroDivisionError"),
    ],
)
def test_what_is_no_method_is_refused_with_what_to_write(ask, tmp_path, monkeypatch, method, said):
    (tmp_path / "count_method.py").write_text(OWN)
    (tmp_path / "broken_method.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    result = ask("recommend", *STAR_WARS, "--method", method)
    assert result.exit_code == 2
    assert said in words_of(result.stderr)
    assert "Traceback" not in result.stderr


def test_a_registered_class_is_listed_and_accepted_by_name(ask, monkeypatch):
    @models.register
    class ByNumber:
        """Films by their number: nobody needs this."""

        predicts_ratings = False

        def fit(self, ratings):
            return self

        def predict(self, episodes):
            return episodes.query_items.astype(float)

    try:
        assert list(recommend.offered())[-1] == "by-number"
        listed = words_of(ask("recommend", "--help").stdout)
        assert "by-number: Films by their number: nobody needs this. Only ranks." in listed
        answer = json.loads(ask("recommend", "--method", "by-number", "--json").stdout)
        assert answer["predicts_ratings"] is False
    finally:
        models.unregister(ByNumber)
    assert ask("recommend", "--method", "by-number").exit_code == 2


def test_scores_are_not_shown_as_stars(ask):
    shown = words_of(ask("recommend", *STAR_WARS, "--method", "ease", "--top", "3").stdout)
    assert "score" in shown
    assert "moved most by (score)" in shown
    assert "Scores only rank; they are not stars; ease" in shown
    assert "Ratings from 4 on are likes." in shown
    assert "interval" not in shown
    assert "predicted" not in shown
    assert "interval" not in ask("recommend", *STAR_WARS, "--method", "als").stdout


@pytest.mark.parametrize(
    ("method", "rating", "said"), [("ease", 2, True), ("ease", 5, False), ("item-mean", 5, True)]
)
def test_whoever_gets_the_list_of_everybody_is_told_so(ask, method, rating, said):
    shown = words_of(ask("recommend", "--rate", f"Toy Story={rating}", "--method", method).stdout)
    assert ("Your ratings change nothing here." in shown) == said


def test_of_films_with_one_score_the_better_known_come_first(ask, ml100k):
    films = json.loads(ask("recommend", "--method", "content-ridge", "--json").stdout)["films"]
    counts = ml100k.table["item"].value_counts()
    assert [film["item"] for film in films] == counts.index[:10].tolist()
    assert {film["score"] for film in films} == {0}


def test_help_lists_the_methods_in_words(ask):
    shown = ask("recommend", "--help").stdout
    for name in recommend.offered():
        assert f" {name}: " in shown
    assert "math" not in shown
    assert shown.count("Only ranks.") == 9


def test_the_default_is_the_best_on_validation_people(ml100k):
    split = newcomers(ml100k)
    methods = {name: kind() for name, kind in recommend.offered().items()}
    methods = {name: method for name, method in methods.items() if method.predicts_ratings}
    methods["the item's mean"] = methods.pop("item-mean")  # the protocol has a row "item mean"
    result = few_shot(methods, split.train, split.validation, draws=2)
    errors = result.table.query("metric == 'rmse' and method in @methods")
    errors = errors.groupby("method")["value"].mean().sort_values()
    assert errors.index[0] == recommend.DEFAULT, errors


def test_films_without_facts_and_without_ratings_get_an_answer(ask, tmp_path, made_up):
    table = made_up.table.rename(columns={"user": "userId", "item": "movieId"})
    table.to_csv(tmp_path / "ratings.csv", index=False)
    titles = [f"Film number {i} (1990)" for i in (*made_up.items.index, 999)]
    films = pd.DataFrame({"movieId": [*made_up.items.index, 999], "title": titles})
    films.assign(genres="(no genres listed)").to_csv(tmp_path / "movies.csv", index=False)
    words = ["--data", str(tmp_path), "--rate", "Film number 101=5", "--top", "100"]
    for method in ("content-bayes", "item-mean"):
        result = ask("recommend", *words, "--method", method)
        assert result.exit_code == 0, result.stderr
        assert "Film number 999" in result.stdout
    assert "nobody has rated it yet" in result.stdout


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
        (["--method", "magic"], "--method magic is unknown; choose from blended-bayes, als, "),
        (["--method", ""], "--method  is unknown"),
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


def test_with_a_cached_fit_an_answer_takes_less_than_five_seconds(home):
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
    monkeypatch.setattr(doctor, "movielens_100k", missing)
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


def test_the_leaderboard_without_results_says_how_to_make_them(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    done = ask("leaderboard")
    assert done.exit_code == 2
    assert done.stderr.strip() == "no results yet; run: python -m metarec run"


def test_the_leaderboard_prints_the_tables_of_chapter_15(ask, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")  # as in a pipe: no width is known
    shown = " ".join(ask("leaderboard").stdout.split())
    for title, table in comparison.report().items():
        assert title in shown
        for method, row in table.iterrows():
            cells = " ".join([method, *row])
            assert " ".join(cells.split()) in shown, title


def test_the_reason_names_at_most_two_films_and_only_such_as_moved_it():
    assert recommend._reason(["A", "B", "C"], np.array([0.1, -0.3, 0.2])) == "B −0.30, C +0.20"
    assert recommend._reason(["A"], np.array([0.001])) == ""
    assert recommend._reason(["IV - A"], np.array([-0.012]), digits=3) == "IV - A −0.012"


@pytest.mark.parametrize("kind", [models.EASE, models.LikedItemNeighbours])
def test_an_only_like_brings_the_whole_score(kind, made_up):
    model = kind(at_least=5).fit(made_up)
    person = Episodes.of_one(made_up, {101: 5, 102: 2})
    moved = models.influence(model, person)[0]
    np.testing.assert_allclose(moved[0], model.predict(person)[0])
    np.testing.assert_allclose(moved[1], 0)
