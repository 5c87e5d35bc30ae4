"""Fitted methods kept in the reader's cache folder, so that a question is answered at once."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import TypeVar

import platformdirs

from metarec.data.ratings import Ratings
from metarec.models.base import Method

M = TypeVar("M", bound=Method)
FORMAT = 1  # raise it when a method learns something else from the same ratings


def folder() -> Path:
    """The reader's cache folder for metarec, whether it exists yet or not.

    Returns
    -------
    Path
    """
    return Path(platformdirs.user_cache_dir("metarec"))


def fitted(method: M, ratings: Ratings) -> M:
    """The method fitted to the ratings, from the cache when it was fitted before.

    The file's name is a hash of method, parameters, ratings and catalogue, so that another question
    never gets an old answer. A damaged file is fitted anew; a folder that cannot be written gives a
    warning and no cache.

    Parameters
    ----------
    method : Method
        Unfitted.
    ratings : Ratings

    Returns
    -------
    Method
        Fitted; the one passed in, or an equal one from the cache.
    """
    asked = [FORMAT, type(method).__name__, method.get_params(), ratings]
    key = json.dumps(asked, default=_about)
    path = (
        folder()
        / f"{type(method).__name__}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.safetensors"
    )
    if path.is_file():
        try:
            return type(method).load(path)
        except ValueError as error:
            warnings.warn(f"{error} It is fitted anew.", stacklevel=2)
    method.fit(ratings)
    try:
        method.save(path)
    except OSError as error:
        warnings.warn(
            f"the fit is not kept: {path.parent} cannot be written ({error.strerror})", stacklevel=2
        )
    return method


def _about(ratings: Ratings) -> list[str]:
    """What a method can learn from, another population too: the rows, and what their items are."""
    return [ratings.sha256(), hashlib.sha256(ratings.items.to_csv().encode()).hexdigest()]
