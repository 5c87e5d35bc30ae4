"""Make what students, instructors and the grader get: `python tools/assignments.py [NN …]`.

A master in notebooks/assignments/ is the only source. Its headings name the questions and their
points; its cells are tagged

- `assignment`: the libraries that answers may use, and the limits of each question;
- `solution`: the reference answer; students get the signature, the docstring, and a stub;
- `check`: public checks, which students get, too;
- `hidden`: `aspect(…)` calls, for the grader only; `secret` makes their inputs, from the seed;
- `answer-N`: where question N is answered in writing; `rubric`: how that is marked.

The versions go to classroom/, which git ignores: hand out classroom/student and nothing else.
"""

import argparse
import ast
import re
import sys
from pathlib import Path

import nbformat
import numpy as np
from chapters import NOTEBOOKS, ROOT, ChapterError, chapters, read, tags
from run_notebooks import KERNEL, sync, tidy

sys.path.insert(0, str(ROOT))

from metarec.grading import Aspect, Assignment, Case, Limits, Question, expect

MASTERS = NOTEBOOKS / "assignments"
OUT = ROOT / "classroom"
PUBLIC_SEED = 20260101
HEADING = re.compile(r"^## Question (\d+)\. (.+?) \((\d+) points?\)$", re.MULTILINE)
PRIVATE = {"assignment", "hidden", "rubric"}  # no student sees cells with these tags


def kind(cell):
    """The one tag that says what a cell is for; empty for what everybody sees."""
    special = {*PRIVATE, "solution", "check"}
    return next((tag for tag in tags(cell) if tag in special), "")


# ---------------------------------------------------------------- the grader's file


class Build:
    """Runs a master from top to bottom and notes questions, public checks and hidden aspects."""

    def __init__(self, notebook, name, seed):
        self.notebook, self.name, self.seed = notebook, name, seed
        self.title, self.settings, self.current = "", {}, None
        self.questions, self.names = {}, {"__name__": "master"}

    def assignment(self):
        """The whole of it, after a run."""
        for position, cell in enumerate(self.notebook.cells):
            if cell.cell_type == "markdown":
                self.note_heading(cell.source)
            else:
                self.run(cell, position)
        questions = tuple(self.question(number) for number in self.questions)
        libraries, limits = tuple(self.settings["libraries"]), self.settings.get("limits", {})
        return Assignment(self.name, self.title, self.seed, libraries, questions, Limits(**limits))

    def note_heading(self, text):
        """A title, or the start of a question."""
        if title := re.match(r"# (.+)", text):
            self.title = title[1]
        for number, what, points in HEADING.findall(text):
            secret = np.random.default_rng([self.seed, int(number)])
            self.current = {"title": what, "points": int(points), "function": "", "aspects": [],
                            "secret": secret}  # fmt: skip
            self.questions[number] = self.current

    def run(self, cell, position):
        """Execute one cell as its tag says."""
        if kind(cell) == "assignment":
            self.settings = {
                line.targets[0].id: ast.literal_eval(line.value)
                for line in ast.parse(cell.source).body
            }
            return
        if kind(cell) == "solution":
            self.current["function"] = asked(cell.source)[0].name
        if kind(cell) == "hidden":
            self.names |= {"secret": self.current["secret"], "aspect": self.aspect}
        if kind(cell) == "check":
            self.names["expect"] = self.expect
        exec(compile(cell.source, f"{self.name}, cell {position}", "exec"), self.names)

    def expect(self, function, args, returns, what, hint="", metric="", bar=0.0, **tolerance):
        """Note a public check, which the reference answer must pass."""
        expect(function, args, returns, what, hint, metric=metric, bar=bar, **tolerance)
        case, bars = Case(tuple(args), returns, **tolerance), ((bar, 0),) if metric else ()
        self.current["aspects"].append(Aspect(what, 0, hint, (case,), True, metric, bars))

    def aspect(self, name, points, hint, cases, metric="", truths=(), bars=(), **tolerance):
        """Note a hidden aspect; what is right is what the reference answer returns."""
        function = self.names[self.current["function"]]
        right = truths if metric else [function(*args) for args in cases]
        made = tuple(Case(a, r, **tolerance) for a, r in zip(cases, right, strict=True))
        self.current["aspects"].append(Aspect(name, points, hint, made, False, metric, tuple(bars)))

    def question(self, number):
        """A question, if its parts are worth what its heading promises."""
        found = self.questions[number]
        worth = sum(aspect.points for aspect in found["aspects"])
        if found["function"] and worth != found["points"]:
            raise ChapterError(
                f"{self.name}, question {number}: the heading promises {found['points']} points, "
                f"but its aspects are worth {worth}"
            )
        return Question(number, found["title"], found["points"], found["function"],
                        tuple(found["aspects"]))  # fmt: skip


