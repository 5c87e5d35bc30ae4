"""Every problem set: what students get tells nothing, and the checks tell right from wrong."""

import ast
import csv
import functools
import io
import json
import re
import shutil
import tokenize

import assignments
import nbformat
import numpy as np
import pytest
from chapters import ChapterError, chapters, pair_differences, read, tags
from grading_kit import flags, once
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from typer.testing import CliRunner

from metarec.__main__ import app
from metarec.grading import Assignment, Limits, Sandbox, marking
from metarec.grading.board import per_person

MASTERS = chapters(folder=assignments.MASTERS)
WRONG = [path for master in MASTERS for path in sorted(master.with_suffix("").glob("wrong_*.py"))]
by_name = pytest.mark.parametrize("path", MASTERS, ids=lambda p: p.stem)
master = functools.cache(read)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder that `make assignments` writes."""
    folder = tmp_path_factory.mktemp("made")
    for path in MASTERS:
        assignments.make(path, assignments.PUBLIC_SEED, folder)
    return folder


@functools.cache
def sandbox(libraries, limits):
    """The sandbox of an assignment; without bubblewrap its limits alone, the marks are the same."""
    return Sandbox(libraries, limits)


def graders_file(made, path):
    """What the grader reads."""
    return Assignment.load(made / "grader" / f"{path.stem}.json")


# ---------------------------------------------------------------- masters


def test_there_are_masters_and_each_is_in_step_with_its_twin():
    assert MASTERS
    for path in MASTERS:
        said = pair_differences(path)
        assert not said, "\n".join(said)


@by_name
def test_a_problem_set_has_what_a_lecturer_needs(path, made):
    found = graders_file(made, path)
    written = [question for question in found.questions if not question.function]
    assert 5 <= len(found.questions) <= 8
    assert len(written) == 2
    points = [q.points for q in found.questions if q.function]
    assert points == sorted(points), "questions rise"
    for question in found.questions:
        public = [a for a in question.aspects if a.public]
        hidden = [a for a in question.aspects if not a.public]
        assert not question.function or (public and len(hidden) >= 2), question.title
        assert all(a.hint for a in hidden), question.title
    assert len(cells_of(path, "rubric")) == 2
    assert (path.with_suffix("") / "second.py").exists()
    assert len([w for w in WRONG if w.parent == path.with_suffix("")]) >= 3


@by_name
def test_the_page_for_students_lists_it(path, made):
    page = (assignments.ROOT / "book" / "assignments.md").read_text(encoding="utf-8")
    title = graders_file(made, path).title.removeprefix("Problem set ")
    assert f"| {title} |" in page


@by_name
def test_the_chapters_do_not_take_a_master_for_one_of_theirs(path):
    assert path not in chapters()


# ---------------------------------------------------------------- what students get


def student(made, path):
    """The student version as a document, and all text that it holds, however nested."""
    document = json.loads((made / "student" / path.name).read_text(encoding="utf-8"))
    texts = []

    def walk(one):
        if isinstance(one, dict):
            texts.extend(one)
            walk(list(one.values()))
        elif isinstance(one, list):
            texts.append("".join(x for x in one if isinstance(x, str)))
            for inner in one:
                walk(inner)
        else:
            texts.append(str(one))

    walk(document)
    return document, "\n".join(texts)


def cells_of(path, *wanted):
    """Cells of a master with one of these tags; "" stands for no tag that hides anything."""
    hiding = {"assignment", "solution", "hidden", "rubric", "check"}
    found = [(cell, set(tags(cell)) & hiding or {""}) for cell in master(path).cells]
    return [cell for cell, has in found if has & set(wanted)]


def body_lines(source):
    """Lines of a solution that students do not get."""
    (function,) = assignments.asked(source)
    first, last = function.lineno - 1, function.body[0].end_lineno
    lines = source.splitlines()
    return lines[:first] + lines[last:]


def stored_names(source):
    """Names that code gives to things."""
    nodes = list(ast.walk(ast.parse(source)))
    found = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    found |= {n.name for n in nodes if isinstance(n, ast.FunctionDef)}
    return found | {a.arg for n in nodes if isinstance(n, ast.arguments) for a in n.args}


def used_names(source):
    """Names in code, without its texts and comments."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.string for token in tokens if token.type == tokenize.NAME}


