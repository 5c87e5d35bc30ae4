"""The leaderboard of a project: scores for people whose ratings never leave the grader."""

from __future__ import annotations

import numpy as np

from metarec.evaluation import exponential_gain, ndcg, paired, pairwise_accuracy

METRICS = {
    "ndcg@5": lambda scores, ratings: ndcg(scores, exponential_gain(ratings), k=5),
    "pairwise accuracy": pairwise_accuracy,
}
NOT_FINITE = "a score is no finite number"
HEAD = ["question", "part", "place", "student", "score", "low", "high", "behind", "not told apart"]


def unusable(answer, truth: np.ndarray) -> str:
    """What is wrong with the scores of one call, in words; empty when all can be used."""
    if not isinstance(answer, np.ndarray):
        return "a numpy array is asked for"
    if answer.shape != truth.shape:
        return "an array of another shape is asked for"
    if answer.dtype.kind not in "fiu":
        return "an array of numbers is asked for"
    return "" if np.isfinite(answer).all() else NOT_FINITE


def per_person(metric: str, pairs: list[tuple]) -> np.ndarray:
    """Values of a metric for held-out people; higher is better.

    Parameters
    ----------
    metric : str
        A name of `METRICS`.
    pairs : list of tuple
        For each call what a submission returned, and the true ratings. Both are arrays
        [people, candidates], or [candidates] for a call about one person.

    Returns
    -------
    array [people]
        Those of whom no usable scores came back count 0. Those for whom the metric has no value,
        since they rated everything alike, are left out, whatever came back.
    """
    found = []
    for answer, truth in pairs:
        truth = np.asarray(truth, dtype=np.float64)
        whole = unusable(answer, truth) in ("", NOT_FINITE)
        scores = answer.astype(np.float64) if whole else np.full(truth.shape, np.nan)
        scores, truth = np.atleast_2d(scores), np.atleast_2d(truth)
        usable = np.isfinite(scores).all(axis=1)
        values = METRICS[metric](np.where(usable[:, None], scores, 0.0), truth)
        found.append(np.where(usable | np.isnan(values), values, 0.0))
    values = np.concatenate(found)
    return values[~np.isnan(values)]


def table(records: list[dict]) -> list[list]:
    """The leaderboard of a class: for each part of each question its submissions, best first.

    Parameters
    ----------
    records : list of dict
        From `grade_folder`.

    Returns
    -------
    list of list
        Rows under `HEAD`. Equal scores share a place. `behind` is the distance to the first,
        `not told apart` says that the paired 95 % interval of that distance, over people, holds 0.
    """
    parts: dict[tuple, list] = {}
    for record in records:
        for question in record["questions"]:
            for aspect in question["aspects"]:
                if aspect["score"] is not None and not aspect["public"]:
                    part = parts.setdefault((question["number"], aspect["name"]), [])
                    part.append((record["student"], aspect))
    return [row for part, found in parts.items() for row in _ranked(part, found)]


def _ranked(part: tuple, found: list) -> list[list]:
    found = sorted(found, key=lambda one: (-one[1]["score"], one[0]))
    first = found[0][1]
    rows, places = [], [one["score"] for _, one in found]
    for student, one in found:
        distance = paired(first["people"], one["people"], n_resamples=2000)
        numbers = [one["score"], one["low"], one["high"], distance.mean]
        shown = [f"{number:.4f}" for number in numbers]
        level = "yes" if distance.low <= 0 else ""
        rows.append([*part, 1 + places.index(one["score"]), student, *shown, level])
    return rows
