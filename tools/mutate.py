"""Break the code on purpose and see a test or a claim turn red: `python tools/mutate.py [WORD …]`.

tests/mutations.toml lists the mutations; words select those whose name, chapter, file or guard
contains one of them. Each mutation is made in a temporary copy of the tree, never in the tree
itself, and only the test that must notice it is run: a pytest node, or a chapter (`chapter 02`),
whose claims must fail. The same guard must pass in the unbroken copy, or its red means nothing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from chapters import QUIET, ROOT, ChapterError, chapters

LIST = ROOT / "tests" / "mutations.toml"
KEYS = {"name", "file", "find", "replace", "guard"}
RED, GREEN, BROKEN = "red", "GREEN", "BROKEN"
CLAIMS = ("ClaimError", "AssertionError")

# Runs a chapter's twin in a kernel of its own and exits with 1 when a claim fails, 2 otherwise.
RUN_CHAPTER = """
import sys
from pathlib import Path
sys.path.insert(0, "tools")
from chapters import quiet_environment, read
from nbclient.exceptions import CellExecutionError
from run_notebooks import execute
quiet_environment()
twin = Path(sys.argv[1])
try:
    execute(read(twin), twin.parent)
except CellExecutionError as error:
    print(f"{error.ename}: {error.evalue}")
    sys.exit(1 if error.ename in {claims} else 2)
""".replace("{claims}", repr(CLAIMS))


def read_list(path=LIST):
    """The mutations, each with the names it must have."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("mutation", [])
    for number, row in enumerate(rows, start=1):
        missing = KEYS - set(row)
        if missing:
            lacks = ", ".join(sorted(missing))
            raise ChapterError(f"mutation {number} of {path.name} lacks {lacks}")
    return rows


def copy_tree(target):
    """Copy what git knows or would know, as it stands now, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        source, copy = ROOT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)


def mutated(text, row):
    """The text with the mutation in it; its place must be unmistakable."""
    found = text.count(row["find"])
    if found != 1:
        raise ChapterError(f"`find` occurs {found} times in {row['file']}; it must occur once")
    if row["find"] == row["replace"]:
        raise ChapterError("the mutation changes nothing")
    return text.replace(row["find"], row["replace"])


def command_for(guard, tree):
    """What runs a guard: pytest for a node, a kernel for `chapter NN`."""
    if guard.startswith("chapter "):
        path = chapters([guard.split()[1]], tree / "notebooks")[0].with_suffix(".py")
        return [sys.executable, "-c", RUN_CHAPTER, str(path)]
    return [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *guard.split()]


def run_guard(guard, tree):
    """RED, GREEN or BROKEN (neither passed nor failed: an import error, no such test), and why."""
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1",
                   "METAREC_FRESH_RESULTS": str(tree / "results")}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="metarec-cache-") as empty:
        # what sound code has cached would hide a mutation, and a mutation's cache would outlive it
        environment["XDG_CACHE_HOME"] = empty
        done = subprocess.run(
            command_for(guard, tree), cwd=tree, env=environment, capture_output=True, text=True
        )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if "Error" in line or "FAILED" in line), "")
    return {0: GREEN, 1: RED}.get(done.returncode, BROKEN), said or (lines or [""])[-1]


def try_one(row, tree, unbroken):
    """Make one mutation, run its guard, take it back."""
    path, guard = tree / row["file"], row["guard"]
    try:
        text = path.read_text(encoding="utf-8")
        changed = mutated(text, row)
        if guard not in unbroken:
            unbroken[guard] = run_guard(guard, tree)
    except (OSError, ChapterError) as error:
        return BROKEN, str(error)
    if unbroken[guard][0] != GREEN:
        return BROKEN, f"the guard does not pass without it: {unbroken[guard][1]}"
    path.write_text(changed, encoding="utf-8")
    try:
        return run_guard(guard, tree)
    finally:
        path.write_text(text, encoding="utf-8")


def main(arguments=None):
    """Run the mutations and print the table; exit with 1 when one is not noticed."""
    parser = argparse.ArgumentParser(prog="mutate.py", description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutations that contain one of these words")
    words = parser.parse_args(arguments).words
    try:
        rows = read_list()
    except (OSError, ChapterError, tomllib.TOMLDecodeError) as error:
        print(error)
        return 1
    rows = [r for r in rows if not words or any(w in " ".join(map(str, r.values())) for w in words)]
    start, unbroken, table = time.time(), {}, []
    with tempfile.TemporaryDirectory(prefix="metarec-mutants-") as folder:
        tree = Path(folder).resolve()
        copy_tree(tree)
        for row in rows:
            state, why = try_one(row, tree, unbroken)
            table.append((state, row))
            print(f"{state:<7} {row['name']}\n        guarded by {row['guard']}")
            print(f"        {why.strip()[:200]}", flush=True)
    missed = [row["name"] for state, row in table if state != RED]
    red, seconds = len(table) - len(missed), time.time() - start
    print(f"\n{red} of {len(table)} mutations turn red ({seconds:.0f} s)")
    return 1 if missed or not table else 0


if __name__ == "__main__":
    sys.exit(main())
