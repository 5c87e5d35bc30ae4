"""The leaderboard of a project: scores for people whose ratings never leave the grader."""

from __future__ import annotations

import numpy as np

from metarec.evaluation import exponential_gain, ndcg, pairwise_accuracy

METRICS = {
    "ndcg@5": lambda scores, ratings: ndcg(scores, exponential_gain(ratings), k=5),
    "pairwise accuracy": pairwise_accuracy,
}


def score(metric: str, pairs: list[tuple]) -> float:
    """Mean of a metric over held-out people; higher is better.

    Parameters
    ----------
    metric : str
        A name of `METRICS`.
    pairs : list of tuple
        For each person what a submission returned, one score for each candidate, and the ratings
        that this person gave.

    Returns
    -------
    float
        A person for whom no usable scores came back counts 0.
    """
    values = []
    for answer, truth in pairs:
        truth = np.asarray(truth, dtype=np.float64)
        usable = (
            isinstance(answer, np.ndarray)
            and answer.dtype.kind in "fiu"
            and answer.shape == truth.shape
            and np.isfinite(answer).all()
        )
        scores = answer.astype(np.float64)[None] if usable else None
        values.append(float(METRICS[metric](scores, truth[None])[0]) if usable else 0.0)
    return float(np.mean(values))
