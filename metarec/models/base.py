"""What every method of the book shares: parameters, a catalogue, saving and loading."""

from __future__ import annotations

import functools
import hashlib
import json
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings

__all__ = ["Method"]


class Method(BaseEstimator):
    """A recommender: hyperparameters in the constructor, then `fit`, then `predict`.

    scikit-learn's conventions hold: `fit` stores what it learned in attributes that end in an
    underscore and returns the method; `get_params`, `set_params` and `sklearn.base.clone` work.
    A method learns arrays with one row an item and one row more: the last row, which position
    -1 picks, stands for any item that training never saw. Introduced in chapter 02.

    Attributes
    ----------
    predicts_ratings : bool
        Whether predictions are on the rating scale; if not, they are scores that only rank.
    items_ : array, shape [catalogue]
        Ids of the training catalogue, in the order of the learned rows.
    """

    predicts_ratings = True

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

        A parameter that is no plain value, such as the ratings of another population, is left
        out: what was learned from it is in the arrays.

        Parameters
        ----------
        path : str or Path

        Returns
        -------
        Path
        """
        learned = self._learned()
        texts = {
            name: value.tolist() for name, value in learned.items() if value.dtype.kind in "OUT"
        }
        arrays = {n: np.ascontiguousarray(v) for n, v in learned.items() if n not in texts}
        about = {"method": type(self).__name__, "parameters": self.get_params(), "texts": texts}
        about["sha256"] = _digest(arrays)
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        safetensors.numpy.save_file(
            arrays, path, metadata={"metarec": json.dumps(about, default=lambda _: None)}
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
        for path, value in learned.items():
            *parts, name = path.split(".")
            owner = functools.reduce(getattr, parts, method)
            setattr(owner, name, value if value.ndim else value.item())
        return method

    def _parts(self) -> dict[str, Method]:
        """The unfitted methods that this one is made of, by the attribute that holds each."""
        return {}

    def _learned(self) -> dict[str, np.ndarray]:
        """All that `fit` stored; what a part of this method learned has the part's name before."""
        own, learned = self._parts(), {}
        for name, value in vars(self).items():
            if name in own:
                learned |= {f"{name}.{inner}": array for inner, array in value._learned().items()}
            elif name.endswith("_"):
                learned[name] = np.asarray(value)
        return learned


def _digest(arrays: dict[str, np.ndarray]) -> str:
    together = hashlib.sha256()
    for name in sorted(arrays):
        together.update(name.encode() + arrays[name].tobytes())
    return together.hexdigest()


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
