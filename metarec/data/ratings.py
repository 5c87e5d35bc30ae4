"""`Ratings`: the one table of who rated what, checked when it is made. Introduced in chapter 01."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import scipy.sparse

COLUMNS = ("user", "item", "rating", "timestamp")


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
        _check_scale(scale)
        table = _clean_table(table, scale)
        items = _side_table(items, table["item"], "item")
        users = _side_table(users, table["user"], "user")
        return cls(table, items, users, (float(scale[0]), float(scale[1])), name)

    @property
    def has_timestamps(self) -> bool:
        """Whether the moment of each rating is known."""
        return "timestamp" in self.table

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
        """
        rows = np.asarray(rows, dtype=bool)
        if rows.shape != (len(self),):
            raise ValueError(f"the mask has shape {rows.shape}; pass one bool a rating, shape ({len(self)},)")
        return dataclasses.replace(self, table=self.table[rows])

    def keep_users(self, ids: Sequence) -> Ratings:
        """The ratings of some users, with a user table that lists only them.

        Parameters
        ----------
        ids : sequence of user ids
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
        return scipy.sparse.csr_array((values, self.positions()), shape=(self.n_users, self.n_items))

    def item_counts(self) -> np.ndarray:
        """Number of ratings of each item of the catalogue.

        Returns
        -------
        array of int, shape [items]
        """
        return np.bincount(self.positions()[1], minlength=self.n_items)

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

    def sha256(self) -> str:
        """Hash of the canonical table (ids, ratings and times, in order), for provenance."""
        text = self.table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
        return hashlib.sha256(text.encode()).hexdigest()


def _check_scale(scale: tuple[float, float]) -> None:
    if len(scale) != 2 or not np.isfinite(scale).all() or not scale[0] < scale[1]:
        raise ValueError(f"scale {scale} is not (lowest, highest); pass for example scale=(1, 5)")


def _clean_table(table: pd.DataFrame, scale: tuple[float, float]) -> pd.DataFrame:
    _check_columns(table)
    table = table[[c for c in COLUMNS if c in table]].copy()
    for column in ("user", "item"):
        table[column] = _clean_ids(table[column])
    table["rating"] = _clean_numbers(table["rating"])
    if "timestamp" in table:
        table["timestamp"] = _clean_times(table["timestamp"])
    outside = ~table["rating"].between(*scale)
    if outside.any():
        row = outside.idxmax()
        raise ValueError(
            f"rating {table['rating'][row]:g} at row {row} is outside the scale {scale[0]:g}..{scale[1]:g}; "
            f"pass scale=({table['rating'].min():g}, {table['rating'].max():g}) if the data use another one"
        )
    twice = table.duplicated(["user", "item"])
    if twice.any():
        row = twice.idxmax()
        user, item = table.loc[row, ["user", "item"]]
        raise ValueError(
            f"user {user} rates item {item} a second time at row {row} ({twice.sum()} such rows); "
            'keep one of them, for example table.drop_duplicates(["user", "item"], keep="last")'
        )
    return table


def _check_columns(table: pd.DataFrame) -> None:
    missing = [c for c in COLUMNS[:3] if c not in table]
    unknown = [c for c in table.columns if c not in COLUMNS]
    if missing or unknown:
        raise ValueError(
            f"columns {list(table.columns)}: missing {missing}, unknown {unknown}; "
            f"rename or drop columns until they are {list(COLUMNS)} (timestamp may be absent)"
        )
    if table.empty:
        raise ValueError("the table has no row; pass at least one rating")
    if not table.index.is_unique:
        raise ValueError("the table's index repeats; call table.reset_index(drop=True) first")


def _clean_ids(ids: pd.Series) -> pd.Series:
    """Integers stay integers, whole floats become integers, all else becomes a string."""
    blank = ids.isna() | (ids.astype(str).str.strip() == "")
    if blank.any():
        raise ValueError(f"{ids.name} is missing at row {blank.idxmax()}; fill it in or drop the row")
    if pd.api.types.is_float_dtype(ids) and (ids % 1 == 0).all():
        return ids.astype("int64")
    return ids.astype("int64") if pd.api.types.is_integer_dtype(ids) else ids.astype(str)


def _clean_numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        row = wrong.idxmax()
        value = repr(values[row]) if isinstance(values[row], str) else values[row]
        raise ValueError(
            f"{values.name} {value} at row {row} is not a finite number "
            f"({wrong.sum()} such rows); correct it or drop the row"
        )
    return numbers


def _clean_times(times: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(times):
        if times.isna().any():
            raise ValueError(f"timestamp is missing at row {times.isna().idxmax()}; fill it in, or drop the column")
        utc = pd.to_datetime(times, utc=True)
        return (utc - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    return _clean_numbers(times).astype("int64")


def _side_table(given: pd.DataFrame | None, ids: pd.Series, kind: str) -> pd.DataFrame:
    if given is None:
        return pd.DataFrame(index=pd.Index(np.sort(ids.unique()), name=kind))
    if not given.index.is_unique:
        raise ValueError(f"{kind} {given.index[given.index.duplicated()][0]} stands twice in the {kind} table; keep one row")
    absent = ~ids.isin(given.index)
    if absent.any():
        row = absent.idxmax()
        raise ValueError(
            f"{kind} {ids[row]} at row {row} is not in the {kind} table; "
            f"add it, or check that both ids have one type (table {ids.dtype}, {kind} table {given.index.dtype})"
        )
    return given.rename_axis(kind)
