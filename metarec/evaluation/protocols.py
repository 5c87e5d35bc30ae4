"""The book's seven protocols by name, each with its own leaderboard. Introduced in chapter 02.

Each function takes methods by name and ratings, makes the split, and returns a `Result` with
every test user's numbers, the rows for chance and for the trivial answer included. Another
`seed` makes another split of the same kind: figures are those of the default, claims hold for
several.
"""

from __future__ import annotations

from collections.abc import Mapping

from metarec.data import splits
from metarec.data.ratings import Ratings
from metarec.data.splits import classic
from metarec.data.splits.few_shot import SEED
from metarec.evaluation._contestants import Recommender
from metarec.evaluation.experiment import few_shot, ranking, rating_errors
from metarec.evaluation.results import Result


def newcomers(
    methods: Mapping[str, Recommender],
    ratings: Ratings,
    order: str = "random",
    seed: int = SEED,
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

    Returns
    -------
    Result
        RMSE and MAE (predictions clipped to the scale), pairwise accuracy and nDCG@5.
    """
    name = "newcomers" if order == "random" else "newcomers in order of time"
    split = splits.newcomers(ratings, seed=seed)
    return few_shot(methods, split.train, split.test, name, order)


def both_new(methods: Mapping[str, Recommender], ratings: Ratings, seed: int = SEED) -> Result:
    """Protocol 3: newcomers, asked about films that nobody has rated.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the people, the hidden items and the draws.

    Returns
    -------
    Result
        As in `newcomers`.
    """
    split = splits.both_new(ratings, seed=seed)
    return few_shot(methods, split.train, split.test, "both new")


def another_population(
    methods: Mapping[str, Recommender],
    source: Ratings,
    target: Ratings,
    n_users: int | None = 0,
    seed: int = SEED,
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

    Returns
    -------
    Result
        As in `newcomers`.
    """
    split = splits.another_population(source, target, seed)
    name = f"another population, {'all' if n_users is None else n_users} target users"
    return few_shot(methods, split.pooled(n_users), split.target.test, name)


def new_items(methods: Mapping[str, Recommender], ratings: Ratings, seed: int = SEED) -> Result:
    """Protocol 2: rank items that nobody has rated; nDCG@10, recall@10.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the items that are held out.

    Returns
    -------
    Result
    """
    return ranking(methods, classic.new_items(ratings, seed), "new items", ratings.like_from)


def next_item(methods: Mapping[str, Recommender], ratings: Ratings, seed: int = 0) -> Result:
    """Protocol 5: rank each user's last item among all unseen; HR@10, nDCG@10.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the order among equal scores; the split itself has no chance in it.

    Returns
    -------
    Result
    """
    return ranking(methods, classic.next_item(ratings), "next item", seed=seed)


def classic_top_n(methods: Mapping[str, Recommender], ratings: Ratings, seed: int = SEED) -> Result:
    """Protocol 7: rank a fifth of the liked items among all not yet liked; nDCG@10, recall@10.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the rows that are held out.

    Returns
    -------
    Result
    """
    return ranking(methods, classic.top_n(ratings, seed), "classic top-N", ratings.like_from)


def classic_ratings(
    methods: Mapping[str, Recommender], ratings: Ratings, seed: int = SEED
) -> Result:
    """Protocol 6: RMSE and MAE over five random folds of the rows, the field's oldest yardstick.

    Parameters
    ----------
    methods : mapping from name to unfitted method
    ratings : Ratings
    seed : int
        Of the folds.

    Returns
    -------
    Result
        The unit is the fold, not the user: the error is pooled over a fold's rows, and `user`
        holds the number of the fold.
    """
    parts, facts = [], []
    for fold, (train, test) in enumerate(classic.rating_folds(ratings, seed=seed)):
        more, about = rating_errors(methods, train, test, fold)
        parts += more
        facts += about
    return Result.collect("classic ratings", parts, facts, n_draws=1)
