"""What a recommender shows, beyond whether it is liked: coverage, novelty, concentration, variety.

These functions read the lists that were recommended, as positions in the catalogue
[users, k] from `top_k`, or counts made of them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from metarec.data.ratings import Ratings
from metarec.evaluation._arrays import at_least_one, places, ratio


def exposure_counts(recommended: ArrayLike, n_items: int) -> np.ndarray:
    """How often each item of the catalogue was recommended.

    Introduced in chapter 02.

    Parameters
    ----------
    recommended : int array [users, k]
        Positions in the catalogue, from `top_k` over all items; -1 is an empty place.
    n_items : int
        Size of the catalogue.

    Returns
    -------
    int array [items]

    Raises
    ------
    ValueError
        When a position is no whole number, or outside the catalogue.

    Examples
    --------
    >>> from metarec.evaluation import exposure_counts
    >>> exposure_counts([[0, 1], [0, -1]], n_items=3)
    array([2, 1, 0])
    """
    n_items = at_least_one("n_items", n_items)
    recommended = places(recommended, n_items)
    return np.bincount(recommended[recommended >= 0], minlength=n_items)


def coverage(recommended: ArrayLike, n_items: int) -> float:
    """Share of the catalogue that is recommended to at least one user.

    It grows with the number of users and with k: compare methods on the same lists only.
    Introduced in chapter 02.

    Parameters
    ----------
    recommended : int array [users, k]
        Positions in the catalogue, from `top_k` over all items; -1 is an empty place.
    n_items : int
        Size of the catalogue.

    Returns
    -------
    float
        From 0 to 1, for all users together.

    Raises
    ------
    ValueError
        When a position is no whole number, or outside the catalogue.

    References
    ----------
    Ge, Delgado-Battenfeld & Jannach (2010), Beyond accuracy, RecSys '10 (there: catalogue
    coverage). https://doi.org/10.1145/1864708.1864761

    Examples
    --------
    >>> from metarec.evaluation import coverage
    >>> coverage([[0, 1], [0, 3]], n_items=6)
    0.5
    """
    return float((exposure_counts(recommended, n_items) > 0).mean())


def novelty(recommended: ArrayLike, popularity: ArrayLike) -> np.ndarray:
    r"""Mean self-information of what each user is recommended, in bits.

    .. math:: \mathrm{novelty}_u = -\frac{1}{L} \sum_{i} \log_2 p_i

    over the L items of the list, with :math:`p_i` the chance that a random user already knows the
    item. A film that half of the users rated carries 1 bit, one that 1 in 1 024 rated carries 10.
    Introduced in chapter 02.

    Parameters
    ----------
    recommended : int array [users, k]
        Positions in the catalogue, from `top_k` over all items; -1 is an empty place.
    popularity : array [items]
        Share of the training users who rated the item, above 0, at most 1.

    Returns
    -------
    array [users]
        In bits, from 0 up. NaN for a user with an empty list.

    Raises
    ------
    ValueError
        When a position is outside the catalogue, or the popularity of an item is not in (0, 1].

    References
    ----------
    Zhou et al. (2010), Solving the apparent diversity-accuracy dilemma of recommender systems,
    PNAS 107(10). https://doi.org/10.1073/pnas.1000488107

    Examples
    --------
    >>> from metarec.evaluation import novelty
    >>> novelty([[0, 1], [2, 2]], popularity=[0.5, 0.25, 0.125])
    array([1.5, 3. ])
    """
    popularity = np.asarray(popularity, dtype=np.float64)
    if popularity.ndim != 1 or not ((popularity > 0) & (popularity <= 1)).all():
        raise ValueError(
            "popularity must be one share above 0 and at most 1 for each item; from counts, "
            "(counts + 1) / (n_users + 1) also serves an item that nobody rated"
        )
    recommended = places(recommended, len(popularity))
    shown = recommended >= 0
    bits = np.where(shown, -np.log2(popularity)[recommended], 0.0)  # [users, k]
    return ratio(bits.sum(axis=1), shown.sum(axis=1)) + 0.0  # + 0.0 turns -0 into 0


def lorenz(counts: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The Lorenz curve: which share of the exposure the least exposed items get together.

    Introduced in chapter 01.

    Parameters
    ----------
    counts : array [items]
        Exposure or number of ratings, 0 or more.

    Returns
    -------
    share_of_items, share_of_exposure : arrays [items + 1]
        Both rise from 0 to 1, least exposed items first. Equality is the diagonal; the further
        the curve hangs below it, the more the exposure is concentrated.

    Raises
    ------
    ValueError
        When a count is negative, NaN or infinite, or all are 0.

    References
    ----------
    Lorenz (1905), Methods of measuring the concentration of wealth, Publications of the American
    Statistical Association 9(70). https://doi.org/10.2307/2276207

    Examples
    --------
    >>> from metarec.evaluation import lorenz
    >>> lorenz([1, 3])
    (array([0. , 0.5, 1. ]), array([0.  , 0.25, 1.  ]))
    """
    ordered = np.sort(_counts(counts))
    items = np.linspace(0, 1, len(ordered) + 1)
    total = np.concatenate([[0.0], np.cumsum(ordered)])
    return items, total / total[-1]


