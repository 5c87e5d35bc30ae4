"""How methods are judged: fit them, show blind episodes, score every user.

`fit` and `score` stand apart, so that what was fitted can be looked at, kept, or scored again on
other people. The protocols in `metarec.evaluation.protocols` are thin names over the two. Every
score adds the rows that nobody may forget: chance, and the trivial answer.

Introduced in chapter 02.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.classic import Holdout
from metarec.data.splits.few_shot import DRAWS, K_SHOTS, Task
from metarec.data.splits.names import NEWCOMERS
from metarec.evaluation.costs import learned_numbers, of_one_person, reference_seconds
from metarec.evaluation.exposure import leaning
from metarec.evaluation.metrics import mae, pairwise_accuracy, rmse
from metarec.evaluation.ranking import exponential_gain, hit_rate, ndcg, recall, take, top_k
from metarec.evaluation.results import WHOLE, Result

CHANCE, ITEM_MEAN, POPULARITY = "chance", "item mean", "popularity"
ERRORS = ("rmse", "mae")  # the metrics of which less is better
Predict = Callable[[Episodes], np.ndarray]


class Recommender(Protocol):
    """All that is asked of a method: `fit` and `predict`. No scikit-learn is needed.

    Where a method has them, two more things are used: `predicts_ratings`, False for scores that
    only rank (else predictions are taken for ratings), and scikit-learn's `get_params`, which
    tells the settings that a result stores.
    """

    def fit(self, ratings: Ratings) -> Any:
        """Learn from training ratings.

        Parameters
        ----------
        ratings : Ratings

        Returns
        -------
        Any
            Is not used; by custom the method itself.
        """

    def predict(self, episodes: Episodes) -> np.ndarray:
        """Answer the query of each user.

        Parameters
        ----------
        episodes : Episodes
            Without the query's ratings.

        Returns
        -------
        array of float, shape [users, q]
        """


class Fitted(dict[str, Recommender]):
    """Fitted methods by name, as `fit` returns them.

    Parameters
    ----------
    methods : mapping from name to fitted method
    seconds : mapping from name to float, optional
        How long each took to fit, in products of two 1 000 × 1 000 matrices.
    """

    def __init__(
        self, methods: Mapping[str, Recommender], seconds: Mapping[str, float] | None = None
    ) -> None:
        super().__init__(methods)
        self.seconds = dict(seconds or {})


def fit(methods: Mapping[str, Recommender], train: Ratings) -> Fitted:
    """Fit a copy of each method; those handed in stay as they are.

    Introduced in chapter 02.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    train : Ratings

    Returns
    -------
    Fitted
        A dict from name to fitted method, which also knows how long each took.

    Examples
    --------
    >>> from metarec import data, evaluation, models
    >>> split = data.newcomers(data.simulated.world(n_items=60).people(60, 40)[0])
    >>> fitted = evaluation.fit({"bias": models.Bias()}, split.train)
    >>> fitted["bias"].predict(split.test.episodes()).shape[0] == len(split.test.episodes())
    True
    """
    fitted = Fitted({})
    for name, method in methods.items():
        start = time.perf_counter()
        own = _unfitted(method)
        own.fit(train)
        fitted[name] = own
        fitted.seconds[name] = (time.perf_counter() - start) / reference_seconds()
    return fitted


def score(
    fitted: Mapping[str, Recommender],
    train: Ratings,
    asked: Task | Episodes,
    protocol: str = NEWCOMERS,
    order: str = "random",
    ks: Iterable[int] | None = None,
    draws: int = DRAWS,
    costs: bool = False,
) -> Result:
    """Show fitted methods k ratings of each person, and judge what they say of the rest.

    Introduced in chapter 02.

    Parameters
    ----------
    fitted : mapping from name to fitted method
        From `fit`, or fitted by yourself.
    train : Ratings
        What they were fitted on; the rows for chance and for the item mean are made from it.
    asked : metarec.data.splits.Task, or Episodes
        Of a task supports are drawn; episodes are shown as they are. Pass validation people to
        choose and test people to report.
    protocol : str
        Name of the leaderboard.
    order : {"random", "time"}
        Of a task's supports.
    ks : iterable of int, optional
        Numbers of ratings shown. If not given 0, 1, 2, 5, 10, 20 of a task, all of episodes.
    draws : int
        Random supports a person of a task; in order of time there is one.
    costs : bool
        Whether to measure what each method keeps and what one answer takes, see
        `metarec.evaluation.costs`.

    Returns
    -------
    Result
        RMSE and MAE (predictions clipped to the scale), pairwise accuracy and nDCG@5, per user:
        the mean over the draws. k is -1 where all was shown.

    Raises
    ------
    ValueError
        When a method is called like an added row, or predicts something that is not finite.

    Examples
    --------
    >>> from metarec import data, evaluation, models
    >>> split = data.newcomers(data.simulated.world(n_items=60).people(60, 40)[0])
    >>> fitted = evaluation.fit({"bias": models.Bias()}, split.train)
    >>> evaluation.score(fitted, split.train, split.validation, ks=[0, 5])
    Result(newcomers: chance, item mean, bias)
    """
    if isinstance(asked, Task):
        drawn = [asked.episodes(draw, order) for draw in range(draws if order == "random" else 1)]
        ks = list(K_SHOTS if ks is None else ks)
    else:
        drawn, ks = [asked], [WHOLE] if ks is None else list(ks)
    probe = _shown(drawn[0], max(ks)) if costs else None
    parts, facts = [], []
    for name, predict, fact in _entrants(fitted, train, ITEM_MEAN, probe):
        for k in ks:
            judged = [
                _judge(predict(_shown(e, k)), e, train.scale, fact, seed)
                for seed, e in enumerate(drawn)
            ]
            means = {metric: np.mean([j[metric] for j in judged], axis=0) for metric in judged[0]}
            parts.append(tidy(name, k, drawn[0].users, means))
        facts.append(fact)
    return Result.collect(protocol, parts, facts, n_draws=len(drawn))


def score_lists(
    fitted: Mapping[str, Recommender],
    holdout: Holdout,
    protocol: str,
    at_least: float = -np.inf,
    cutoff: int = 10,
    seed: int = 0,
    costs: bool = False,
) -> Result:
    """Let fitted methods rank every candidate of every user, no sampling, and judge the top.

    Introduced in chapter 02.

    Parameters
    ----------
    fitted : mapping from name to fitted method
        Fitted on `holdout.train`.
    holdout : metarec.data.splits.classic.Holdout
    protocol : str
        Name of the leaderboard.
    at_least : float
        Ratings that the popularity row counts: from here on.
    cutoff : int
        Length of the list that a user sees.
    seed : int
        Ties between scores are broken at random by this seed.
    costs : bool
        As in `score`.

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
    entrants = _entrants(fitted, train, POPULARITY, test if costs else None, at_least)
    for name, predict, fact in entrants:
        scores = predict(test)
        lists[name] = take(test.query_items, top_k(scores, cutoff, mask, seed))
        values = {
            f"{metric.__name__}@{cutoff}": metric(scores, relevant, k=cutoff, mask=mask, seed=seed)
            for metric in (ndcg, recall, hit_rate)
        }
        parts.append(tidy(name, WHOLE, test.users, values))
        facts.append(fact | leaning(lists[name], known))
    return Result.collect(protocol, parts, facts, n_draws=1, lists=lists)


