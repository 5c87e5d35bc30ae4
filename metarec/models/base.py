"""What every method of the book shares: parameters, a catalogue, saving and loading."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.parameters import OneOf, Range

__all__ = ["Method", "RankingMethod"]


class Method(BaseEstimator):
    """A recommender: hyperparameters in the constructor, then `fit`, then `predict`.

    scikit-learn's conventions hold: `fit` stores what it learned in attributes that end in an
    underscore and returns the method; `get_params`, `set_params` and `sklearn.base.clone` work.
    A method learns arrays with one row an item and one row more: the last row, which position
    -1 picks, stands for any item that training never saw. Introduced in chapter 02.

    What is known about a method stands on its class, and everything that lists methods (the
    command line, the comparison, the API pages, the tests) reads it there.

    Attributes
    ----------
    predicts_ratings : bool
        Whether predictions are on the rating scale; if not, they are scores that only rank.
    label : str
        Its name in tables and figures; the class's own name unless it says otherwise.
    family : str
        Kind of method: the folder of `metarec.models` that holds it, "yours" outside.
    fits : tuple of str
        Protocols that ask what it can answer, by the names in `metarec.data.splits.names`.
    ranges : dict from parameter to Range or OneOf
        What each parameter may be; `fit` refuses anything else.
    book_settings : dict from protocol to dict
        Settings that the book's chapters chose, where they are not the defaults; those under ""
        hold for every protocol that is not named.
    variants : dict from label to dict
        Further rows of the comparison that this class makes: label and settings.
    populations : tuple of str
        Parameters that take the `Ratings` of another population, or None.
    at_prompt : bool
        Whether `python -m metarec recommend` offers it: it learns in the time that one waits
        there, and needs no more than ratings and films.
    items_ : array, shape [catalogue]
        Ids of the training catalogue, in the order of the learned rows.
    at_least_ : float
        The least rating that is a like, of methods that ask for likes.
    """

    predicts_ratings: ClassVar[bool] = True
    label: ClassVar[str] = ""
    family: ClassVar[str] = "yours"
    fits: ClassVar[tuple[str, ...]] = ()
    ranges: ClassVar[Mapping[str, Range | OneOf]] = {}
    book_settings: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    variants: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    populations: ClassVar[tuple[str, ...]] = ()
    at_prompt: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        cls.label = own.get("label", cls.__name__)
        cls.variants, cls.book_settings = own.get("variants", {}), own.get("book_settings", {})
        outside, _, place = cls.__module__.partition("metarec.models.")
        cls.family = own.get("family", "yours" if outside else place.split(".")[0])

    def check_parameters(self) -> None:
        """Refuse parameters outside `ranges`, and populations that are none; `fit` calls it first.

        Raises
        ------
        ValueError
            Names the parameter, its value and what it may be.
        """
        for name, allowed in self.ranges.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"{name} {value!r} of {type(self).__name__} must be {allowed}")
        for name in self.populations:
            value = getattr(self, name)
            if not (value is None or isinstance(value, Ratings)):
                raise ValueError(
                    f"{name} {value!r} of {type(self).__name__} must be Ratings of another "
                    "population, such as metarec.data.movielens_2016(), or None"
                )

    def knows(self, episodes: Episodes) -> np.ndarray:
        """Who gets an answer of their own, and not that of everybody in another unit.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of bool, shape [users]
            All True here. Methods that answer a person without likes by counting people say
            False there: see `RankingMethod`.
        """
        return np.ones(len(episodes.users), dtype=bool)

    def liked(self, episodes: Episodes) -> np.ndarray:
        """Which slots of the supports hold a like.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of bool, shape [users, k]
        """
        return episodes.support_mask & (episodes.support_ratings >= self.at_least_)

    def fit(self, ratings: Ratings) -> Self:
        """Learn from training ratings.

        Parameters
        ----------
        ratings : Ratings
            The training part of a split.

        Returns
        -------
        Method
            The method itself.
        """
        raise NotImplementedError

    def predict(self, episodes: Episodes) -> np.ndarray:
        """Predict the query of each user from the user's support.

        Parameters
        ----------
        episodes : Episodes
            Query ratings are never read.

        Returns
        -------
        array of float, shape [users, q]
            Ratings (not clipped to the scale) or scores; padding holds an arbitrary number.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        """
        raise NotImplementedError

    def rows(self, episodes: Episodes) -> tuple[np.ndarray, np.ndarray]:
        """Learned rows of the support and query items; -1 for items that training never saw.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        support_rows, query_rows : arrays of int, shapes [users, k] and [users, q]

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        """
        if not hasattr(self, "items_"):
            raise NotFittedError(
                f"{type(self).__name__} has not learned yet; call fit(ratings) first"
            )
        if np.array_equal(self.items_, episodes.items):
            return episodes.support_items, episodes.query_items
        lookup = pd.Index(self.items_).get_indexer(episodes.items)
        return lookup[episodes.support_items], lookup[episodes.query_items]

    def save(self, path: str | Path) -> Path:
        """Write parameters and learned arrays to one safetensors file (no pickle).

        Ratings of another population among the parameters are left out: what was learned from
        them is in the arrays.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        Path

        Raises
        ------
        TypeError
            When a parameter is neither a plain value, nor a path, nor ratings.
        """
        learned = self._learned()
        texts = {
            name: value.tolist() for name, value in learned.items() if value.dtype.kind in "OUT"
        }
        arrays = {n: np.asarray(v, order="C") for n, v in learned.items() if n not in texts}
        about = {"method": type(self).__name__, "parameters": self.get_params(), "texts": texts}
        about["sha256"] = _digest(arrays)
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        safetensors.numpy.save_file(
            arrays, path, metadata={"metarec": json.dumps(about, default=_plain)}
        )
        return path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a method that `save` wrote.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        Method

        Raises
        ------
        FileNotFoundError
            When there is no such file.
        ValueError
            When the file is damaged or holds another method.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"no saved method at {path}; write one with method.save(path)")
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                about = json.loads(file.metadata()["metarec"])
                learned = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (safetensors.SafetensorError, TypeError, KeyError, json.JSONDecodeError) as error:
            raise ValueError(
                f"{path} is not a saved method ({error}); fit and save it again"
            ) from None
        if about["method"] != cls.__name__:
            raise ValueError(
                f"{path} holds {about['method']}, not {cls.__name__}; "
                f"load it with {about['method']}.load"
            )
        method = cls(**about["parameters"])
        if _digest(learned) != about["sha256"]:
            raise ValueError(
                f"{path} is damaged (its content does not match its hash); fit and save it again"
            )
        learned |= {name: np.array(value, dtype=str) for name, value in about["texts"].items()}
        for name, part in method._parts().items():
            setattr(method, name, part)
        for place, value in learned.items():
            *parts, name = place.split(".")
            owner = functools.reduce(getattr, parts, method)
            setattr(owner, name, value if value.ndim else value.item())
        return method

    def _parts(self) -> dict[str, Method]:
        """The unfitted methods that this one is made of, by the attribute that holds each."""
        return {}

    def _learned(self) -> dict[str, np.ndarray]:
        """All that `fit` stored; what a part of this method learned has the part's name before."""
        own, learned = self._parts(), dict[str, np.ndarray]()
        for name, value in vars(self).items():
            if name in own:
                learned |= {f"{name}.{inner}": array for inner, array in value._learned().items()}
            elif name.endswith("_"):
                learned[name] = np.asarray(value)
        return learned


