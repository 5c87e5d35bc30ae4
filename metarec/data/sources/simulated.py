"""People who follow the book's model of ratings, so that the truth about them is known.

What is learned from them says whether a method is correct, never how real people are.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from metarec.data.ratings import Ratings

SCALE = (-50.0, 50.0)  # rounding and clipping would make the model a wrong one


@dataclasses.dataclass(frozen=True, eq=False)
class World:
    r"""A catalogue with known vectors, and the distribution that its people are drawn from.

    Ratings are :math:`r_{ui} = \mu + b_u + b_i + p_u^\top v_i + \varepsilon_{ui}`, neither rounded
    nor clipped, with :math:`z_u = (b_u, p_u) \sim N(m, \Sigma)` and noise of variance σ².
    Introduced in chapter 10.

    Attributes
    ----------
    global_mean : float
        μ, in stars.
    user_mean, user_covariance : arrays, shapes [d + 1] and [d + 1, d + 1]
        m and Σ, the true prior.
    item_vectors : array, shape [items, d + 1]
        (b_i, v_i) of each item.
    noise : float
        σ², in squared stars.
    chances : array, shape [items], optional
        How much each item draws people, none negative; all alike if not given.

    Examples
    --------
    >>> ratings, tastes = world().people(n_users=3, n_ratings=4, seed=1)
    >>> len(ratings), tastes.shape
    (12, (3, 2))
    """

    global_mean: float
    user_mean: np.ndarray
    user_covariance: np.ndarray
    item_vectors: np.ndarray
    noise: float
    chances: np.ndarray | None = None

    def people(self, n_users: int, n_ratings: int, seed: int = 0) -> tuple[Ratings, np.ndarray]:
        """Draw people, and let each rate some random items, drawn without replacement.

        Parameters
        ----------
        n_users, n_ratings : int
            How many people, and how many ratings each gives.
        seed : int

        Returns
        -------
        Ratings
            Users are 1, 2, … and items 0, 1, …; the rows of a person stand together.
        array of float, shape [users, d + 1]
            The true (b_u, p_u).

        Raises
        ------
        ValueError
            When fewer than `n_ratings` items can be rated.
        """
        n_items = len(self.item_vectors)
        possible = n_items if self.chances is None else np.count_nonzero(self.chances)
        if n_ratings > possible:
            raise ValueError(
                f"n_ratings {n_ratings} is more than the {possible} items of this world that can "
                "be rated; pass fewer ratings, or make a world with more items"
            )
        generator = np.random.default_rng(seed)
        z = generator.multivariate_normal(self.user_mean, self.user_covariance, n_users)
        own = self._chosen(generator, n_users)[:, :n_ratings]
        rated = self.item_vectors[own]  # [users, n_ratings, d + 1]
        taste = (z[:, None, 1:] * rated[..., 1:]).sum(-1)
        mean = self.global_mean + z[:, :1] + rated[..., 0] + taste
        given = mean + generator.normal(0, np.sqrt(self.noise), own.shape)
        users = np.repeat(np.arange(1, n_users + 1), n_ratings)
        table = pd.DataFrame({"user": users, "item": own.ravel(), "rating": given.ravel()})
        items = pd.DataFrame(index=pd.RangeIndex(n_items, name="item"))
        return Ratings.from_table(table, items, scale=SCALE, name="simulated people"), z

    def _chosen(self, generator: np.random.Generator, n_users: int) -> np.ndarray:
        """All items in a random order for each person, those with large chances sooner."""
        n_items = len(self.item_vectors)
        if self.chances is None:
            return generator.permuted(np.tile(np.arange(n_items), (n_users, 1)), axis=1)
        with np.errstate(divide="ignore"):  # the waiting time of an item without a chance: for ever
            waits = generator.exponential(size=(n_users, n_items)) / self.chances
        return np.argsort(waits, axis=1)


def world(n_items: int = 200, seed: int = 0) -> World:
    """Make a world with one dimension of taste, in which generosity and taste go together.

    Introduced in chapter 10.

    Parameters
    ----------
    n_items : int
    seed : int
        Draws the items; the prior is always the same.

    Returns
    -------
    World
    """
    generator = np.random.default_rng(seed)
    items = generator.multivariate_normal([0.0, 0.0], [[0.3, 0.0], [0.0, 1.0]], n_items)
    covariance = np.array([[0.25, 0.12], [0.12, 0.36]])
    return World(3.5, np.array([0.1, 0.3]), covariance, items, 0.8)
