"""`Ratings`: the one table of who rated what, checked when it is made. Introduced in chapter 01."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse

from metarec.data.checks import check_scale, clean_table, side_table


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Ratings:
    """Ratings with their catalogue of items and their list of users.

    Build it with `Ratings.from_table`, which checks every row; the plain constructor trusts
    its arguments. Introduced in chapter 01.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a rating: `user`, `item` (integers or strings), `rating` (float), and, when
        known, `timestamp` (integer seconds since 1970, UTC). The index is the row's number in
        its source, counted from 0; the order of the rows is the order of the source.
    items : pandas.DataFrame
        The catalogue, one row an item, index `item`; columns `title`, `year`, `genres`
        (separated by `|`) when known. It may hold items that nobody rated.
    users : pandas.DataFrame
        One row a user, index `user`; columns such as `age`, `sex`, `occupation` when known.
    scale : tuple of float
        Lowest and highest rating that the scale allows.
    name : str
        What the data set is called in tables and figures.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [1, 1, 2], "item": [10, 20, 10], "rating": [5, 3, 4]})
    >>> Ratings.from_table(table, name="tiny")
    Ratings(tiny: 3 ratings on 1..5, 2 users, 2 items, density 75.0 %, no timestamps)
    """

    table: pd.DataFrame
    items: pd.DataFrame
    users: pd.DataFrame
    scale: tuple[float, float]
    name: str

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
        scale: tuple[float, float] = (1, 5),
        name: str = "ratings",
    ) -> Ratings:
        """Check a table of ratings and wrap it.

        Parameters
        ----------
        table : pandas.DataFrame
            Columns `user`, `item`, `rating` and perhaps `timestamp` (seconds since 1970, or
            datetimes); other columns are an error. A missing `timestamp` column is allowed;
            a single missing value in it is not.
        items, users : pandas.DataFrame, optional
            Tables indexed by item and user id. Without them the ids of `table` make them up.
        scale : tuple of float
            Lowest and highest rating.
        name : str
            What the data set is called.

        Returns
        -------
        Ratings

        Raises
        ------
        ValueError
            When a column is wrong, the table is empty, a value is missing, not a number,
            infinite or outside the scale, a pair of user and item stands twice, or an id is
            missing from `items` or `users`. The message names the row and the remedy.
        """
        check_scale(scale)
        table = clean_table(table, scale)
        items = side_table(items, table["item"], "item")
        users = side_table(users, table["user"], "user")
        return cls(table, items, users, (float(scale[0]), float(scale[1])), name)

    @property
    def has_timestamps(self) -> bool:
        """Whether the moment of each rating is known."""
        return "timestamp" in self.table

    @property
    def like_from(self) -> float:
        """The least rating that counts as a like: three quarters up the scale, 4 of 1 to 5."""
        low, high = self.scale
        return low + 0.75 * (high - low)

    @property
    def n_users(self) -> int:
        """Number of users, those without a rating included."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue, those without a rating included."""
        return len(self.items)

    @property
    def density(self) -> float:
        """Share of the user-item pairs that carry a rating, in 0..1."""
        return len(self) / (self.n_users * self.n_items)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        low, high = self.scale
        time = "with timestamps" if self.has_timestamps else "no timestamps"
        return (
            f"Ratings({self.name}: {len(self):,} ratings on {low:g}..{high:g}, "
            f"{self.n_users:,} users, {self.n_items:,} items, density {self.density:.1%}, {time})"
        ).replace("%", " %")

    def keep(self, rows: Sequence[bool] | np.ndarray | pd.Series) -> Ratings:
        """The same data set with some of its ratings; catalogue and users stay whole.

        Parameters
        ----------
        rows : array of bool, shape [ratings]
            True for the rows to keep.

        Returns
        -------
        Ratings
            Its table keeps the source's row numbers.

        Raises
        ------
        ValueError
            When the mask has another length.
        """
        rows = np.asarray(rows, dtype=bool)
        if rows.shape != (len(self),):
            raise ValueError(
                f"the mask has shape {rows.shape}; pass one bool a rating, shape ({len(self)},)"
            )
        return dataclasses.replace(self, table=self.table[rows])

    def keep_users(self, ids: Sequence | np.ndarray) -> Ratings:
        """The ratings of some users, with a user table that lists only them.

        Parameters
        ----------
        ids : sequence of user ids, shape [kept]
            The users to keep; order does not matter.

        Returns
        -------
        Ratings
        """
        kept = self.keep(self.table["user"].isin(ids))
        return dataclasses.replace(kept, users=self.users[self.users.index.isin(ids)])

    def positions(self) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of each rating's user and item in `users` and `items`.

        Returns
        -------
        user_positions, item_positions : array of int, shape [ratings]
        """
        return (
            self.users.index.get_indexer(self.table["user"]),
            self.items.index.get_indexer(self.table["item"]),
        )

    def matrix(self) -> scipy.sparse.csr_array:
        """The ratings as a sparse matrix.

        Returns
        -------
        scipy.sparse.csr_array, shape [users, items]
            Rows and columns follow `users.index` and `items.index`. A rating of 0 is stored.
        """
        values = self.table["rating"].to_numpy(copy=True)
        return scipy.sparse.csr_array(
            (values, self.positions()), shape=(self.n_users, self.n_items)
        )

    def item_counts(self, at_least: float = -np.inf) -> np.ndarray:
        """Number of ratings of each item of the catalogue.

        Parameters
        ----------
        at_least : float
            Count only ratings from here on, for example 4 to count likes.

        Returns
        -------
        array of int, shape [items]
        """
        counted = (self.table["rating"] >= at_least).to_numpy()
        return np.bincount(self.positions()[1][counted], minlength=self.n_items)

    def item_means(self, shrinkage: float = 0.0) -> np.ndarray:
        """Mean rating of each item, pulled towards the global mean.

        Parameters
        ----------
        shrinkage : float
            How many ratings at the global mean each item is given, at least 0.

        Returns
        -------
        array of float, shape [items]
            An item without ratings gets the global mean.
        """
        values = self.table["rating"].to_numpy()
        surplus = np.bincount(self.positions()[1], values - values.mean(), minlength=self.n_items)
        return values.mean() + surplus / np.maximum(self.item_counts() + shrinkage, 1e-12)

    def sha256(self, whole: bool = False) -> str:
        """Hash of the canonical table (ids, ratings and times, in order), for provenance.

        Parameters
        ----------
        whole : bool
            Of the exact ratings, the catalogue, the people and the scale: of all that a method can
            learn from.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        if not whole:
            text = self.table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
            return hashlib.sha256(text.encode()).hexdigest()
        digest = hashlib.sha256(repr((list(self.table), self.scale)).encode())
        for _, column in self.table.items():
            if pd.api.types.is_numeric_dtype(column):
                digest.update(column.to_numpy("<f8" if column.dtype.kind == "f" else "<i8"))
            else:
                digest.update(column.to_csv(index=False, lineterminator="\n").encode())
        for table in (self.items, self.users):
            digest.update(table.to_csv(lineterminator="\n").encode())
        return digest.hexdigest()
