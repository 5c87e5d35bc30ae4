"""Points, words, records, and the files that a class gets."""

import csv
import dataclasses
import html.parser
import json
import os
import stat

import numpy as np
import pytest
from grading_kit import centre_assignment, flags, notebook
from typer.testing import CliRunner

from metarec.__main__ import app
from metarec.grading import (
    Aspect,
    Assignment,
    Case,
    Question,
    expect,
    grade_folder,
    marking,
    reports,
)
from metarec.grading.board import per_person
from metarec.grading.sandbox import Outcome, Sandbox

RIGHT = "import numpy as np\ndef centre(r): return np.mean(r)"
WRONG = "import numpy as np\ndef centre(r): return np.median(r)"
ONLY_ONE = "def centre(r): return float(r[0])"  # right where there is one number


def whole(answers):
    """The outcome of a run that ended well."""
    return Outcome({i: ("value", a) for i, a in enumerate(answers)})


class Canned:
    """A sandbox that says what a run brought."""

    why = ""

    def __init__(self, outcome):
        self.outcome = outcome

    def call(self, *_):
        return self.outcome


def marked(outcome):
    """What the one question of the made-up assignment gets for it."""
    return marking.mark_question(centre_assignment().questions[0], ("",), Canned(outcome))


def expected():
    """The right answers, in the order of the calls."""
    return [c.expected for a in centre_assignment().questions[0].aspects for c in a.cases]


def test_all_right_is_worth_all_points():
    row = marked(whole(expected()))
    assert row["points"] == 3
    assert [a["right"] for a in row["aspects"]] == [True] * 3


def test_every_case_of_an_aspect_must_be_right():
    answers = expected()
    answers[2] += 0.01
    row = marked(whole(answers))
    assert row["points"] == 0
    assert row["aspects"][1]["said"] == "another value is right"
    assert row["aspects"][1]["hint"] == "Divide by how many there are."


def test_edge_cases_are_worth_nothing_without_the_main_part():
    row = marked(whole([*np.zeros(4), expected()[-1]]))
    assert row["points"] == 0
    assert row["aspects"][2]["right"]


def test_an_edge_case_that_is_wrong_costs_its_points_only():
    assert marked(whole([*expected()[:-1], 0.0]))["points"] == 2


def test_a_public_example_is_worth_nothing_and_costs_nothing():
    assert marked(whole([9.0, *expected()[1:]]))["points"] == 3


def test_answers_before_an_early_end_count():
    outcome = whole(expected()[:-1])
    outcome.ended = "too much processor time"
    row = marked(outcome)
    assert row["points"] == 2
    assert row["aspects"][2]["said"] == "no answer: too much processor time"


@pytest.mark.parametrize(
    ("answer", "said"),
    [(("error", "NotImplementedError"), "not answered yet"),
     (("error", "KeyError"), "raises KeyError"),
     (("error", "no plain data"), "what comes back is no plain")],
)  # fmt: skip
def test_an_error_is_put_into_words(answer, said):
    assert marked(Outcome(dict.fromkeys(range(5), answer)))["aspects"][1]["said"].startswith(said)


def test_a_missing_function_is_named():
    assert "no such function" in marked(Outcome(missing=True))["aspects"][0]["said"]


# ---------------------------------------------------------------- leaderboard


@pytest.fixture
def contest():
    """Newcomers: scores for candidates from a few ratings; the truth stays with the grader."""
    chance = np.random.default_rng(3)
    people = [(chance.normal(size=4), chance.normal(size=(9, 2))) for _ in range(5)]
    truth = [np.clip(np.rint(3 + items @ [1.0, -0.5]), 1, 5) for _, items in people]
    cases = tuple(Case(person, true) for person, true in zip(people, truth, strict=True))
    bars = ((0.6, 2), (0.9, 6))
    aspect = Aspect("held-out people", 6, "Use the second feature.", cases,
                    metric="pairwise accuracy", bars=bars)  # fmt: skip
    return Question("6", "The leaderboard", 6, "recommend", (aspect,))


def run_contest(contest, answers):
    return marking.mark_question(contest, ("",), Canned(whole(answers)))