def score_rows(
    fitted: Mapping[str, Recommender],
    train: Ratings,
    test: Episodes,
    fold: int = 0,
    costs: bool = False,
) -> tuple[list[pd.DataFrame], list[dict[str, Any]]]:
    """Errors of fitted methods pooled over the rows of a fold, as parts and facts of a `Result`.

    Introduced in chapter 03.

    Parameters
    ----------
    fitted : mapping from name to fitted method
    train : Ratings
    test : Episodes
    fold : int
        Stands in the place of the user.
    costs : bool
        As in `score`.

    Returns
    -------
    parts, facts : lists
        For `Result.collect`.
    """
    parts, facts = [], []
    for name, predict, fact in _entrants(fitted, train, ITEM_MEAN, test if costs else None):
        error = (np.clip(predict(test), *train.scale) - test.query_ratings)[test.query_mask]
        values = {"rmse": np.sqrt((error**2).mean()), "mae": np.abs(error).mean()}
        parts.append(tidy(name, WHOLE, np.array([fold]), values))
        facts.append(fact)
    return parts, facts


def few_shot(
    methods: Mapping[str, Recommender],
    train: Ratings,
    task: Task,
    protocol: str = NEWCOMERS,
    order: str = "random",
    ks: Iterable[int] | None = None,
    draws: int = DRAWS,
    costs: bool = False,
) -> Result:
    """Fit on `train`, then `score` on the people of `task`.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    train, task, protocol, order, ks, draws, costs
        As in `score`.

    Returns
    -------
    Result
    """
    return score(fit(methods, train), train, task, protocol, order, ks, draws, costs)


