"""How methods are judged: fit, show blind episodes, score every user. Introduced in chapter 02.

The protocols in `metarec.evaluation.protocols` are thin names over the three functions here.
Every judgement adds the rows that nobody may forget: chance, and the trivial answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.classic import Holdout
from metarec.data.splits.few_shot import DRAWS, K_SHOTS, Task
from metarec.evaluation._contestants import ITEM_MEAN, POPULARITY, Recommender, contestants
from metarec.evaluation.exposure import leaning
from metarec.evaluation.metrics import mae, pairwise_accuracy, rmse
from metarec.evaluation.ranking import exponential_gain, hit_rate, ndcg, recall
from metarec.evaluation.results import WHOLE, Result
from metarec.evaluation.top import take, top_k


def few_shot(
    methods: Mapping[str, Recommender],
    train: Ratings,
    task: Task,
    protocol: str = "newcomers",
    order: str = "random",
    ks: Iterable[int] = K_SHOTS,
    draws: int = DRAWS,
    keep: dict[str, Recommender] | None = None,
) -> Result:
    """Fit on `train`, then show k ratings of each person of `task` and judge the rest.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    train : Ratings
    task : metarec.data.splits.few_shot.Task
        Pass the validation task to tune and the test task to report.
    protocol : str
        Name of the leaderboard.
    order : {"random", "time"}
    ks : iterable of int
        Numbers of ratings shown.
    draws : int
        Random supports a person; in order of time there is one.
    keep : dict, optional
        Is given the fitted methods by name, for those who want to look at them afterwards.

    Returns
    -------
    Result
        Per user: the mean over the draws.

    Raises
    ------
    ValueError
        When a method is called like an added row, or predicts something that is not finite.
    """
    drawn = [task.episodes(draw, order) for draw in range(draws if order == "random" else 1)]
    parts, facts = [], []
    probe = drawn[0].first(max(ks := list(ks)))
    for name, predict, fact in contestants(methods, train, probe, ITEM_MEAN, keep=keep):
        for k in ks:
            judged = [
                _judge(predict(e.first(k)), e, train.scale, fact, seed)
                for seed, e in enumerate(drawn)
            ]
            means = {metric: np.mean([j[metric] for j in judged], axis=0) for metric in judged[0]}
            parts.append(tidy(name, k, drawn[0].users, means))
        facts.append(fact)
    return Result.collect(protocol, parts, facts, n_draws=len(drawn))


def ranking(
    methods: Mapping[str, Recommender],
    holdout: Holdout,
    protocol: str,
    at_least: float = -np.inf,
    cutoff: int = 10,
    seed: int = 0,
) -> Result:
    """Fit on the training part and rank every candidate of every user: no sampling.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    holdout : metarec.data.splits.classic.Holdout
    protocol : str
        Name of the leaderboard.
    at_least : float
        Ratings that the popularity row counts: from here on.
    cutoff : int
        Length of the list that a user sees.
    seed : int
        Ties between scores are broken at random by this seed.

    Returns
    -------
    Result
        nDCG, recall and hit rate at the cut-off; k is -1, since whole histories are shown. Its
        `lists` hold what each method recommends to each person.
    """
    train, test = holdout
    relevant, mask = test.query_ratings > 0, test.query_mask
    known = train.item_counts() / len(train.users)  # share of the training people
    parts, facts, lists = [], [], {}
    for name, predict, fact in contestants(methods, train, test, POPULARITY, at_least):
        scores = predict(test)
        lists[name] = take(test.query_items, top_k(scores, cutoff, mask, seed))
        values = {
            f"{metric.__name__}@{cutoff}": metric(scores, relevant, k=cutoff, mask=mask, seed=seed)
            for metric in (ndcg, recall, hit_rate)
        }
        parts.append(tidy(name, WHOLE, test.users, values))
        facts.append(fact | leaning(lists[name], known))
    return Result.collect(protocol, parts, facts, n_draws=1, lists=lists)


def tune(
    method: Recommender,
    grid: Mapping[str, Iterable],
    train: Ratings,
    validation: Task | Episodes,
    metric: str = "rmse",
) -> pd.DataFrame:
    """Try every point of a grid on validation data; the test part never comes near.

    Parameters
    ----------
    method : unfitted method
        Gives the parameters that the grid leaves alone.
    grid : mapping from parameter to values
    train : Ratings
    validation : metarec.data.splits.few_shot.Task, or Episodes
        Held-out people, judged as in `few_shot`; or the second half of a `Holdout`, made by the
        protocol's own splitter from the training part, judged with whole histories.
    metric : str
        With a task "rmse", "mae", "pairwise" or "ndcg@5", averaged over users and k. With episodes
        "rmse" or "mae" of all rows, or "ndcg@10", "recall@10", "hit_rate@10" over users.

    Returns
    -------
    pandas.DataFrame
        One row a point, best first; the last column is the metric.

    Raises
    ------
    KeyError
        When the validation part does not give such a metric.
    """
    whole = _errors if metric in ("rmse", "mae") else _order
    judge = few_shot if isinstance(validation, Task) else whole
    points = list(ParameterGrid(dict(grid)))
    candidates = {f"point {n}": clone(method).set_params(**p) for n, p in enumerate(points)}
    table = judge(candidates, train, validation).table
    means = table.groupby(["metric", "method"])["value"].mean()[metric]
    tried = [point | {metric: means[name]} for name, point in zip(candidates, points, strict=True)]
    return pd.DataFrame(tried).sort_values(
        metric, ascending=metric in ("rmse", "mae"), ignore_index=True
    )


def tune_each(
    entrants: Mapping[str, tuple[Recommender, Mapping[str, Iterable]]],
    train: Ratings,
    validation: Task | Episodes,
    metric: str = "rmse",
) -> tuple[dict[str, Recommender], pd.DataFrame]:
    """Tune several methods on the same validation data, and show what each was allowed to try.

    Parameters
    ----------
    entrants : mapping from name to (method, grid)
        See `tune`. Whoever compares methods gives their grids the same number of points.
    train : Ratings
    validation : metarec.data.splits.few_shot.Task, or Episodes
    metric : str

    Returns
    -------
    tuned : dict from name to method
        Unfitted, each with its best setting.
    budget : pandas.DataFrame
        One row a point, indexed by `method` and `setting`, a method's best first; its column is
        the metric.

    Raises
    ------
    KeyError
        When the validation part does not give such a metric.
    """
    tuned, budget = {}, {}
    for name, (method, grid) in entrants.items():
        tried = tune(method, grid, train, validation, metric)
        points = tried[list(grid)].to_dict("records")
        tuned[name] = clone(method).set_params(**points[0])
        settings = [", ".join(f"{p} = {v}" for p, v in point.items()) for point in points]
        budget[name] = pd.Series(tried[metric].to_numpy(), settings)
    return tuned, pd.concat(budget, names=["method", "setting"]).to_frame(metric)


def rating_errors(
    methods: Mapping[str, Recommender], train: Ratings, test: Episodes, fold: int = 0
) -> tuple[list[pd.DataFrame], list[dict]]:
    """Errors pooled over the rows of a fold, as the parts and facts of a `Result`.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    train : Ratings
    test : Episodes
    fold : int
        Stands in the place of the user.

    Returns
    -------
    parts, facts : lists
    """
    parts, facts = [], []
    for name, predict, fact in contestants(methods, train, test, ITEM_MEAN):
        error = (np.clip(predict(test), *train.scale) - test.query_ratings)[test.query_mask]
        values = {"rmse": np.sqrt((error**2).mean()), "mae": np.abs(error).mean()}
        parts.append(tidy(name, WHOLE, np.array([fold]), values))
        facts.append(fact)
    return parts, facts


def _errors(methods: Mapping[str, Recommender], train: Ratings, test: Episodes) -> Result:
    return Result.collect("validation", *rating_errors(methods, train, test), n_draws=1)


def _order(methods: Mapping[str, Recommender], train: Ratings, test: Episodes) -> Result:
    return ranking(methods, Holdout(train, test), "validation")


def _judge(
    scores: np.ndarray, e: Episodes, scale: tuple[float, float], fact: dict, seed: int
) -> dict[str, np.ndarray]:
    truth, mask = e.query_ratings, e.query_mask
    values = {
        "pairwise": pairwise_accuracy(scores, truth, mask=mask),
        "ndcg@5": ndcg(scores, exponential_gain(truth), k=5, mask=mask, seed=seed),
    }
    if fact["predicts_ratings"]:
        clipped = np.clip(scores, *scale)
        values |= {"rmse": rmse(clipped, truth, mask=mask), "mae": mae(clipped, truth, mask=mask)}
    return values


def tidy(method: str, k: int, users: np.ndarray, values: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """One method's numbers as rows of a result.

    Parameters
    ----------
    method : str
    k : int
    users : array, shape [users]
    values : mapping from metric to array, shape [users]

    Returns
    -------
    pandas.DataFrame
        Columns `method`, `k`, `user`, `metric`, `value`.
    """
    wide = pd.DataFrame({"method": method, "k": k, "user": users, **values})
    return wide.melt(["method", "k", "user"], var_name="metric")