def test_a_leaderboard_scores_without_showing_the_truth(contest):
    items = [case.args[1] for case in contest.aspects[0].cases]
    best = run_contest(contest, [x @ [1.0, -0.5] for x in items])
    half = run_contest(contest, [x[:, 0] for x in items])
    none = run_contest(contest, [np.zeros(9) for _ in items])
    assert best["points"] == 6 > half["points"] == 2 > none["points"] == 0
    assert best["aspects"][0]["score"] > half["aspects"][0]["score"] > 0.6
    assert none["aspects"][0]["score"] == 0.5
    assert none["aspects"][0]["said"] == "the next bar is at 0.6000"
    row = half["aspects"][0]
    assert row["said"] == "the next bar is at 0.9000"
    assert row["low"] < row["score"] < row["high"]
    assert len(row["people"]) == 5
    assert not best["aspects"][0]["said"]


def test_one_call_may_ask_about_many_people(contest):
    cases = contest.aspects[0].cases
    truth = np.stack([case.expected for case in cases])
    scores = np.stack([case.args[1] @ [1.0, 0.0] for case in cases])
    alone = per_person("pairwise accuracy", list(zip(scores, truth, strict=True)))
    assert np.array_equal(per_person("pairwise accuracy", [(scores, truth)]), alone)
    scores[2, 3] = np.inf  # costs this person, nobody else
    alone[2] = 0
    assert np.array_equal(per_person("pairwise accuracy", [(scores, truth)]), alone)
    assert not per_person("pairwise accuracy", [(scores[:4], truth)]).any()


def test_who_rated_everything_alike_has_no_score_whatever_comes_back():
    truth = np.array([[1.0, 2.0], [3.0, 3.0], [5.0, 4.0]])
    for odd in (0.0, np.nan):
        scores = np.array([[1.0, 2.0], [odd, 1.0], [1.0, 2.0]])
        assert per_person("pairwise accuracy", [(scores, truth)]).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    "odd", [np.zeros(8), np.full(9, np.nan), [1.0] * 9, "x", None, np.ones(9, dtype=bool)]
)
def test_unusable_scores_of_a_person_count_nothing(contest, odd):
    items = [case.args[1] for case in contest.aspects[0].cases]
    answers = [x @ [1.0, -0.5] for x in items]
    full = run_contest(contest, answers)["aspects"][0]["score"]
    row = run_contest(contest, [odd, *answers[1:]])["aspects"][0]
    assert row["score"] < full
    assert "is asked for; the next bar" in row["said"] or "no finite number; the" in row["said"]


def test_the_ratings_of_held_out_people_are_not_among_the_inputs(contest):
    seen = []

    class Listening(Canned):
        def call(self, cells, function, calls):
            seen.extend(calls)
            return Outcome()

    marking.mark_question(contest, ("",), Listening(None))
    truths = [case.expected for case in contest.aspects[0].cases]
    for call in seen:
        for argument in call:
            assert not any(np.array_equal(argument, truth) for truth in truths)


# ---------------------------------------------------------------- a folder


@pytest.fixture
def place(tmp_path):
    """Three submissions and a grader's file."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "Ada.ipynb").write_bytes(notebook(RIGHT))
    (folder / "Bob").mkdir()
    (folder / "Bob" / "homework.ipynb").write_bytes(notebook(WRONG))
    (folder / "=1+1 <b>.ipynb").write_bytes(notebook(ONLY_ONE))
    essay = Question("2", "Why a mean?", 4)
    made = centre_assignment()
    made = dataclasses.replace(made, questions=(*made.questions, essay))
    made.save(tmp_path / "grader.json")
    return tmp_path


def command(place, *words, flags=flags):
    """The command line on that folder."""
    call = ["grade", str(place / "in"), "--assignment", str(place / "grader.json"),
            "--out", str(place / "out"), "--jobs", "2", *words, *flags()]  # fmt: skip
    return CliRunner().invoke(app, call)


def table(path):
    """Rows of a CSV file by student."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_from_a_folder_to_a_table_and_reports(place):
    done = command(place)
    assert done.exit_code == 0, done.output
    rows = table(place / "out" / "class.csv")
    assert [rows[name]["points"] for name in ("Ada", "Bob", "'=1+1 <b>")] == ["3", "0", "0"]
    assert rows["Ada"]["q1 of 3"] == "3"
    assert rows["Ada"]["q2 of 4"] == ""
    assert rows["Ada"]["of"] == "7"
    pages = {p.name: p.read_text(encoding="utf-8") for p in (place / "out/reports").glob("*.html")}
    assert len(pages) == 3
    for page in pages.values():
        html.parser.HTMLParser().feed(page)
        assert "<b>" not in page
        assert "<script" not in page
    bob = next(page for name, page in pages.items() if name.startswith("Bob"))
    assert "Hint: Divide by how many there are." in bob
    assert "one number (0 of 1): counts only when the first part is right" in bob


