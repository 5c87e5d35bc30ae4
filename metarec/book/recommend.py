"""What `python -m metarec recommend` does: from a few typed ratings to films with reasons."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from metarec import models
from metarec.data import Episodes, Ratings, read_movielens
from metarec.data.sources.files import decode, parse, read_bytes
from metarec.data.sources.movielens import BY_NAME
from metarec.data.titles import YEAR, find_title, label
from metarec.models import Method, cache, influence, registry

LEVEL = 0.8  # of the intervals
DEFAULT = registry.name_to_type(models.BlendedBayes)  # errs least on validation people
TO_WRITE = """a class with two methods is enough:
    class MyMethod:
        def fit(self, ratings): ...       # learns from metarec.data.Ratings, returns self
        def predict(self, episodes): ...  # a number for each of episodes.query_items"""


def offered() -> dict[str, type]:
    """The methods that may be asked by name, the default first; registered ones come last.

    Returns
    -------
    dict from the name to type to the class
    """
    kinds = [kind for kind in registry.methods().values() if _at_prompt(kind)]
    kinds.sort(key=lambda kind: (getattr(kind, "family", "yours") == "yours", not _stars(kind())))
    named = {registry.name_to_type(kind): kind for kind in kinds}
    return {DEFAULT: named[DEFAULT], **named}


def method_list() -> list[tuple[str, str]]:
    """The methods that may be asked, each with the first sentence of its description.

    Returns
    -------
    list of (name, sentence)
    """
    listed = []
    for name, kind in offered().items():
        about = inspect.getdoc(kind) or f"Yours, from {kind.__module__}"
        sentence = about.split("\n\n")[0].split(": :math:")[0].rstrip(".")
        only_ranks = "" if _stars(kind()) else " Only ranks."
        listed.append((name, f"{sentence}.{only_ranks}"))
    return listed


def find_method(name: str) -> type:
    """The class that `--method` names.

    Parameters
    ----------
    name : str
        One of `offered`, or "package.module:Class" of the reader's own, found from the current
        folder.

    Returns
    -------
    type

    Raises
    ------
    ValueError
        When there is no such method, module or class, or the class lacks a method.
    """
    if ":" in name:
        return _imported(*name.rsplit(":", 1))
    kind = registry.named(name)
    if kind is None or not _at_prompt(kind):
        raise ValueError(
            f"--method {name} is unknown; choose from {', '.join(offered())}, "
            "or name a class of yours as module:Class"
        )
    return kind


def _imported(module: str, name: str) -> type:
    """A class of the reader's own, from a file of the current folder or an installed package."""
    where = f"--method {module}:{name}"
    sys.path.insert(0, os.getcwd())
    try:
        kind = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{where}: there is no module {error.name!r}; name a file of {os.getcwd()} "
            "without its .py, or a package that is installed"
        ) from None
    except Exception as error:
        raise ValueError(f"{where}: {module} cannot be imported: {error!r}") from error
    finally:
        sys.path.remove(os.getcwd())
    if not inspect.isclass(kind):
        raise ValueError(f"{where}: {module} has no class {name}; {TO_WRITE}")
    lacking = registry.lacking(kind)
    if lacking:
        raise ValueError(f"{where}: {name} lacks {' and '.join(lacking)}; {TO_WRITE}")
    return kind


def read_wishes(typed: Sequence[str], csv: Path | None = None) -> list[tuple[str, float]]:
    """Titles and ratings, from texts such as "Toy Story=5" and from a CSV file.

    Parameters
    ----------
    typed : sequence of str
        The rating stands behind the last equals sign.
    csv : Path, optional
        With the columns `title` and `rating`.

    Returns
    -------
    list of (title, rating)

    Raises
    ------
    ValueError
        When a text has no rating, or the file lacks a column or holds something else.
    """
    wishes = []
    for text in typed:
        title, _, rating = text.rpartition("=")
        wishes.append((title.strip(), _number(rating, f'--rate "{text}"')))
    if csv is not None:
        rows = parse(decode(read_bytes(csv), None, csv), csv)
        missing = {"title", "rating"} - set(rows)
        if missing:
            raise ValueError(f"{csv} has the columns {list(rows)}; it needs title and rating")
        lines = enumerate(zip(rows["title"].astype(str), rows["rating"], strict=True), 2)
        wishes += [
            (title.strip(), _number(rating, f"line {n} of {csv}")) for n, (title, rating) in lines
        ]
    return wishes


def advise(
    wishes: Sequence[tuple[str, float]],
    data: str = "movielens-100k",
    top: int = 10,
    method: str = DEFAULT,
) -> dict[str, Any]:
    """Recommend films to one person.

    Parameters
    ----------
    wishes : sequence of (title, rating)
    data : str
        Name of a data set that comes with the book, or a MovieLens folder.
    top : int
        Number of films.
    method : str
        One of `offered`, or "module:Class" of the reader's own.

    Returns
    -------
    dict
        `shown` (title, rating); `films` (item, title, reason, and `predicted` stars or, from a
        method that only ranks, a `score`; `interval` too, if the method knows how sure it is);
        `personal` (whether any rating moved any prediction); `method`; `predicts_ratings`;
        `likes_from` (the least rating that the method takes for a like, None if it makes no such
        cut); `scale`; `data`.

    Raises
    ------
    metarec.data.titles.TitleError
        When a title fits no film, or several.
    ValueError
        When there is no such method or data, a rating is outside the scale, or one film is rated
        twice.
    """
    kind = find_method(method)
    if data not in BY_NAME and not Path(data).exists():
        raise ValueError(
            f"--data {data} is neither {' nor '.join(BY_NAME)} nor a folder or archive that exists"
        )
    ratings = BY_NAME[data]() if data in BY_NAME else read_movielens(data)
    shown = _shown(ratings, wishes)
    model = _fitted(kind, ratings, data)
    titles = [label(ratings, item) for item in shown]
    return {
        "shown": [
            {"title": title, "rating": rating}
            for title, rating in zip(titles, shown.values(), strict=True)
        ],
        **_best(model, ratings, Episodes.of_one(ratings, shown), titles, top),
        "method": method,
        "predicts_ratings": _stars(model),
        "likes_from": _likes_from(model, ratings),
        "scale": ratings.scale,
        "data": ratings.name,
    }