# ---------------------------------------------------------------- notebooks


def asked(source):
    """The functions of a solution that students write themselves; helpers begin with `_`."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    public = [node for node in functions if not node.name.startswith("_")]
    if len(public) != 1:
        raise ChapterError(f"a solution cell defines {len(public)} public functions instead of one")
    return public


def stub(source, number):
    """The signature and the docstring of a solution, and an error that says what to do."""
    (function,) = asked(source)
    first = function.body[0]
    if not (isinstance(first, ast.Expr) and ast.get_docstring(function)):
        raise ChapterError(f"{function.name} has no docstring: students would not know what to do")
    kept = source.splitlines()[function.lineno - 1 : first.end_lineno]
    todo = f"question {number}: replace this line of {function.name} by your answer"
    return "\n".join([*kept, f'    raise NotImplementedError("{todo}")'])


def student_version(notebook):
    """A new notebook of what students may see: text, code, and two kinds of tags."""
    cells, number = [], ""
    for cell in notebook.cells:
        found = HEADING.search(cell.source) if cell.cell_type == "markdown" else None
        number = found[1] if found else number
        if kind(cell) in PRIVATE:
            continue
        source = stub(cell.source, number) if kind(cell) == "solution" else cell.source
        new = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
        kept = [tag for tag in tags(cell) if tag == "check" or tag.startswith("answer-")]
        cells.append(new[cell.cell_type](source, metadata={"tags": kept} if kept else {}))
    return tidy(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}))


def instructor_version(notebook):
    """Everything, with a word on top."""
    word = "**For instructors only:** solutions, hidden checks and rubrics are in this file."
    cells = [nbformat.v4.new_markdown_cell(word)]
    for cell in notebook.cells:
        if kind(cell) != "assignment":
            cells.append(cell.copy())
    return tidy(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL}))


def answered(notebook, *more):
    """The student's notebook with the reference answers, and more code at its end."""
    version = student_version(notebook)
    solutions = [cell.source for cell in notebook.cells if kind(cell) == "solution"]
    stubs = [cell for cell in version.cells if "raise NotImplementedError" in cell.source]
    for cell, source in zip(stubs, solutions, strict=True):
        cell.source = source
    version.cells += [nbformat.v4.new_code_cell(source) for source in more]
    return tidy(version)


def make(path, seed, out):
    """Write the three versions of one master."""
    notebook = read(path)
    files = {
        out / "student" / path.name: student_version(notebook),
        out / "instructor" / path.name: instructor_version(notebook),
    }
    for target, version in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(version, target)
    folder = out / "grader"
    folder.mkdir(parents=True, exist_ok=True)
    Build(notebook, path.stem, seed).assignment().save(folder / f"{path.stem}.json")


def main(arguments=None):
    """Make the assignments that are asked for."""
    parser = argparse.ArgumentParser(prog="assignments.py", description=__doc__.split("\n")[0])
    parser.add_argument("numbers", nargs="*", metavar="NN", help="assignments; all if none")
    parser.add_argument("--seed", type=int, default=PUBLIC_SEED,
                        help="a number of yours, from which hidden inputs are made")  # fmt: skip
    parser.add_argument("--out", type=Path, default=OUT, help="where to write")
    args = parser.parse_args(arguments)
    try:
        for path in chapters(args.numbers, MASTERS):
            sync(path)
            nbformat.write(tidy(read(path)), path)
            path.with_suffix(".py").touch()  # jupytext refuses a twin that looks older
            make(path, args.seed, args.out)
            print(f"{path.stem}: student, instructor and grader versions in {args.out.name}/")
    except ChapterError as error:
        print(error)
        return 1
    if args.seed == PUBLIC_SEED:
        print("Hidden inputs come from the book's own seed, so anybody can make them. For a class"
              " choose a number and keep it: make assignments SEED=…")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
