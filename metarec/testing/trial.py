"""A method under test, in a small size, with the data and the fits that its checks share."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from collections.abc import Mapping
from typing import Any

import pandas as pd
from sklearn.base import clone

from metarec.data.ratings import Ratings
from metarec.data.splits.few_shot import newcomers
from metarec.testing.data import made_up, tables, with_items

__all__ = ["SMALL", "Trial", "small"]

# Sizes that make a fit quick, wherever a method has a parameter of that name and a larger default.
SMALL = {
    "batch_size": 64,
    "dim": 8,
    "n_choices": 4,
    "n_epochs": 2,
    "n_factors": 3,
    "n_folds": 2,
    "n_outer": 2,
    "n_steps": 3,
    "n_sweeps": 5,
    "width": 8,
    "window": 10,
}


def small(kind: type, **settings: Any) -> Any:
    """A method with the sizes of `SMALL`, so that it learns quickly.

    Parameters
    ----------
    kind : type
    **settings
        Other parameters, and sizes that shall be kept.

    Returns
    -------
    Method

    Examples
    --------
    >>> from metarec.models import ALS
    >>> small(ALS, regularization=2.0)
    ALS(n_factors=3, n_sweeps=5, regularization=2.0)
    """
    given = inspect.signature(kind).parameters
    sizes = {name: min(size, given[name].default) for name, size in SMALL.items() if name in given}
    return kind(**{**sizes, **settings})


class Trial:
    """A method with the data and the fits that its checks share.

    Parameters
    ----------
    method : Method, or an object with `fit` and `predict`
        Unfitted.
    ratings : Ratings, optional
        Made up if not given. At least ten people need thirty ratings.

    Attributes
    ----------
    name : str
        Of the method's class.
    train : Ratings
        The training part for the newcomers of `ratings`.
    episodes : Episodes
        The newcomers, with twenty ratings each.
    """

    def __init__(self, method: Any, ratings: Ratings | None = None):
        self.method, self.name = method, type(method).__name__
        self._made_up = ratings is None
        self.ratings = made_up(n_users=30, n_items=60) if ratings is None else ratings
        split = newcomers(self.ratings)
        self.train, self.episodes = split.train, split.test.episodes()
        self._fits: dict[int, tuple[Ratings, Any, Any]] = {}

    @functools.cached_property
    def more(self) -> Ratings:
        """All ratings; the catalogue, of which only ids are known, holds three more items."""
        whole = made_up() if self._made_up else self.ratings  # closeness needs enough ratings
        bare = dataclasses.replace(whole, items=whole.items[[]])
        return with_items(bare, 3)

    @functools.cached_property
    def untouched(self) -> tuple[pd.DataFrame, ...]:
        """The tables of `train` as they are before the first fit."""
        return tuple(table.copy() for table in tables(self.train))

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """What the constructor of the method takes."""
        return inspect.signature(type(self.method)).parameters

    @property
    def predicts_ratings(self) -> bool:
        """Whether predictions are on the rating scale."""
        return getattr(self.method, "predicts_ratings", True)

    def new(self, **parameters: Any) -> Any:
        """A method like this one that has not learned yet.

        Parameters
        ----------
        **parameters
            Those that shall differ.

        Returns
        -------
        Method
        """
        if hasattr(self.method, "get_params"):
            return clone(self.method).set_params(**parameters)
        fresh = copy.deepcopy(self.method)
        for name, value in parameters.items():
            setattr(fresh, name, value)
        return fresh

    def fitted(self, ratings: Ratings) -> Any:
        """The method, fitted to this data: once, however many checks ask.

        Parameters
        ----------
        ratings : Ratings

        Returns
        -------
        Method
        """
        return self._fit(ratings)[1]

    def returned(self) -> Any:
        """What `fit` returned for `train`: the method itself, if all is well.

        Returns
        -------
        Method
        """
        return self._fit(self.train)[2]

    def _fit(self, ratings: Ratings) -> tuple[Ratings, Any, Any]:
        """The data, kept so that its id stays taken; the method; what its `fit` returned."""
        if id(ratings) not in self._fits:
            self.untouched  # noqa: B018, before the first fit
            method = self.new()
            self._fits[id(ratings)] = ratings, method, method.fit(ratings)
        return self._fits[id(ratings)]