def _fitted(kind: type, ratings: Ratings, data: str) -> Any:
    """The method with its default settings; what cannot be saved is fitted at every question."""
    try:
        model = kind()
    except TypeError as error:
        raise ValueError(
            f"{kind.__name__}() cannot be made ({error}); give every parameter a default"
        ) from None
    if not isinstance(model, Method):
        return model.fit(ratings) or model
    (other, *_) = (load for name, load in BY_NAME.items() if name != data)
    if model.populations and data in BY_NAME:  # it learns from these people too
        model.set_params(**dict.fromkeys(model.populations, other()))
    return cache.fitted(model, ratings)


def _at_prompt(kind: type) -> bool:
    """Whether it is offered by name, as `Method.at_prompt` says."""
    return getattr(kind, "at_prompt", True)


def _stars(method: Any) -> bool:
    """Whether answers are ratings, as `Method.predicts_ratings` says of a method."""
    return getattr(method, "predicts_ratings", True)


def _best(
    model: Any, ratings: Ratings, episode: Episodes, titles: list[str], top: int
) -> dict[str, Any]:
    """The best films for one person, best first; of equals the better known one."""
    sure = "return_std" in inspect.signature(model.predict).parameters
    answer = model.predict(episode, return_std=True) if sure else [model.predict(episode)]
    mean, *std = (values[0] for values in answer)  # [q]
    moved = influence(model, episode)[0]  # [k, q]
    stars = _stars(model)
    digits = 2 if stars else _digits(mean)
    short = [YEAR.sub(r"\1", title) for title in titles]
    films = []
    known = ratings.item_counts()[episode.query_items[0]]
    for q in np.lexsort((-known, -mean))[:top]:
        item = episode.items[episode.query_items[0, q]]
        film = {"item": item.item() if isinstance(item, np.generic) else item}
        film["title"] = label(ratings, item)
        if stars:
            film["predicted"] = round(float(np.clip(mean[q], *ratings.scale)), digits)
        else:
            film["score"] = round(float(mean[q]), digits)
        if sure:
            ends = mean[q] + norm.ppf((1 + LEVEL) / 2) * std[0][q] * np.array([-1, 1])
            film["interval"] = np.clip(ends, *ratings.scale).round(digits).tolist()
        film["reason"] = _reason(short, moved[:, q], digits) or _fame(ratings, item)
        films.append(film)
    return {"films": films, "personal": bool(np.any(np.abs(moved) > 1e-9))}


def _likes_from(model: Any, ratings: Ratings) -> float | None:
    least = getattr(model, "at_least_", None)
    cut = least is not None and least > ratings.scale[0] and not _stars(model)
    return least if cut else None


def _digits(scores: np.ndarray) -> int:
    """Decimals that show three digits of the largest score."""
    largest = np.abs(scores).max(initial=0)
    return max(0, 2 - int(np.floor(np.log10(largest)))) if largest > 0 else 0


def _shown(ratings: Ratings, wishes: Sequence[tuple[str, float]]) -> dict:
    shown: dict = {}
    low, high = ratings.scale
    for title, rating in wishes:
        item = find_title(ratings, title)
        if not low <= rating <= high:
            raise ValueError(
                f"{title}={rating:g} is outside the scale {low:g} to {high:g} of {ratings.name}"
            )
        if item in shown:
            raise ValueError(f"{label(ratings, item)} is rated twice; keep one of the two")
        shown[item] = rating
    return shown


def _number(text: object, where: str) -> float:
    number = pd.to_numeric(str(text).strip().replace(",", "."), errors="coerce")
    if not np.isfinite(number):
        raise ValueError(
            f"{where}: {text!r} is not a rating; "
            'write a title, an equals sign and a number, "Toy Story=5"'
        )
    return float(number)


def _reason(titles: list[str], moved: np.ndarray, digits: int = 2) -> str:
    """The two rated films that moved the prediction most, and by how much."""
    least = 0.5 * 10.0**-digits  # less would be printed as 0
    order = [j for j in np.argsort(-np.abs(moved), kind="stable")[:2] if abs(moved[j]) >= least]
    signed = [f"{moved[j]:+.{digits}f}".replace("-", "−") for j in order]
    return ", ".join(f"{titles[j]} {value}" for j, value in zip(order, signed, strict=True))


def _fame(ratings: Ratings, item: object) -> str:
    values = ratings.table.loc[ratings.table["item"] == item, "rating"]
    if values.empty:
        return "nobody has rated it yet"
    people = "people" if len(values) > 1 else "person"
    return f"mean {values.mean():.1f} from {len(values)} {people}"
