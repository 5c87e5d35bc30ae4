"""What `make book`, `make test`, … do once the environment is ready (see tools/setup.py)."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chapters import QUIET, ROOT, chapters
from environment import PEERS

BUILD = ROOT / "book" / "_build"
PYTHON = sys.executable

JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"  # it has no `python -m`


def call(module, *arguments, **env):
    """Run a module of the environment from the root; return its exit code."""
    command = [PYTHON, "-m", module, *map(str, arguments)]
    return subprocess.call(command, cwd=ROOT, env={**os.environ, **QUIET, **env})


# ---------------------------------------------------------------- reading


def render(fresh=False, builder="html", out=BUILD.parent):
    """Render the stored outputs; a warning is an error, and no page of a failed build is kept."""
    if fresh:
        shutil.rmtree(BUILD, ignore_errors=True)
    command = [PYTHON, "-c", JUPYTER_BOOK, "build", ".", "--path-output", str(out)]
    command += ["--builder", builder, "-W", "-n", "--keep-going", "-q"]
    done = subprocess.run(  # what Jupyter Book says about itself is shown only when it fails
        command, cwd=ROOT, env={**os.environ, **QUIET}, stdout=subprocess.PIPE, text=True
    )
    if done.returncode and builder == "html":
        print(done.stdout)
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)  # else its warnings are not repeated
    return done.returncode


def book():
    """Render, and say where to look."""
    start = time.time()
    code = render()
    page = BUILD / "html" / "index.html"
    if code or not page.exists():
        print("\nThe book was not rendered: see the warnings above.")
        return code or 1
    seconds = time.time() - start
    print(f"\nThe book is ready ({seconds:.0f} s). Open it in a browser:\n  {page.as_uri()}")
    return 0


def lab():
    """Open JupyterLab in the notebooks' folder."""
    for twin in sorted((ROOT / "notebooks").rglob("*.py")):
        twin.touch()  # jupytext refuses a twin that looks older than its notebook
    return call("jupyterlab", "notebooks")


def linkcheck():
    """Ask every external link whether it answers, and list those that do not."""
    folder = BUILD / "links"
    render(builder="linkcheck", out=folder)
    report = folder / "_build" / "html" / "output.json"
    if not report.exists():
        print("The links were not asked: see the messages above.")
        return 1
    rows = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    asked = [row for row in rows if row["status"] in ("working", "broken", "redirected", "timeout")]
    lost = [row for row in asked if row["status"] in ("broken", "timeout")]
    for row in lost:
        print(f"{row['filename']}:{row['lineno']} {row['uri']}\n    {row['info'][:150]}")
    print(f"\n{len(asked) - len(lost)} of {len(asked)} links answer.")
    if asked and len(lost) == len(asked):
        print("None does: is there a network?")
    return 1 if lost else 0


def pdf():
    """Render, and print all pages to one file."""
    return book() or subprocess.call([PYTHON, str(ROOT / "tools" / "make_pdf.py")], cwd=ROOT)


# ---------------------------------------------------------------- proof


SLOWEST = 10


class Proof:
    """The steps of `make test`: each one runs, all are counted, the last lines tell."""

    def __init__(self):
        self.rows, self.counts = [], {"passed": 0, "failed": 0, "skipped": 0}
        self.tests = []  # of all steps: seconds and name
        self.pages = None  # the strict render, once it was begun
        self.temporary = Path(tempfile.mkdtemp(prefix="metarec-proof-"))

    def step(self, name, run):
        """Run one step, time it, count what it reports."""
        print(f"\n===== {name}", flush=True)
        start = time.time()
        report = self.temporary / f"{len(self.rows)}.xml"
        code = run(report)
        found = self.count(report, code)
        self.tests += self.durations(report)
        for key, value in found.items():
            self.counts[key] += value
        self.rows.append((name, "ok" if code == 0 else "FAILED", found, time.time() - start))
        return code

    @staticmethod
    def count(report, code):
        """Passed, failed and skipped, from pytest's report; a step without one counts as one."""
        if not report.exists():
            return {"passed": int(code == 0), "failed": int(code != 0), "skipped": 0}
        total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            for key in total:
                total[key] += int(suite.get(key, 0))
        failed = total["failures"] + total["errors"]
        passed = total["tests"] - failed - total["skipped"]
        return {"passed": passed, "failed": failed, "skipped": total["skipped"]}

    @staticmethod
    def durations(report):
        """Seconds and name of each test in pytest's report; of a notebook, of each cell."""
        cases = ElementTree.parse(report).getroot().iter("testcase") if report.exists() else ()
        return [(float(c.get("time", 0)), f"{c.get('classname')} {c.get('name')}") for c in cases]

    def close(self):
        """Print the slowest tests and the table; return the exit code."""
        if self.tests:
            print(f"\n===== the slowest {SLOWEST} of {len(self.tests)} tests")
        for seconds, name in sorted(self.tests, reverse=True)[:SLOWEST]:
            print(f"  {seconds:5.1f} s  {name}")
        print("\n===== summary")
        for name, state, found, seconds in self.rows:
            counts = ", ".join(f"{n} {what}" for what, n in found.items() if n)
            print(f"  {state:<7} {name:<44} {seconds:5.0f} s   {counts}")
        total = ", ".join(f"{n} {what}" for what, n in self.counts.items())
        seconds = sum(row[-1] for row in self.rows)
        red = [name for name, state, *_ in self.rows if state != "ok"]
        print(f"  {'FAILED: ' + '; '.join(red) if red else 'All is proved'} ({seconds:.0f} s)")
        print(f"\n{total}", flush=True)
        shutil.rmtree(self.temporary, ignore_errors=True)
        return 1 if red else 0