def test_what_a_person_marks_is_taken_in(place):
    command(place)
    path = place / "out" / "written.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Ada,2,,", "Ada,2,3.5,Well argued <i>."), encoding="utf-8")
    assert command(place).exit_code == 0
    row = table(place / "out" / "class.csv")["Ada"]
    assert row["q2 of 4"] == "3.5"
    assert row["points"] == "6.5"
    page = next((place / "out" / "reports").glob("Ada*.html")).read_text(encoding="utf-8")
    assert "Well argued &lt;i&gt;." in page
    assert "Ada,2,3.5," in path.read_text(encoding="utf-8")
    path.write_text(text.replace("Ada,2,,", "Ada,2,good,"), encoding="utf-8")
    done = command(place)
    assert done.exit_code == 2
    assert "'good' is no number of points" in done.output


def test_a_second_run_marks_only_what_is_new(place, monkeypatch):
    made = []
    original = marking.mark

    def counting(submission, *rest):
        made.append(submission.student)
        return original(submission, *rest)

    monkeypatch.setattr(marking, "mark", counting)
    command(place)
    assert sorted(made) == ["=1+1 <b>", "Ada", "Bob"]
    made.clear()
    (place / "in" / "Ada.ipynb").write_bytes(notebook(WRONG))
    record = next((place / "out" / "records").glob("Bob*"))
    record.write_text(record.read_text()[:50])  # as if the power had failed
    command(place)
    assert sorted(made) == ["Ada", "Bob"]
    assert table(place / "out" / "class.csv")["Ada"]["points"] == "0"
    made.clear()
    changed = Assignment.load(place / "grader.json")
    dataclasses.replace(changed, title="Another").save(place / "grader.json")
    command(place)
    assert len(made) == 3
    made.clear()
    command(place, "--again")
    assert len(made) == 3


def test_a_fault_of_the_grader_stops_nobody_else_and_is_not_kept(place, monkeypatch):
    original = marking.mark_question

    def failing(question, cells, sandbox):
        if "median" in "".join(cells):
            raise RuntimeError("a defect")
        return original(question, cells, sandbox)

    with monkeypatch.context() as patch:
        patch.setattr(marking, "mark_question", failing)
        done = command(place)
    assert done.exit_code == 2
    assert "failed on Bob" in done.output
    assert table(place / "out" / "class.csv")["Ada"]["points"] == "3"
    assert command(place).exit_code == 0


def test_without_a_sandbox_it_stops_unless_told_otherwise(place, monkeypatch):
    monkeypatch.setattr(Sandbox, "_obstacle", lambda self: "bwrap not found")
    done = command(place, flags=tuple)
    assert done.exit_code == 2
    for words in ("bwrap not found", "no security boundary", "--no-sandbox"):
        assert words in done.output
    assert not (place / "out").exists()
    done = command(place, "--no-sandbox", flags=tuple)
    assert done.exit_code == 0
    assert "no security boundary" in done.output
    assert table(place / "out" / "class.csv")["Ada"]["state"] == "marked; no sandbox"


def test_reports_may_not_lie_among_the_submissions(place):
    done = command(place, "--out", str(place / "in" / "graded"))
    assert done.exit_code == 2
    assert "choose another --out" in done.output