def numbers_of(value):
    """All numbers in plain data, as Python writes them."""
    if isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value).tolist()
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return {number for one in value for number in numbers_of(one)}
    return {repr(value)}


@by_name
def test_no_line_of_a_solution_a_hidden_cell_or_a_rubric_is_handed_out(path, made):
    _, text = student(made, path)
    seen = {re.sub(r"\s+", " ", line).strip() for line in text.splitlines()}
    private = [line for c in cells_of(path, "solution") for line in body_lines(c.source)]
    wholly = cells_of(path, "assignment", "hidden", "rubric")
    private += [line for c in wholly for line in c.source.splitlines()]
    private = {re.sub(r"\s+", " ", line).strip() for line in private} - {""}
    assert len(private) > 40
    assert not private & seen
    assert not [line for line in private if len(line) > 15 and line in text]


@by_name
def test_no_name_of_a_solution_or_a_hidden_cell_is_handed_out(path, made):
    document, _ = student(made, path)
    code = "\n".join("".join(c["source"]) for c in document["cells"] if c["cell_type"] == "code")
    private = {n for c in cells_of(path, "solution", "hidden") for n in stored_names(c.source)}
    public = {n for c in cells_of(path, "", "check") if c.cell_type == "code"
              for n in used_names(c.source)}  # fmt: skip
    for cell in cells_of(path, "solution"):
        (function,) = assignments.asked(cell.source)
        public |= {function.name} | {argument.arg for argument in function.args.args}
    assert len(private - public) > 10
    assert not (private - public) & used_names(code)
    assert not {"secret", "aspect"} & used_names(code)


@by_name
def test_no_hidden_input_value_or_hint_is_handed_out(path, made):
    _, text = student(made, path)
    hidden = [a for q in graders_file(made, path).questions for a in q.aspects if not a.public]
    values = {n for a in hidden for c in a.cases for n in numbers_of([c.args, c.expected])}
    telling = {number for number in values if len(number) >= 6}
    assert len(telling) > 100
    numbers = {value.lstrip("-") for value in telling if value[-1].isdigit()}
    assert not numbers & set(re.findall(r"\d[\d.]*(?:e[+-]?\d+)?", text))  # one search for all
    assert not [value for value in telling if not value[-1].isdigit() and value in text]
    assert not [a.name for a in hidden if a.hint in text]


@by_name
def test_the_student_version_carries_nothing_beside_text_and_code(path, made):
    document, _ = student(made, path)
    assert set(document) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert set(document["metadata"]) <= {"kernelspec", "language_info"}
    for place, cell in enumerate(document["cells"]):
        parts = {"cell_type", "id", "metadata", "source"}
        assert set(cell) == parts | ({"outputs", "execution_count"} & set(cell))
        assert cell["id"] == f"c{place:03d}"
        assert set(cell["metadata"]) <= {"tags"}
        for tag in cell["metadata"].get("tags", []):
            assert tag == "check" or re.fullmatch(r"answer-\d+", tag)
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
@by_name
def test_the_student_version_runs_to_the_first_stub_and_says_what_to_do(path, made):
    notebook = nbformat.read(made / "student" / path.name, as_version=4)
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    assert caught.value.ename == "NotImplementedError"
    first = next(q for q in graders_file(made, path).questions if q.function)
    assert f"question {first.number}: replace this line of {first.function}" in caught.value.evalue
    ran = [c for c in notebook.cells if c.cell_type == "code" and c.execution_count]
    assert "check" in ran[-1].metadata["tags"]


@by_name
def test_the_seed_decides_what_is_hidden_and_nothing_that_is_handed_out(path, made, tmp_path):
    assignments.make(path, assignments.PUBLIC_SEED, tmp_path / "same")
    assignments.make(path, 12345, tmp_path / "other")
    for folder in ("student", "instructor", "grader"):
        names = [p.name for p in (made / folder).iterdir() if p.stem == path.stem]
        first, same, other = [
            [(place / folder / name).read_bytes() for name in names]
            for place in (made, tmp_path / "same", tmp_path / "other")
        ]
        assert first == same
        if folder == "grader":  # the seed itself is in the file
            first, other = [[json.loads(x)["questions"] for x in files] for files in (first, other)]
        assert (first == other) == (folder != "grader")


