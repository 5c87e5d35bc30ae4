"""How varied a list is, and what several methods show to the same people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from metarec.data.ratings import Ratings
from metarec.evaluation._arrays import places, ratio
from metarec.evaluation.exposure import coverage, exposure_counts, gini, novelty


def intra_list_similarity(recommended: ArrayLike, vectors: ArrayLike) -> np.ndarray:
    r"""Mean cosine between the items of each user's list: how much of the same it holds.

    .. math:: \mathrm{ILS}_u = \frac{2}{L (L - 1)} \sum_{i < j} \cos(c_i, c_j)

    over the pairs of the L items of the list. Introduced in chapter 03.

    Parameters
    ----------
    recommended : int array [users, k]
        Positions in the catalogue, from `top_k` over all items; -1 is an empty place.
    vectors : array [items, features]
        What the items are compared by, for example `metarec.data.genre_table(ratings)`. An item
        of zeros is like nothing.

    Returns
    -------
    array [users]
        From -1 to 1; with genres from 0 (no two items share one) to 1 (all have the same). NaN
        for a list of fewer than two items.

    Raises
    ------
    ValueError
        When a position is outside the catalogue, or a vector is not finite.

    References
    ----------
    Ziegler, McNee, Konstan & Lausen (2005), Improving recommendation lists through topic
    diversification, WWW '05, equation 5 (there: the sum over pairs).
    https://doi.org/10.1145/1060745.1060754

    Examples
    --------
    >>> from metarec.evaluation import intra_list_similarity
    >>> intra_list_similarity([[0, 1], [0, 2]], vectors=[[1, 0], [2, 0], [0, 1]])
    array([1., 0.])
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("vectors must be finite numbers [items, features], one row an item")
    recommended = places(recommended, len(vectors))
    length = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    unit = vectors / np.where(length > 0, length, 1)
    shown = recommended >= 0
    listed = np.where(shown[..., None], unit[recommended], 0.0)  # [users, k, features]
    itself = (listed**2).sum(axis=(1, 2))
    n = shown.sum(axis=1)
    return ratio((listed.sum(axis=1) ** 2).sum(axis=1) - itself, n * (n - 1))


def profile(lists: Mapping[str, np.ndarray], train: Ratings, vectors: ArrayLike) -> pd.DataFrame:
    """What several methods show to the same people, side by side.

    Introduced in chapter 03.

    Parameters
    ----------
    lists : mapping from method to int array [users, k]
        `Result.lists` of a ranking protocol.
    train : Ratings
        Says how popular an item is: the share of people who rated it.
    vectors : array [items, features]
        As in `intra_list_similarity`.

    Returns
    -------
    pandas.DataFrame
        One row a method: `coverage` (share of the catalogue), `gini` (of exposure), `novelty`
        (bits) and `similarity` (within a list), the last two averaged over people.
    """
    popularity = (train.item_counts() + 1) / (train.n_users + 1)
    rows = {
        name: {
            "coverage": coverage(shown, train.n_items),
            "gini": gini(exposure_counts(shown, train.n_items)),
            "novelty": np.nanmean(novelty(shown, popularity)),
            "similarity": np.nanmean(intra_list_similarity(shown, vectors)),
        }
        for name, shown in lists.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