def pytest(report, *arguments, **env):
    """pytest in the environment; a run without any test is a failure."""
    return call("pytest", "-q", "-ra", f"--junitxml={report}", *arguments, **env)


PAGES = tuple(f"tests/pages/test_{name}.py" for name in ("site", "try_it", "pdf"))
RESULTS = "tests/pages/test_results.py"
STORED = ROOT / "data" / "results"
COMPARED = "tests/models/test_peers.py"
THREADS = ("OMP", "OPENBLAS", "MKL", "RAYON", "LK", "LK_BACKEND")  # LK is LensKit


def unit(proof, *which):
    """Everything that needs no rendered site, re-executed notebook or other library."""
    skip = [f"--ignore={path}" for path in (*PAGES, RESULTS, COMPARED)]
    where = ("tests", "metarec", "--doctest-modules", "-n", "2", "--dist", "worksteal", *which)
    proof.step("unit tests, and the examples of docstrings", lambda r: pytest(r, *where, *skip))


def peers(proof):
    """Ours against other libraries: on one thread, so that times can be compared."""
    env = {f"{name}_NUM_THREADS": "1" for name in THREADS} | {"PYTHONPATH": str(PEERS)}
    proof.step("ours against LensKit and implicit", lambda r: pytest(r, COMPARED, **env))


def notebooks(proof, which=None):
    """Chapters run again, all or some, and give the outputs and the results that are stored."""
    which = chapters() if which is None else which
    if not which:
        print("\n(no chapter to re-execute)")
        return
    results = proof.temporary / "results"
    results.mkdir()
    times = json.loads((STORED / "run_times.json").read_text(encoding="utf-8"))
    longest_first = sorted(which, key=lambda path: -times.get(path.name[:2], 0))
    proof.step(
        f"{len(which)} notebooks re-executed and compared",
        lambda r: pytest(
            r, "--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/sanitize.cfg",
            "--nbval-cell-timeout", "300", "--timeout", "0", "-n", "2", "--dist", "loadfile",
            "--no-loadscope-reorder", *longest_first,
            METAREC_FRESH_RESULTS=str(results),
        ),
    )  # fmt: skip
    numbers = [path.name[:2] for path in which if (STORED / f"{path.name[:2]}.json").exists()]
    some = [f"{RESULTS}::test_a_fresh_run_gives_the_stored_results[{n}]" for n in numbers]
    asked = [RESULTS] if which == chapters() else some
    if asked:
        proof.step(
            "results of that run against data/results",
            lambda r: pytest(r, *asked, METAREC_FRESH_RESULTS=str(results)),
        )


def begin_render():
    """The strict render, begun in the background: a future of its exit code."""
    return ThreadPoolExecutor(1).submit(render, fresh=True)


def site(proof):
    """The strict render, then every page in a browser."""
    pages = proof.pages or begin_render()
    code = proof.step("strict render of the book", lambda r: pages.result())
    if code == 0 and all((ROOT / page).exists() for page in PAGES):
        where = (*PAGES, "-n", "2")
        proof.step("every page in a browser", lambda r: pytest(r, *where))


def style(proof):
    """ruff and codespell, first because they are fast."""
    proof.step("style (ruff)", lambda r: call("ruff", "check", "--quiet", "."))
    proof.step("spelling (codespell)", lambda r: call("codespell_lib"))


def types(proof):
    """What the type hints promise."""
    proof.step("types (mypy)", lambda r: call("mypy"))


PARTS = {
    "style": style,
    "types": types,
    "unit": unit,
    "peers": peers,
    "notebooks": notebooks,
    "book": site,
}


def test(parts):
    """All parts, or those named."""
    proof, parts = Proof(), parts or list(PARTS)
    for name in parts:
        if name == "peers" and "book" in parts:  # these take one core each
            proof.pages = begin_render()
        PARTS[name](proof)
    return proof.close()


def changed_chapters():
    """Chapters of which a half differs from what this branch began with, or is new."""
    git = ["git", "-C", str(ROOT)]
    base = subprocess.run([*git, "merge-base", "HEAD", "main"], capture_output=True, text=True)
    since = base.stdout.strip() or "HEAD"
    said = [
        subprocess.run([*git, *asked, "--", "notebooks"], capture_output=True, text=True).stdout
        for asked in (["diff", "--name-only", since], ["ls-files", "-o", "--exclude-standard"])
    ]
    changed = {Path(name).stem for name in "".join(said).splitlines()}
    return [path for path in chapters() if path.stem in changed]


def check():
    """What is proved before each commit: all but the slow tests, and only changed chapters."""
    proof = Proof()
    style(proof)
    types(proof)
    unit(proof, "-m", "not slow")
    notebooks(proof, changed_chapters())
    return proof.close()


TOOLS = {"run": "run_notebooks.py", "mutate": "mutate.py", "assignments": "assignments.py"}


def main():
    """Read the task and do it."""
    parser = argparse.ArgumentParser(prog="tasks.py", description=__doc__)
    tasks = parser.add_subparsers(dest="task", required=True)
    alone = {"book": book, "check": check, "lab": lab, "linkcheck": linkcheck, "pdf": pdf}
    for name in alone:
        tasks.add_parser(name)
    tasks.add_parser("test").add_argument("parts", nargs="*", choices=[[], *PARTS])
    for name in TOOLS:
        tasks.add_parser(name, add_help=False)
    known, rest = parser.parse_known_args()
    if known.task in TOOLS:
        tool = ROOT / "tools" / TOOLS[known.task]
        return subprocess.call([PYTHON, str(tool), *rest], cwd=ROOT)
    if known.task == "test":
        return test(known.parts)
    return alone[known.task]()


if __name__ == "__main__":
    sys.exit(main())