# ---------------------------------------------------------------- marks


def alternative(path):
    """The code of another answer, and the aspects that it must lose."""
    source = path.read_text(encoding="utf-8")
    words = ast.get_docstring(ast.parse(source))
    return source, re.findall(r"^Loses: question (\d+), (.+)$", words, re.MULTILINE)


def hand_in(path, made, folder):
    """A class: the reference, another way, and for the first set nothing at all."""
    folder.mkdir(parents=True)
    nbformat.write(assignments.answered(master(path)), folder / "reference.ipynb")
    second, _ = alternative(path.with_suffix("") / "second.py")
    nbformat.write(assignments.answered(master(path), second), folder / "second.ipynb")
    if path == MASTERS[0]:  # a stub is a stub
        shutil.copy(made / "student" / path.name, folder / "nothing.ipynb")


@pytest.fixture(scope="module")
def graded(made, tmp_path_factory, worker_id):
    """The class table of each set, made as a lecturer makes it."""

    def make(place):
        found = {}
        for path in MASTERS:
            folder, out = place / path.stem / "in", place / path.stem / "out"
            hand_in(path, made, folder)
            answers = made / "grader" / f"{path.stem}.json"
            words = [
                str(folder),
                "--assignment",
                str(answers),
                "--out",
                str(out),
                "--jobs",
                "2",
                *flags(),
            ]
            done = CliRunner().invoke(app, ["grade", *words])
            assert done.exit_code == 0, done.output
            with (out / "class.csv").open(encoding="utf-8") as file:
                found[path.stem] = {row["student"]: row for row in csv.DictReader(file)}
        return found

    return once(tmp_path_factory, worker_id, "graded", make)


@pytest.mark.slow
@by_name
def test_the_reference_and_a_different_right_answer_get_all_points(path, made, graded):
    questions = graders_file(made, path).questions
    full = f"{sum(q.points for q in questions if q.function):g}"
    assert graded[path.stem]["reference"]["points"] == full
    assert graded[path.stem]["second"]["points"] == full


@pytest.mark.slow
def test_an_empty_notebook_gets_nothing(graded):
    assert graded[MASTERS[0].stem]["nothing"]["points"] == "0"