def ranking(
    methods: Mapping[str, Recommender],
    holdout: Holdout,
    protocol: str,
    at_least: float = -np.inf,
    cutoff: int = 10,
    seed: int = 0,
    costs: bool = False,
) -> Result:
    """Fit on the training part of `holdout`, then `score_lists` on the other.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    holdout, protocol, at_least, cutoff, seed, costs
        As in `score_lists`.

    Returns
    -------
    Result
    """
    fitted = fit(methods, holdout.train)
    return score_lists(fitted, holdout, protocol, at_least, cutoff, seed, costs)


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
    points = list(ParameterGrid(dict(grid)))
    candidates = {f"point {n}": _set(method, point) for n, point in enumerate(points)}
    table = _judged(candidates, train, validation, metric).table
    means = table.groupby(["metric", "method"])["value"].mean()[metric]
    tried = [point | {metric: means[name]} for name, point in zip(candidates, points, strict=True)]
    return pd.DataFrame(tried).sort_values(metric, ascending=metric in ERRORS, ignore_index=True)


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
        tuned[name] = _set(method, points[0])
        settings = [", ".join(f"{p} = {v}" for p, v in point.items()) for point in points]
        budget[name] = pd.Series(tried[metric].to_numpy(), settings)
    return tuned, pd.concat(budget, names=["method", "setting"]).to_frame(metric)


def ablate(
    method: Recommender,
    without: Mapping[str, Mapping[str, Any]],
    grid: Mapping[str, Iterable],
    train: Ratings,
    validation: Task | Episodes,
    test: Task | Episodes,
    metric: str = "rmse",
) -> Result:
    """Take a part of a method away, and ask what it was worth: with the rest retuned, and not.

    What is left of a method keeps settings that were chosen *with* the part; judged with these,
    the mismatch counts too. So the rest is tuned again on validation people for each part that is
    taken away, and both figures are given. Introduced in chapter 10.

    Parameters
    ----------
    method : unfitted method
    without : mapping from name to settings
        What takes each part away, for example ``{"no taste": {"n_factors": 0}}``.
    grid : mapping from parameter to values
        What is tuned, with every part and without. A parameter that takes a part away is not
        tuned where it does.
    train : Ratings
    validation, test : metarec.data.splits.few_shot.Task, or Episodes
        As in `tune`. Only what is chosen by the first is ever shown the second.
    metric : str
        By which to tune, see `tune`.

    Returns
    -------
    Result
        On `test`, with the rows "whole", and of every part "NAME, as tuned with it" and "NAME,
        retuned"; `facts` holds the settings of each, `difference` the paired comparisons.

    Raises
    ------
    KeyError
        When the validation part does not give such a metric.

    Examples
    --------
    >>> from metarec import data, evaluation, models
    >>> split = data.newcomers(data.simulated.world(n_items=60).people(60, 40)[0])
    >>> people = split.train, split.validation, split.test
    >>> part = {"lenient": {"item_shrinkage": 1}}
    >>> evaluation.ablate(models.Bias(), part, {"user_shrinkage": [1, 9]}, *people)
    Result(newcomers: chance, item mean, whole, lenient, as tuned with it, lenient, retuned)
    """

    def best(start: Recommender, free: Iterable[str]) -> dict[str, Any]:
        tried = tune(start, {name: grid[name] for name in free}, train, validation, metric)
        return tried.drop(columns=metric).to_dict("records")[0]

    chosen = best(method, grid)
    cases = {"whole": _set(method, chosen)}
    for name, settings in without.items():
        bare = _set(method, settings)
        cases[f"{name}, as tuned with it"] = _set(method, chosen | dict(settings))
        cases[f"{name}, retuned"] = _set(bare, best(bare, [p for p in grid if p not in settings]))
    return _judged(cases, train, test, metric)


