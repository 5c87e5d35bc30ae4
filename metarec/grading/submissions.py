"""Find what was handed in and read it, believing neither names nor contents."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import stat
from pathlib import Path

LARGEST = 5 * 2**20  # bytes of a notebook
CODE = 2**20  # characters of its code
CELLS = 2000
WRITTEN = 20_000  # characters of a written answer that are kept


class Unreadable(ValueError):
    """A submission that cannot be marked; the message is for the student."""


@dataclasses.dataclass(frozen=True)
class Submission:
    """Who handed in, and where it lies; `problem` says why there is nothing to read."""

    student: str
    path: Path
    problem: str = ""

    @property
    def label(self) -> str:
        """A name for files: no two students share one, and nothing in it has a meaning."""
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", self.student)[:50]
        return f"{safe}-{hashlib.sha256(self.student.encode('utf-8', 'replace')).hexdigest()[:8]}"


@dataclasses.dataclass(frozen=True)
class Content:
    """The code cells of a notebook, and its written answers by question."""

    cells: tuple[str, ...]
    written: dict[str, str]


def find(folder: Path) -> list[Submission]:
    """All submissions of a folder: notebooks in it, or one folder for each student.

    Parameters
    ----------
    folder : Path
        As the learning platform unpacks it.

    Returns
    -------
    list of Submission
        Sorted by name. Links are listed, but never followed.

    Raises
    ------
    NotADirectoryError
        When there is no such folder.
    """
    found: dict[str, Submission] = {}
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            one = _in_folder(path)
        elif entry.name.endswith(".ipynb"):
            one = Submission(path.stem, path)
        else:
            continue
        student = one.student if one.student not in found else f"{one.student} ({entry.name})"
        found[student] = dataclasses.replace(one, student=student)
    return list(found.values())


def _in_folder(folder: Path) -> Submission:
    """The one notebook of a student's folder."""
    names = [e.name for e in os.scandir(folder) if not e.name.startswith(".")]
    notebooks = sorted(name for name in names if name.endswith(".ipynb"))
    if len(notebooks) != 1:
        many = "no notebook" if not notebooks else "several notebooks"
        return Submission(folder.name, folder, f"{many} in the folder; hand in exactly one")
    return Submission(folder.name, folder / notebooks[0])


def content_bytes(submission: Submission) -> bytes:
    """The bytes of a regular file of bearable size.

    Parameters
    ----------
    submission : Submission
        Where it lies.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    Unreadable
        When it is a link, a pipe, a device, too large, or gone.
    """
    if submission.problem:
        raise Unreadable(submission.problem)
    path = submission.path
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        if path.is_symlink():
            raise Unreadable("the file is a link; hand in the notebook itself")
        with os.fdopen(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("this is no ordinary file; hand in the notebook itself")
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"the file cannot be read ({type(error).__name__})") from None
    if len(data) > LARGEST:
        raise Unreadable("the notebook is larger than 5 MB; clear its outputs and hand it in again")
    return data


def read(submission: Submission) -> Content:
    """The cells of a notebook; outputs, widgets and all other metadata are ignored.

    Parameters
    ----------
    submission : Submission
        Where it lies.

    Returns
    -------
    Content
        Code and written answers.

    Raises
    ------
    Unreadable
        When it is no notebook of Python code.
    """
    try:
        notebook = json.loads(content_bytes(submission).decode("utf-8"))
        language = _language(notebook["metadata"])
        cells = [cell for cell in [*notebook["cells"]] if cell.keys()]
        code = [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
        written = {n: _source(c)[:WRITTEN] for c in cells for n in _answers(c)}
    except Unreadable:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable("the file is no Jupyter notebook of version 4; save it again") from None
    if language not in ("", "python"):
        raise Unreadable("the notebook is not for Python: choose a Python kernel, save, hand in")
    if len(code) > CELLS or sum(map(len, code)) > CODE:
        raise Unreadable("the notebook holds far more code than an answer needs")
    return Content(tuple(code), written)


def _language(metadata: dict) -> str:
    """The language that the notebook says it is written in."""
    said = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get(
        "language", ""
    )
    return str(said).casefold()


def _source(cell: dict) -> str:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    return text.encode("utf-8", "replace").decode("utf-8")  # no half characters


def _answers(cell: dict) -> list[str]:
    """For which questions a text cell is the answer."""
    if cell.get("cell_type") != "markdown":
        return []
    tags = cell.get("metadata", {}).get("tags", [])
    return [t.removeprefix("answer-") for t in tags if str(t).startswith("answer-")]