def test_a_leaderboard_is_written_best_first(place, contest):
    items = [case.args[1] for case in contest.aspects[0].cases]
    best = [x @ [1.0, -0.5] for x in items]
    close = [best[0] * [1, 1, 1, 1, 1, 1, 1, 1, -1], *best[1:]]
    answers = {
        "=Ada": [-x[:, 0] for x in items],
        "Cleo": best,
        "Bob": best,
        "Di": close,
        "Eve": [1],
    }
    made = dataclasses.replace(centre_assignment(), questions=(contest,))
    records = []
    for name, found in answers.items():
        row = marking.mark_question(contest, ("",), Canned(whole(found)))
        records.append({"student": name, "label": name, "file": name, "state": "marked",
                        "questions": [row], "written": {}, "isolated": True})  # fmt: skip
    reports.write_all(records, made, place)
    lines = (place / "leaderboard.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines))
    shown = [(r["place"], r["student"], r["not told apart"]) for r in rows]
    assert shown == [
        ("1", "Bob", "yes"),
        ("1", "Cleo", "yes"),
        ("3", "Di", "yes"),
        ("4", "'=Ada", ""),
    ]
    for row in rows:
        assert (row["question"], row["part"]) == ("6", "held-out people")
        low, score, high, behind = (float(row[k]) for k in ("low", "score", "high", "behind"))
        assert low <= score <= high
        assert behind == pytest.approx(float(rows[0]["score"]) - score, abs=1e-4)


def test_without_a_sandbox_it_says_so(place, bare):
    assert "no security boundary" in bare.warning
    made = Assignment.load(place / "grader.json")
    records = grade_folder(place / "in", made, place / "out", bare, jobs=2)
    reports.write_all(records, made, place / "out")
    rows = table(place / "out" / "class.csv")
    assert rows["Ada"]["points"] == "3"
    assert rows["Ada"]["state"] == "marked; no sandbox"


@pytest.mark.parametrize("text", ["{}", "[]", "no", '{"format": 99}', '{"format": 1}'])
def test_another_file_is_refused_in_words(place, text):
    (place / "grader.json").write_text(text)
    done = command(place)
    assert done.exit_code == 2
    assert "make assignments" in done.output


def test_a_folder_that_is_not_there(place):
    done = CliRunner().invoke(
        app, ["grade", str(place / "no"), "--assignment", str(place / "grader.json")]
    )
    assert done.exit_code == 2
    assert "no" in done.output


def test_the_graders_file_is_for_its_owner_and_comes_back_as_it_was(place, contest):
    path = place / "grader.json"
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = dataclasses.replace(centre_assignment(), questions=(contest,))
    made.save(path)
    again = Assignment.load(path)
    assert again.text() == made.text()
    assert again.digest() == made.digest() != centre_assignment().digest()
    assert json.loads(path.read_text())["questions"][0]["aspects"][0]["bars"] == [
        [0.6, 2],
        [0.9, 6],
    ]


# ---------------------------------------------------------------- public checks


def test_a_public_check_of_a_contest_has_a_bar(capsys):
    truth = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 2.0]])
    known = {
        "returns": truth,
        "what": "two people",
        "hint": "Turn round.",
        "metric": "pairwise accuracy",
    }
    expect(np.negative, (-truth,), bar=0.9, **known)
    assert "two people (scores 1.000, the bar is at 0.900)" in capsys.readouterr().out
    with pytest.raises(AssertionError, match=r"below the bar\. Turn round"):
        expect(np.negative, (truth,), bar=0.1, **known)


def test_a_public_check_judges_as_the_grader_does(capsys):
    expect(np.mean, ([1.0, 2.0],), 1.5, "two numbers")
    assert capsys.readouterr().out == "✓ mean: two numbers\n"
    with pytest.raises(AssertionError, match=r"another value is right\. Divide by"):
        expect(np.sum, ([1.0, 2.0],), 1.5, "two numbers", "Divide by the number of terms.")

    def equal(_):
        return type("Equal", (), {"__eq__": lambda *_: True})()

    with pytest.raises(AssertionError, match="no plain number"):
        expect(equal, (1,), 1.5, "anything")