def _judged(
    methods: Mapping[str, Recommender], train: Ratings, asked: Task | Episodes, metric: str
) -> Result:
    """Fit and score by the kind of what is asked: people, rows, or lists."""
    if isinstance(asked, Task):
        return few_shot(methods, train, asked)
    if metric in ERRORS:
        parts, facts = score_rows(fit(methods, train), train, asked)
        return Result.collect("rows", parts, facts, n_draws=1)
    return ranking(methods, Holdout(train, asked), "lists")


def _unfitted(method: Recommender) -> Recommender:
    return clone(method) if hasattr(method, "get_params") else copy.deepcopy(method)


def _set(method: Recommender, settings: Mapping[str, Any]) -> Recommender:
    """An unfitted copy with other settings: by `set_params`, or attributes that it has."""
    own = _unfitted(method)
    if hasattr(own, "set_params"):
        return own.set_params(**settings)
    for name, value in settings.items():
        if not hasattr(own, name):
            raise ValueError(f"{type(own).__name__} has no parameter {name!r}; name another")
        setattr(own, name, value)
    return own


def _entrants(
    fitted: Mapping[str, Recommender],
    train: Ratings,
    trivial: str,
    probe: Episodes | None,
    at_least: float = -np.inf,
) -> Iterator[tuple[str, Predict, dict[str, Any]]]:
    """Chance, the trivial answer, then each fitted method; predictions are blind and checked.

    What an answer costs is measured on the first person of `probe`, if there is one.
    """
    taken = {CHANCE, trivial} & set(fitted)
    if taken:
        raise ValueError(
            f"the protocol adds the rows {sorted(taken)} itself; give your method another name"
        )
    generator, drawn_from = np.random.default_rng(0), train.table["rating"].to_numpy()
    values = (
        train.item_means(shrinkage=3)
        if trivial == ITEM_MEAN
        else train.item_counts(at_least).astype(float)
    )
    yield (
        CHANCE,
        lambda e: generator.choice(drawn_from, e.query_items.shape),
        _fact(CHANCE, True),
    )
    unseen = drawn_from.mean() if trivial == ITEM_MEAN else 0.0
    known = pd.Series(values, train.items.index)
    yield (
        trivial,
        lambda e: known.reindex(e.items, fill_value=unseen).to_numpy()[e.query_items],
        _fact(trivial, trivial == ITEM_MEAN),
    )
    seconds = fitted.seconds if isinstance(fitted, Fitted) else {}
    for name, method in fitted.items():
        parameters = method.get_params() if hasattr(method, "get_params") else {}
        rates = getattr(method, "predicts_ratings", True)
        fact = _fact(name, rates, parameters, seconds.get(name, 0.0))
        if probe is not None:
            fact["learned"] = learned_numbers(method)
            answer = of_one_person(method.predict, probe.blind())
            fact["answer_seconds"], fact["answer_bytes"] = answer
        yield name, _blind(name, method), fact


def _blind(name: str, method: Recommender) -> Predict:
    def predict(episodes: Episodes) -> np.ndarray:
        scores = method.predict(episodes.blind())
        wrong = ~np.isfinite(scores) & episodes.query_mask
        if wrong.any():
            user = episodes.users[wrong.any(1)][0]
            raise ValueError(
                f"{name} predicts {wrong.sum()} numbers that are not finite, first for user {user}"
            )
        return scores

    return predict


def _fact(
    name: str,
    predicts_ratings: bool,
    parameters: dict[str, Any] | None = None,
    seconds: float = 0.0,
) -> dict[str, Any]:
    return {
        "method": name,
        "relative_seconds": seconds,
        "predicts_ratings": predicts_ratings,
        "parameters": parameters or {},
    }


def _shown(episodes: Episodes, k: int) -> Episodes:
    return episodes if k == WHOLE else episodes.first(k)


def _judge(
    scores: np.ndarray, e: Episodes, scale: tuple[float, float], fact: dict, seed: int
) -> dict[str, np.ndarray]:
    truth, mask = e.query_ratings, e.query_mask
    gains = exponential_gain(np.where(mask, truth, scale[0]), scale)  # padding may lie outside
    values = {
        "pairwise": pairwise_accuracy(scores, truth, mask=mask),
        "ndcg@5": ndcg(scores, gains, k=5, mask=mask, seed=seed),
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