@pytest.mark.slow
@pytest.mark.parametrize("path", WRONG, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_typical_mistake_is_caught_where_it_should_be(path, made):
    source, loses = alternative(path)
    assert loses, "its docstring says what it loses: `Loses: question 3, equal scores`"
    parent = path.parent.with_suffix(".ipynb")
    found = graders_file(made, parent)
    cells = [c.source for c in assignments.answered(master(parent), source).cells
             if c.cell_type == "code"]  # fmt: skip
    for number in {number for number, _ in loses}:
        question = next(q for q in found.questions if q.number == number)
        row = marking.mark_question(question, tuple(cells), sandbox(found.libraries, found.limits))
        # on a leaderboard, whoever misses the highest bar has lost something, too
        lost = {(number, a["name"]) for a in row["aspects"] if a["said"] and not a["public"]}
        assert set(loses) <= lost, row
        assert row["points"] < question.points


def contest_of(question):
    """The hidden aspects of a question that are scored on held-out people."""
    return [aspect for aspect in question.aspects if aspect.metric and not aspect.public]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@by_name
def test_the_bars_of_a_contest_part_good_from_bad_whatever_the_seed(path, seed):
    build = assignments.Build(master(path), path.stem, seed)
    for question in build.assignment().questions:
        for aspect in contest_of(question):
            bars = [bar for bar, _ in aspect.bars]
            assert sorted(set(bars)) == bars
            assert aspect.bars[-1][1] == aspect.points
            for other in (None, *sorted(path.with_suffix("").glob("*.py"))):
                source, loses = alternative(other) if other else ("", [])
                names = dict(build.names)
                exec(source, names)
                if other and other.stem != "second" and (question.number, aspect.name) not in loses:
                    continue
                answers = [names[question.function](*case.args) for case in aspect.cases]
                pairs = [(a, c.expected) for a, c in zip(answers, aspect.cases, strict=True)]
                reached = per_person(aspect.metric, pairs).mean() >= bars[-1]
                assert reached == (not loses), (other, aspect.name)


# ---------------------------------------------------------------- the tool itself

GOOD = '''
# # A set
# %% tags=["assignment"]
libraries = ["numpy"]
limits = {"cpu": 3}
# %% [markdown]
# ## Question 1. Twice (2 points)
# %% tags=["solution"]
def twice(x):
    """Two times x."""
    return _times(x, 2)

def _times(x, n):
    return x * n
# %% tags=["check"]
expect(twice, (3,), 6, "of three")
# %% tags=["hidden"]
aspect("of others", 2, "Multiply.", cases=[(int(n),) for n in secret.integers(100, 999, 3)])
'''


def specimen(tmp_path, text=GOOD):
    """A small master as a file."""
    path = tmp_path / "01_specimen.py"
    path.write_text(text.replace("\n# # A set", "# %% [markdown]\n# # A set"), encoding="utf-8")
    return path


def test_a_small_master_becomes_three_versions(tmp_path):
    path = specimen(tmp_path)
    built = assignments.Build(read(path), "01_specimen", 5).assignment()
    (question,) = built.questions
    assert (built.title, built.libraries, question.function) == ("A set", ("numpy",), "twice")
    assert (built.limits.cpu, built.limits.wall) == (3, Limits().wall)
    assert [aspect.public for aspect in question.aspects] == [True, False]
    assert all(case.expected == 2 * case.args[0] for case in question.aspects[1].cases)
    text = nbformat.writes(assignments.student_version(read(path)))
    assert "_times" not in text
    assert "Two times x." in text
    assert "question 1: replace this line of twice by your answer" in text
    everything = nbformat.writes(assignments.instructor_version(read(path)))
    assert "For instructors only" in everything
    assert "_times(x, 2)" in everything
    assert "secret.integers" in everything


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("(2 points)", "(3 points)", "promises 3 points, but its aspects are worth 2"),
     ("def _times", "def times", "defines 2 public functions"),
     ('    """Two times x."""\n', "", "has no docstring")],
)  # fmt: skip
def test_a_master_that_breaks_a_rule_is_refused_in_words(tmp_path, old, new, said):
    notebook = read(specimen(tmp_path, GOOD.replace(old, new)))

    def both():
        assignments.student_version(notebook)
        assignments.Build(notebook, "01_specimen", 5).assignment()

    with pytest.raises(ChapterError, match=said):
        both()


def test_a_public_check_that_the_reference_fails_is_an_error(tmp_path):
    notebook = read(specimen(tmp_path, GOOD.replace("(3,), 6", "(3,), 7")))
    with pytest.raises(AssertionError, match="another value is right"):
        assignments.Build(notebook, "01_specimen", 5).assignment()


def test_an_assignment_that_does_not_exist_is_named(capsys):
    assert assignments.main(["77"]) == 1
    assert "there is no chapter 77" in capsys.readouterr().out


def test_a_master_may_leave_the_limits_as_they_are(tmp_path):
    notebook = read(specimen(tmp_path, GOOD.replace('limits = {"cpu": 3}\n', "")))
    assert assignments.Build(notebook, "01_specimen", 5).assignment().limits == Limits()


def test_a_leaderboard_keeps_the_true_ratings_from_its_inputs(tmp_path):
    hidden = GOOD[GOOD.index("aspect(") :]
    contest = """
_truth = [secret.integers(1, 6, 8) * 1.0 for _ in range(3)]
aspect("held-out people", 2, "Learn.", cases=[(n,) for n in range(3)], truths=_truth,
       metric="ndcg@5", bars=[(0.5, 1), (0.9, 2)])
"""
    notebook = read(specimen(tmp_path, GOOD.replace(hidden, contest)))
    (question,) = assignments.Build(notebook, "01_specimen", 5).assignment().questions
    aspect = question.aspects[-1]
    assert [case.args for case in aspect.cases] == [(0,), (1,), (2,)]
    assert all(case.expected.shape == (8,) for case in aspect.cases)
    assert aspect.bars == ((0.5, 1), (0.9, 2))
