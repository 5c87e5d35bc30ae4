"""`Episodes`: people as few-shot tasks, with a support to learn from and a query to predict."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from metarec.data.ratings import Ratings


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Episodes:
    """Supports and queries of n users, padded to rectangles.

    Every few-shot method sees people in this form and in no other: it may read the support
    ratings, and it predicts the query. Items are positions in `items`; padding has position 0,
    rating 0 and mask False. Introduced in chapter 02.

    Attributes
    ----------
    users : array, shape [users]
        User ids.
    items : array, shape [catalogue]
        Item ids of the catalogue that the positions count in.
    support_items, support_ratings, support_mask : arrays, shape [users, k]
        Positions, ratings and whether the slot is filled, in the order of being shown.
    query_items, query_ratings, query_mask : arrays, shape [users, q]
        The same for what is to be predicted; the ratings are NaN in a blind copy. In ranking
        protocols `query_ratings` holds relevance, 1 or 0.
    about : pandas.DataFrame, optional
        What the people told of themselves, one row a user in the order of `users`: columns of
        `Ratings.users`. None when nothing is known.
    """

    users: np.ndarray
    items: np.ndarray
    support_items: np.ndarray
    support_ratings: np.ndarray
    support_mask: np.ndarray
    query_items: np.ndarray
    query_ratings: np.ndarray
    query_mask: np.ndarray
    about: pd.DataFrame | None = None

    @classmethod
    def pack(
        cls,
        users: Sequence,
        items: Sequence,
        support: Sequence[tuple[np.ndarray, np.ndarray]],
        query: Sequence[tuple[np.ndarray, np.ndarray]],
        about: pd.DataFrame | None = None,
    ) -> Episodes:
        """Pad lists of unequal length into one `Episodes`.

        Parameters
        ----------
        users : sequence of n ids
        items : sequence of ids
            The catalogue.
        support, query : sequences of n pairs (positions, ratings)
        about : pandas.DataFrame, optional
            One row a user, in their order.

        Returns
        -------
        Episodes
        """
        return cls(np.asarray(users), np.asarray(items), *_pad(support), *_pad(query), about)

    @classmethod
    def of_one(cls, ratings: Ratings, shown: Mapping, query: Sequence | None = None) -> Episodes:
        """One person who is not in the data, for example the reader.

        Parameters
        ----------
        ratings : Ratings
            Gives the catalogue and the scale.
        shown : mapping from item id to rating
            What the person has rated; may be empty.
        query : sequence of item ids, optional
            What to predict; the whole catalogue without the shown items if not given.

        Returns
        -------
        Episodes
            One user with the id "you" and NaN as query ratings.

        Raises
        ------
        ValueError
            When an item is not in the catalogue or a rating is outside the scale.
        """
        index, (low, high) = ratings.items.index, ratings.scale
        for item, rating in shown.items():
            if item not in index:
                raise ValueError(
                    f"item {item!r} is not in the catalogue of {ratings.name}; see ratings.items"
                )
            if not low <= rating <= high:
                raise ValueError(
                    f"rating {rating!r} of item {item!r} is outside the scale {low:g}..{high:g}"
                )
        wanted = index.difference(list(shown), sort=False) if query is None else query
        positions = index.get_indexer(wanted)
        if (positions < 0).any():
            item = wanted[int(np.argmin(positions))]
            raise ValueError(f"item {item!r} is not in the catalogue of {ratings.name}")
        support = (index.get_indexer(list(shown)), np.array(list(shown.values()), dtype=float))
        return cls.pack(["you"], index, [support], [(positions, np.full(len(positions), np.nan))])

    @property
    def n_support(self) -> int:
        """Width of the support: the largest number of ratings that a user shows."""
        return self.support_items.shape[1]

    def __len__(self) -> int:
        return len(self.users)

    def __repr__(self) -> str:
        shown, asked = self.support_mask.sum(1), self.query_mask.sum(1)
        return (
            f"Episodes({len(self)} users, support of {shown.min()} to {shown.max()} ratings, "
            f"query of {asked.min()} to {asked.max()} items, catalogue of {len(self.items):,})"
        )

    def first(self, k: int) -> Episodes:
        """The same people showing only their first k ratings; the query stays.

        Parameters
        ----------
        k : int
            From 0 to `n_support`.

        Returns
        -------
        Episodes

        Raises
        ------
        ValueError
            When k is negative or larger than `n_support`.
        """
        if not 0 <= k <= self.n_support:
            raise ValueError(
                f"k = {k}, but these episodes hold 0 to {self.n_support} supports a user"
            )
        parts = ("support_items", "support_ratings", "support_mask")
        return dataclasses.replace(self, **{part: getattr(self, part)[:, :k] for part in parts})

    def blind(self) -> Episodes:
        """A copy without the query's ratings, which is all that a method gets to see.

        Returns
        -------
        Episodes
            Its query ratings are NaN.
        """
        return dataclasses.replace(self, query_ratings=np.full(self.query_ratings.shape, np.nan))

    def take(self, rows: Sequence[int] | np.ndarray) -> Episodes:
        """The episodes of some users, without the padding that only others needed.

        Parameters
        ----------
        rows : array of int or bool, shape [kept] or [users]
            Which users, by position or by mask.

        Returns
        -------
        Episodes
        """
        parts = {}
        for side in ("support", "query"):
            mask = getattr(self, f"{side}_mask")[rows]
            width = mask.shape[1] - mask[:, ::-1].any(0).argmax() if mask.any() else 0
            for name in (f"{side}_items", f"{side}_ratings", f"{side}_mask"):
                parts[name] = getattr(self, name)[rows, :width]
        about = None if self.about is None else self.about.iloc[rows]
        return dataclasses.replace(self, users=self.users[rows], about=about, **parts)

    def tensors(self, device: str = "auto") -> dict:
        """The six support and query arrays as PyTorch tensors.

        Parameters
        ----------
        device : str
            `"auto"` takes CUDA, then MPS, then the CPU; or any name that PyTorch knows.

        Returns
        -------
        dict of str to torch.Tensor
            Positions int64, ratings float32 (MPS has no float64), masks bool.
        """
        import torch

        from metarec.data.device import pick_device

        place = pick_device(device)
        names = [
            f.name for f in dataclasses.fields(self) if f.name.startswith(("support", "query"))
        ]
        arrays = {name: torch.tensor(getattr(self, name), device="cpu") for name in names}
        return {n: (a.float() if n.endswith("ratings") else a).to(place) for n, a in arrays.items()}


def _pad(
    rows: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lengths = np.array([len(positions) for positions, _ in rows], dtype=int)
    mask = np.arange(lengths.max(initial=0)) < lengths[:, None]  # [users, longest]
    positions = np.zeros(mask.shape, dtype=np.int64)
    ratings = np.zeros(mask.shape)
    positions[mask] = np.concatenate([p for p, _ in rows])
    ratings[mask] = np.concatenate([r for _, r in rows])
    return positions, ratings, mask