def gini(counts: ArrayLike) -> float:
    r"""Gini coefficient of exposure: how unequally items are shown.

    .. math:: G = \frac{\sum_{i=1}^{n} (2i - n - 1)\, x_{(i)}}{(n - 1) \sum_i x_i}

    with :math:`x_{(1)} \le \dots \le x_{(n)}` the sorted counts. It is twice the area between
    the Lorenz curve and the diagonal, times n / (n - 1), so that one item with everything gives
    exactly 1. Include the items that are never shown: they are the point.
    Introduced in chapter 01.

    Parameters
    ----------
    counts : array [items]
        Exposure or number of ratings, 0 or more, for at least two items.

    Returns
    -------
    float
        From 0 (all items alike) to 1 (one item gets everything).

    Raises
    ------
    ValueError
        When a count is negative, NaN or infinite, all are 0, or there is one item only.

    References
    ----------
    Deltas (2003), The small-sample bias of the Gini coefficient, Review of Economics and
    Statistics 85(1), for the factor n / (n - 1). https://doi.org/10.1162/rest.2003.85.1.226

    Examples
    --------
    >>> from metarec.evaluation import gini
    >>> gini([5, 5, 5]), gini([0, 0, 9])
    (0.0, 1.0)
    """
    ordered = np.sort(_counts(counts))
    n = len(ordered)
    if n < 2:
        raise ValueError("one item alone has no inequality; give the counts of the whole catalogue")
    rank = np.arange(1, n + 1)
    return float(((2 * rank - n - 1) @ ordered) / ((n - 1) * ordered.sum()))


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


def leaning(recommended: np.ndarray, known: np.ndarray) -> dict[str, float]:
    """Say how well known the recommended items are, and how unequally items are shown.

    Introduced in chapter 15.

    Parameters
    ----------
    recommended : array of int [users, length]
        Positions in the catalogue; -1 is an empty place.
    known : array [items]
        The share of people who have rated each item.

    Returns
    -------
    dict
        `known_by`, the mean over all places, and `gini` of the exposure.
    """
    counts = exposure_counts(recommended, len(known))
    return {"known_by": float(counts @ known / counts.sum()), "gini": gini(counts)}


def _counts(counts: ArrayLike) -> np.ndarray:
    """`counts` as float64 [items], none negative and not all zero, or a ValueError."""
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim != 1 or not np.isfinite(counts).all() or (counts < 0).any():
        raise ValueError("counts must be one finite number of at least 0 for each item")
    if counts.sum() == 0:
        raise ValueError("all counts are 0: nothing was shown, so nothing is unequal")
    return counts
