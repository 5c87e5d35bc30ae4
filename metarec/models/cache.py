"""Fitted methods kept in the reader's cache folder, so that a question is answered at once.

The cache may save time; it never costs an answer, and never gives an old one: a fit is known by
the data, the parameters, the code that it went through, and the libraries that this code calls.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import inspect
import json
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import platformdirs

from metarec.data.ratings import Ratings
from metarec.models.base import Method

M = TypeVar("M")
PACKAGE = Path(__file__).parents[1]
LIBRARIES = ("numpy", "scipy", "torch", "scikit-learn", "pandas")
KEPT = 8  # fits of one class: each change of its code makes another


def folder() -> Path:
    """The reader's cache folder for metarec, whether it exists yet or not.

    Returns
    -------
    Path
    """
    return Path(platformdirs.user_cache_dir("metarec"))


def fitted(method: M, ratings: Ratings) -> M:
    """The method fitted to the ratings, from the cache when it was fitted before.

    The file's name is a hash of class and parameters, of all that the ratings tell, of the source
    of `metarec.models`, `metarec.data` and the files of a class of your own, and of the versions of
    libraries. A file that cannot be read is fitted anew, and a fit that cannot be written is not
    kept: each with a warning.

    Parameters
    ----------
    method : Method
        Unfitted. An object of a class that is no `Method` is fitted each time.
    ratings : Ratings

    Returns
    -------
    Method
        Fitted; the one passed in, or an equal one from the cache.
    """
    if not isinstance(method, Method):
        return method.fit(ratings)  # type: ignore[attr-defined]
    path: Path | None = None
    troubles: list[str] = []
    with _noting(troubles, "the cached fit is of no use ({}): it is fitted anew"):
        path = _place(method, ratings)
        if path.exists():
            return type(method).load(path).set_params(**method.get_params(deep=False))
    method.fit(ratings)
    if path is not None:
        with _noting(troubles, "the fit is not kept ({})"):
            _write(method, path)
    if troubles:
        warnings.warn("; ".join(troubles), stacklevel=2)
    return method


def made_by(functions: Sequence[Callable], libraries: Sequence[str]) -> str:
    """A hash that changes with the source of functions and with the versions of libraries.

    Parameters
    ----------
    functions : sequence of functions
    libraries : sequence of str
        As pip names them; they are not imported.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    sources = [inspect.getsource(function) for function in functions]
    return _short([*sources, *(importlib.metadata.version(name) for name in libraries)])


@contextlib.contextmanager
def _noting(troubles: list[str], form: str) -> Iterator[None]:
    """Within it an error ends the step, and is noted: no answer may depend on the cache."""
    try:
        yield
    except Exception as error:  # a full disk, a foreign file, a parameter that no file can hold, …
        troubles.append(form.format(str(error) or type(error).__name__))


def _place(method: Method, ratings: Ratings) -> Path:
    kind = type(method)
    parameters = json.dumps(method.get_params(deep=False), default=_known_by, sort_keys=True)
    name = f"{kind.__module__}.{kind.__qualname__}"
    versions = [importlib.metadata.version(name) for name in LIBRARIES]
    key = [name, parameters, _known_by(ratings), *_sources(kind), *versions]
    return folder() / f"{kind.__name__}-{_short(key)}.safetensors"


def _known_by(value: Any) -> Any:
    """What stands in the key for a parameter that JSON cannot hold."""
    if isinstance(value, Ratings):
        return ["ratings", value.name, value.sha256(whole=True)]
    if isinstance(value, Path):
        return ["path", str(value)]
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a parameter of type {type(value).__name__} cannot be told by its value")


def _sources(kind: type) -> list[str]:
    """Hashes of all files that the fit of a class may go through."""
    folders = [PACKAGE / "models", PACKAGE / "data"]
    found = (path for folder in folders for path in folder.rglob("*"))
    files = [path for path in found if path.suffix in (".py", ".toml")]
    own = {inspect.getsourcefile(one) for one in kind.__mro__ if one is not object}
    files = sorted({*files, *(Path(str(path)) for path in own)})
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def _write(method: Method, path: Path) -> None:
    """Save a fit; the file appears when it is whole, and the oldest of its class give way."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        method.save(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    alike = path.parent.glob(f"{type(method).__name__}-*.safetensors")
    for old in sorted(alike, key=lambda file: file.stat().st_mtime_ns)[:-KEPT]:
        old.unlink(missing_ok=True)


def _short(parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