class RankingMethod(Method):
    """A method that scores items by what a person likes, and else answers by popularity.

    A subclass gives `item_scores` and learns `popularity_`. Whoever has only zeros there, such as
    a person who shows no like, gets the items by popularity: another unit, so `knows` is False.

    Attributes
    ----------
    popularity_ : array, shape [items + 1]
        What everybody of whom nothing is known is answered.
    """

    predicts_ratings = False

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        """Scores of all items for each person; all 0 for a person of whom nothing is known.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of float, shape [users, items + 1]
            The last column stands for items that training never saw.
        """
        raise NotImplementedError

    def predict(self, episodes: Episodes) -> np.ndarray:
        _, query = self.rows(episodes)
        scores = self.item_scores(episodes)
        known = np.asarray(scores.any(1))
        scores = np.where(known[:, None], scores, self.popularity_)
        return np.take_along_axis(scores, query % scores.shape[1], axis=1).astype(float)

    def knows(self, episodes: Episodes) -> np.ndarray:
        return np.asarray(self.item_scores(episodes).any(1))


def _plain(parameter: Any) -> Any:
    """A parameter that JSON does not know, as `save` writes it."""
    if isinstance(parameter, Ratings):
        return None
    if isinstance(parameter, Path):
        return str(parameter)
    if isinstance(parameter, np.generic):
        return parameter.item()
    raise TypeError(
        f"a parameter of type {type(parameter).__name__} cannot be saved; pass a plain value in "
        "its place, for example the name or the folder of a model"
    )


def _digest(arrays: dict[str, np.ndarray]) -> str:
    together = hashlib.sha256()
    for name in sorted(arrays):
        together.update(name.encode() + arrays[name].tobytes())
    return together.hexdigest()


def least_like(at_least: float | None, ratings: Ratings) -> float:
    """The least rating that is a like: what the caller says, else what the scale says.

    Parameters
    ----------
    at_least : float or None
    ratings : Ratings

    Returns
    -------
    float
    """
    return ratings.like_from if at_least is None else float(at_least)


def with_unseen(values: np.ndarray, unseen: float | np.ndarray) -> np.ndarray:
    """Append the row that stands for an item that training never saw.

    Parameters
    ----------
    values : array, shape [items, …]
    unseen : float or array, shape […]

    Returns
    -------
    array, shape [items + 1, …]
    """
    return np.concatenate([values, np.broadcast_to(unseen, values[:1].shape)])
