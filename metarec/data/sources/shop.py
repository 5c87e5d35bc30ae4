"""A shop that we made up: products with texts, customers whose tastes are known exactly.

The files lie in `data/shop/` (its README is the data card). Introduced in chapter 14.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from metarec.data.ratings import Ratings
from metarec.data.sources import assets
from metarec.data.sources.csv import read_csv
from metarec.data.sources.simulated import World

MEAN, NOISE = 3.2, 0.7  # stars; as in tools/data/make_shop.py
DIRECTIONS = ("outdoor", "natural", "playful", "premium")


@dataclasses.dataclass(frozen=True, eq=False)
class ShopTruth:
    """What only the makers of the shop know.

    Attributes
    ----------
    world : World
        How the customers were drawn: `item_vectors` [312, 5] holds quality and nature of each
        product in the order of the catalogue; `user_mean` and `user_covariance` are those of the
        customers there are; `noise` is the variance before rounding to stars.
    tastes : pandas.DataFrame
        One row a customer, index `user`: `generosity` (stars) and the taste for each of
        `DIRECTIONS` (stars a unit of a product's nature).
    natures : pandas.DataFrame
        One row a product, index `item`: `quality` (stars), and its place in each direction.
    """

    world: World
    tastes: pd.DataFrame
    natures: pd.DataFrame

    def expected(self, users: np.ndarray) -> np.ndarray:
        """What customers would give on average, before rounding and clipping.

        Parameters
        ----------
        users : sequence of user ids, shape [users]

        Returns
        -------
        array of float, shape [users, items]
            In stars, for each product of the catalogue in its order.
        """
        z, w = self.tastes.loc[users].to_numpy(), self.natures.to_numpy()
        return MEAN + z[:, :1] + w[:, 0] + z[:, 1:] @ w[:, 1:].T


def shop() -> Ratings:
    """The shop: 3 000 customers, 312 products, stars from 1 to 5.

    Returns
    -------
    Ratings
        Items with `title`, `department`, `price` (euros) and `text`; nothing is told about the
        customers, and there are no times.

    Raises
    ------
    AssetError
        When the files are missing or damaged; the message says what to do.

    Examples
    --------
    >>> shop()
    Ratings(shop: 83,461 ratings on 1..5, 3,000 users, 312 items, density 8.9 %, no timestamps)
    """
    place = _place()
    products = pd.read_csv(place / "products.csv", index_col="item")
    return read_csv(place / "ratings.csv.gz", items=products, name="shop")


def shop_truth() -> ShopTruth:
    """The tastes of the shop's customers and the natures of its products.

    For judging alone: what is learned from it would be learned from the answers.

    Returns
    -------
    ShopTruth

    Raises
    ------
    AssetError
        When the files are missing or damaged; the message says what to do.

    Examples
    --------
    >>> shop_truth().tastes.shape, shop_truth().expected([1]).shape
    ((3000, 5), (1, 312))
    """
    place = _place()
    tastes = pd.read_csv(place / "true_customers.csv.gz", index_col="user")
    natures = pd.read_csv(place / "true_products.csv", index_col="item")
    z = tastes.to_numpy()
    world = World(MEAN, z.mean(0), np.cov(z.T), natures.to_numpy(), NOISE**2)
    return ShopTruth(world, tastes, natures)


def _place() -> Path:
    return assets.find("shop", verify=True)
