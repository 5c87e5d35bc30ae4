"""The book's seven protocols by name, each with its own leaderboard. Introduced in chapter 02.

Each function takes methods by name and ratings, makes the split, and returns a `Result` with
every test user's numbers, the rows for chance and for the trivial answer included. A method is
anything with `fit` and `predict`, see `metarec.evaluation.Recommender`. Another `seed` makes
another split of the same kind: figures are those of the default, claims hold for several. With
`costs` a protocol also measures what each method keeps and what one answer takes, see
`metarec.evaluation.costs`.
"""

from __future__ import annotations

from collections.abc import Mapping

from metarec.data import splits
from metarec.data.ratings import Ratings
from metarec.data.splits import classic, names
from metarec.data.splits.few_shot import SEED
from metarec.evaluation.experiment import Recommender, few_shot, fit, ranking, score_rows
from metarec.evaluation.results import Result


def newcomers(
    methods: Mapping[str, Recommender],
    ratings: Ratings,
    order: str = "random",
    seed: int = SEED,
    costs: bool = False,
) -> Result:
    """Protocol 1: people whom the model has never seen, with k = 0, 1, 2, 5, 10, 20 ratings.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    order : {"random", "time"}
        Which of a newcomer's ratings are shown: five random draws, or the first in time.
    seed : int
        Of the split and of the draws.
    costs : bool
        Whether costs are measured too.

    Returns
    -------
    Result
        RMSE and MAE (predictions clipped to the scale), pairwise accuracy and nDCG@5.
    """
    name = names.NEWCOMERS if order == "random" else names.NEWCOMERS_IN_TIME
    split = splits.newcomers(ratings, seed=seed)
    return few_shot(methods, split.train, split.test, name, order, costs=costs)


def both_new(
    methods: Mapping[str, Recommender], ratings: Ratings, seed: int = SEED, costs: bool = False
) -> Result:
    """Protocol 3: newcomers, asked about films that nobody has rated.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the people, the hidden items and the draws.
    costs : bool
        Whether costs are measured too.

    Returns
    -------
    Result
        As in `newcomers`.
    """
    split = splits.both_new(ratings, seed=seed)
    return few_shot(methods, split.train, split.test, names.BOTH_NEW, costs=costs)


def another_population(
    methods: Mapping[str, Recommender],
    source: Ratings,
    target: Ratings,
    n_users: int | None = 0,
    seed: int = SEED,
    costs: bool = False,
) -> Result:
    """Protocol 4: learn from one population, serve the newcomers of another.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    source, target : Ratings
        For example MovieLens-100K and MovieLens-2016; cut to the films that they share.
    n_users : int or None
        How many training users of the target population join the source; None for all.
    seed : int
        Of the target's newcomers, their draws, and the order in which its training users join.
    costs : bool
        Whether costs are measured too.

    Returns
    -------
    Result
        As in `newcomers`.
    """
    split = splits.another_population(source, target, seed)
    name = names.another_population(n_users)
    return few_shot(methods, split.pooled(n_users), split.target.test, name, costs=costs)


def new_items(
    methods: Mapping[str, Recommender],
    ratings: Ratings,
    seed: int = SEED,
    at_least: float | None = None,
    costs: bool = False,
) -> Result:
    """Protocol 2: rank items that nobody has rated; nDCG@10, recall@10.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the items that are held out.
    at_least : float, optional
        A rating from here on is a like; from the scale if not given, 4 of 1 to 5.
    costs : bool
        Whether costs are measured too.

    Returns
    -------
    Result
    """
    least = ratings.like_from if at_least is None else at_least
    holdout = classic.new_items(ratings, seed, least)
    return ranking(methods, holdout, names.NEW_ITEMS, least, costs=costs)


def next_item(
    methods: Mapping[str, Recommender], ratings: Ratings, seed: int = 0, costs: bool = False
) -> Result:
    """Protocol 5: rank each user's last item among all unseen; HR@10, nDCG@10.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the order among equal scores; the split itself has no chance in it.
    costs : bool
        Whether costs are measured too.

    Returns
    -------
    Result
    """
    holdout = classic.next_item(ratings)
    return ranking(methods, holdout, names.NEXT_ITEM, seed=seed, costs=costs)


def classic_top_n(
    methods: Mapping[str, Recommender],
    ratings: Ratings,
    seed: int = SEED,
    at_least: float | None = None,
    costs: bool = False,
) -> Result:
    """Protocol 7: rank a fifth of the liked items among all not yet liked; nDCG@10, recall@10.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the rows that are held out.
    at_least : float, optional
        A rating from here on is a like; from the scale if not given, 4 of 1 to 5.
    costs : bool
        Whether costs are measured too.

    Returns
    -------
    Result
    """
    least = ratings.like_from if at_least is None else at_least
    holdout = classic.top_n(ratings, seed, least)
    return ranking(methods, holdout, names.TOP_N, least, costs=costs)


def classic_ratings(
    methods: Mapping[str, Recommender], ratings: Ratings, seed: int = SEED, costs: bool = False
) -> Result:
    """Protocol 6: RMSE and MAE over five random folds of the rows, the field's oldest yardstick.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the folds.
    costs : bool
        Whether costs are measured too.

    Returns
    -------
    Result
        The unit is the fold, not the user: the error is pooled over a fold's rows, and `user`
        holds the number of the fold.
    """
    parts, facts = [], []
    for fold, (train, test) in enumerate(classic.rating_folds(ratings, seed=seed)):
        more, about = score_rows(fit(methods, train), train, test, fold, costs)
        parts += more
        facts += about
    return Result.collect(names.CLASSIC_RATINGS, parts, facts, n_draws=1)
