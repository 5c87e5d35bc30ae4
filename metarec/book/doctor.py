"""What `python -m metarec doctor` looks at."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from typing import NamedTuple

from metarec.data import Ratings, assets, film_facts, movielens_100k, movielens_2016, pick_device
from metarec.models import cache

PACKAGES = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "torch", "transformers")
FOR_THE_BOOK = ("jupyter-book", "jupyterlab", "nbval")  # to read it and to run it, in a clone


class Check(NamedTuple):
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def examine() -> dict[str, list[Check]]:
    """Look at everything that the book needs.

    Returns
    -------
    dict of str to list of Check
        By section, in the order to print.
    """
    packages = PACKAGES if assets.installed() else (*PACKAGES, *FOR_THE_BOOK)
    return {
        "Versions": [_python(), *map(_package, packages), _device()],
        "Data": [
            _ratings("MovieLens-2016", movielens_2016),
            _facts(),
            _ratings("MovieLens-100K", movielens_100k),
        ],
        "Assets": [_asset(status) for status in assets.status()],
        "Folders": [_cache()],
    }


def _python() -> Check:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    remedy = "use Python 3.11, 3.12 or 3.13"
    remedy += "" if assets.installed() else ": delete .venv, then make book"
    return Check("Python", ok, platform.python_version(), remedy)


def _install(name: str) -> str:
    command = f"python -m pip install {name}"
    return command if assets.installed() else f"{command} -c constraints.txt, or make book"


def _package(name: str) -> Check:
    try:
        return Check(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, "not installed", _install(name))


def _device() -> Check:
    try:
        return Check("device", True, pick_device("auto"))
    except ImportError as error:
        return Check("device", False, f"PyTorch does not load ({error})", _install("torch"))


def _ratings(name: str, load) -> Check:
    try:
        ratings: Ratings = load()
    except (OSError, ValueError, RuntimeError) as error:
        return Check(name, False, "cannot be read", str(error))
    return Check(name, True, f"{len(ratings):,} ratings, sha256 {ratings.sha256()[:12]}")


def _facts() -> Check:
    try:
        facts = film_facts(movielens_2016())
    except (OSError, ValueError, RuntimeError) as error:
        return Check("film facts", False, "cannot be read", str(error))
    return Check("film facts", True, f"{len(facts.table):,} films of MovieLens-2016 looked up")


def _asset(status: assets.Status) -> Check:
    found = (
        f"{status.version or 'own folder'}, hash right; chapters {status.chapters}"
        if status.ok
        else status.problem
    )
    return Check(status.name, status.ok, found, status.remedy)


def _cache() -> Check:
    place = cache.folder()
    there = next(p for p in (place, *place.parents) if p.exists())
    return Check(
        "cache",
        os.access(there, os.W_OK),
        str(place),
        "make it writable; until then every answer is fitted anew",
    )
