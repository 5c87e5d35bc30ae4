"""What `python -m metarec recommend` does: from a few typed ratings to films with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from metarec.data import Episodes, Ratings, movielens_100k, movielens_2016, read_movielens
from metarec.data.files import decode, parse, read_bytes
from metarec.data.lookup import YEAR, find_title, label
from metarec.models import HierarchicalBayes, cache, influence

LEVEL = 0.8  # of the intervals
KNOWN = {"movielens-100k": movielens_100k, "movielens-2016": movielens_2016}


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
    wishes: Sequence[tuple[str, float]], data: str = "movielens-100k", top: int = 10
) -> dict[str, Any]:
    """Recommend films to one person.

    Parameters
    ----------
    wishes : sequence of (title, rating)
    data : str
        Name of a data set that comes with the book, or a MovieLens folder.
    top : int
        Number of films.

    Returns
    -------
    dict
        `shown` (title, rating), `films` (item, title, predicted, interval, reason),
        `scale`, `data`.

    Raises
    ------
    metarec.data.lookup.TitleError
        When a title fits no film, or several.
    ValueError
        When a rating is outside the scale, or one film is rated twice.
    """
    if data not in KNOWN and not Path(data).exists():
        raise ValueError(
            f"--data {data} is neither {' nor '.join(KNOWN)} nor a folder or archive that exists"
        )
    ratings = KNOWN[data]() if data in KNOWN else read_movielens(data)
    shown = _shown(ratings, wishes)
    model = cache.fitted(HierarchicalBayes(), ratings)
    episode = Episodes.of_one(ratings, shown)
    mean, std = (values[0] for values in model.predict(episode, return_std=True))
    best = np.argsort(-mean, kind="stable")[:top]
    moved = influence(model, episode)[0]  # [k, q]
    half = norm.ppf((1 + LEVEL) / 2) * std
    low, high = ratings.scale
    titles = [label(ratings, item) for item in shown]
    short = [YEAR.sub(r"\1", title) for title in titles]
    films = []
    for q in best:
        item = episode.items[episode.query_items[0, q]]
        films.append(
            {
                "item": item.item() if isinstance(item, np.generic) else item,
                "title": label(ratings, item),
                "predicted": round(float(np.clip(mean[q], low, high)), 2),
                "interval": [
                    round(float(np.clip(mean[q] + s * half[q], low, high)), 2) for s in (-1, 1)
                ],
                "reason": _reason(short, moved[:, q]) or _fame(ratings, item),
            }
        )
    seen = [
        {"title": title, "rating": rating}
        for title, rating in zip(titles, shown.values(), strict=True)
    ]
    return {"shown": seen, "films": films, "scale": ratings.scale, "data": ratings.name}


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


def _reason(titles: list[str], moved: np.ndarray) -> str:
    """The two rated films that moved the prediction most, and by how many stars."""
    order = [j for j in np.argsort(-np.abs(moved), kind="stable")[:2] if abs(moved[j]) >= 0.005]
    return ", ".join(f"{titles[j]} {moved[j]:+.2f}" for j in order).replace(" -", " −")


def _fame(ratings: Ratings, item: object) -> str:
    values = ratings.table.loc[ratings.table["item"] == item, "rating"]
    return f"mean {values.mean():.1f} from {len(values)} people"
