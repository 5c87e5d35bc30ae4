"""Make the book's environment in .venv, then do what is asked: `python tools/setup.py book`.

Only the standard library is used, and only syntax that an old Python can read, so that it can
be told that it is too old. A second call finds the environment ready: no network, no waiting.
An environment that is not known to be whole is made afresh.
"""

import sys

if sys.version_info < (3, 6):
    sys.exit("This Python is too old: run this with Python 3.11, 3.12 or 3.13.")

import errno
import shutil
import signal
import subprocess

from environment import (
    ROOT,
    VENV,
    Trouble,
    clean_env,
    ensure,
    ensure_peers,
    explain,
    show,
    venv_python,
)

TASKS = {
    "book": "make the environment, render the book, say where it is",
    "check": "the short proof: style, types, unit tests but the slow ones, changed chapters",
    "test": "prove it: style, types, unit tests, every notebook, every page (parts: %s)"
    % "style types unit peers notebooks book",
    "lab": "open the notebooks in JupyterLab",
    "run": "re-execute chapters and store their outputs: run 01 02, run --full 02",
    "assignments": "write the student, instructor and grader versions of the problem sets",
    "mutate": "break the code on purpose and see the tests turn red",
    "linkcheck": "ask every external link whether it still answers (needs the network)",
    "pdf": "print the whole book to one PDF (needs Chromium or Chrome)",
    "clean": "remove what was made, except the environment",
    "env": "only make the environment",
    "help": "this list",
}


def clean():
    """Remove what the tools made; keep the environment."""
    folders = [ROOT / "book" / "_build"]
    for pattern in ("__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".hypothesis",
                    ".ipynb_checkpoints", ".import_linter_cache"):  # fmt: skip
        folders += [p for p in ROOT.rglob(pattern) if VENV not in p.parents]
    for folder in folders:
        shutil.rmtree(str(folder), ignore_errors=True)
    show("Clean. The environment stays: delete .venv for a fresh one.")


def tasks_help():
    """The list of tasks."""
    show("make TASK, or without make: python tools/setup.py TASK\n")
    for name, text in TASKS.items():
        show("  %-11s %s" % (name, text))


def perform(arguments):
    """Do one task; return its exit code."""
    task = arguments[0] if arguments else "help"
    if task in ("help", "-h", "--help"):
        tasks_help()
        return 0
    if task not in TASKS:
        raise Trouble("There is no task %r: `make help` lists them." % task)
    if task == "clean":
        clean()
        return 0
    ensure()
    if task == "env":
        show("The environment is ready: %s" % VENV)
        return 0
    if task == "test" and (len(arguments) == 1 or "peers" in arguments):
        ensure_peers()
    command = [str(venv_python()), str(ROOT / "tools" / "tasks.py")] + arguments
    return subprocess.call(command, cwd=str(ROOT), env=clean_env())


def main():
    """Entry point: every failure that a reader can mend is one sentence, without a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what it started, too
    try:
        return perform(sys.argv[1:])
    except Trouble as trouble:
        show("\n%s" % trouble)
    except KeyboardInterrupt:
        show("\nInterrupted: the next call goes on from a safe state.")
        return 130
    except OSError as error:
        if error.errno == errno.ENOSPC:
            show("\n" + explain("No space left on device", sys.executable))
        else:
            show("\nThe system refused: %s; mend that and call again." % error)
    return 1


if __name__ == "__main__":
    sys.exit(main())
