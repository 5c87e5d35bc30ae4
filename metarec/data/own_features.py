"""Numbers of your own about the items, as a group of features like any other."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd

from metarec.data.ratings import Ratings


def with_features(ratings: Ratings, group: str, values: np.ndarray) -> Ratings:
    """The same ratings, whose catalogue also carries numbers of your own about each item.

    The way in for whatever was computed elsewhere, such as vectors of texts from an encoder: from
    here on `group` is a group of `item_features`, and so of every method that takes groups.
    Introduced in chapter 07.

    Parameters
    ----------
    ratings : Ratings
    group : str
        A new name without spaces.
    values : array of float, shape [items, features]
        In the order of `ratings.items`. They are centred later and keep their unit: a column
        of larger numbers weighs more.

    Returns
    -------
    Ratings

    Raises
    ------
    ValueError
        When the name is taken or has a space, or the values are not one finite row an item.

    Examples
    --------
    >>> from metarec.data import item_features
    >>> table = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [4, 2]})
    >>> ratings = with_features(Ratings.from_table(table), "length", np.array([[1.5], [2.5]]))
    >>> item_features(ratings, ["length"])
    Features(values=array([[-0.5],
           [ 0.5]]), names=['length 1'])
    """
    values = np.asarray(values, dtype=float)
    from metarec.data.features import GROUPS  # which imports this module

    if group in GROUPS or not own_columns(ratings, group).empty or len(group.split()) != 1:
        raise ValueError(f"{group!r} cannot name new features; pass one new word")
    if values.ndim != 2 or len(values) != ratings.n_items or not np.isfinite(values).all():
        raise ValueError(
            f"values of shape {values.shape} are not one row of finite numbers for each of the "
            f"{ratings.n_items} items"
        )
    names = [f"{group} {n + 1}" for n in range(values.shape[1])]
    own = pd.DataFrame(values, ratings.items.index, names)
    return dataclasses.replace(ratings, items=pd.concat([ratings.items, own], axis=1))


def own_columns(ratings: Ratings, group: str) -> pd.DataFrame:
    """The columns that `with_features` added under this name.

    Parameters
    ----------
    ratings : Ratings
    group : str

    Returns
    -------
    pandas.DataFrame
        Without columns when there are none.
    """
    return ratings.items.filter(regex=rf"^{re.escape(group)} \d+$")
