"""The chapters as files: NN_name.ipynb with its stored outputs, NN_name.py as its text twin."""

import os
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"

# No bars, no hub, one thread a process: notebooks that run side by side must not fight for cores,
# and give the same outputs whether they run alone or not.
QUIET = {
    "TQDM_DISABLE": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


class ChapterError(Exception):
    """A chapter is not what it should be; the message says which one and what to do."""


def chapters(numbers=(), folder=NOTEBOOKS):
    """Paths of the chapters' notebooks, all or those whose numbers are given.

    A chapter of which only the twin exists yet counts: its notebook is made when it is run.
    """
    found = {}
    for path in sorted([*folder.glob("[0-9][0-9]_*.py"), *folder.glob("[0-9][0-9]_*.ipynb")]):
        found.setdefault(path.name[:2], path.with_suffix(".ipynb"))
    wanted = [number.zfill(2) for number in numbers] or list(found)
    unknown = [number for number in wanted if number not in found]
    if unknown:
        raise ChapterError(
            f"there is no chapter {', '.join(unknown)}; there are: {', '.join(found) or 'none'}"
        )
    return [found[number] for number in wanted]


def read(path):
    """The notebook as nbformat 4; of a twin, as jupytext reads it."""
    if path.suffix == ".py":
        return jupytext.read(path)
    return nbformat.read(path, as_version=4)


def tags(cell):
    """The tags of a cell."""
    return cell.metadata.get("tags", [])


def code_cells(notebook):
    """The code cells with their position among all cells."""
    return [(i, c) for i, c in enumerate(notebook.cells) if c.cell_type == "code" and c.source]


def described(cell, position):
    """A cell as a person finds it: its position and its first line."""
    first = next((line for line in cell.source.splitlines() if line.strip()), "(empty)")
    return f"cell {position} ({first.strip()[:60]})"


def compared_part(cell):
    """What must be equal in both halves of a pair."""
    kept = {key: cell.metadata[key] for key in ("tags", "mystnb") if cell.metadata.get(key)}
    return cell.cell_type, cell.source.rstrip(), kept


def pair_differences(path):
    """Where a notebook and its twin differ; an empty list when they are in step."""
    twin = path.with_suffix(".py")
    for half in (path, twin):
        if not half.exists():
            return [f"{half.name} is missing: run `make run CHAPTERS={path.name[:2]}`"]
    here, there = read(path).cells, read(twin).cells
    said = [
        f"{path.name} and {twin.name} differ at {described(a, i)}"
        for i, (a, b) in enumerate(zip(here, there, strict=False))
        if compared_part(a) != compared_part(b)
    ]
    if len(here) != len(there):
        said.append(f"{path.name} has {len(here)} cells, {twin.name} has {len(there)}")
    return said


def quiet_environment():
    """Set the environment that every chapter runs in; what the reader has set stays."""
    os.environ.pop("MPLBACKEND", None)  # a kernel told to use Agg would store no figure
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)  # the metarec of this checkout
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
