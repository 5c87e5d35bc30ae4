"""How far to trust a mean over users: bootstrap intervals, and intervals of paired differences."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from metarec.evaluation._arrays import at_least_one, share

_BLOCK = 2_000_000  # user indices drawn at once: 16 MB


@dataclass(frozen=True)
class Interval:
    """A mean over users with its confidence interval.

    Prints as `0.911 [0.879, 0.943]`, with two significant digits of its width; a format such as
    `f"{interval:.2f}"` applies to all three numbers. `0 in interval` asks whether the interval
    holds a value. Introduced in chapter 02.

    Attributes
    ----------
    mean, low, high : float
        In the unit of the metric.
    standard_error : float
        Standard deviation over users divided by the root of their number.
    n : int
        Number of users with a value.
    level : float
        Confidence level, 0.95 for 95 %.

    Examples
    --------
    >>> from metarec.evaluation import Interval
    >>> difference = Interval(mean=-0.0033, low=-0.0058, high=-0.0008, standard_error=0.0013, n=149)
    >>> print(difference)
    −0.0033 [−0.0058, −0.0008]
    >>> 0 in difference
    False
    """

    mean: float
    low: float
    high: float
    standard_error: float
    n: int
    level: float = 0.95

    def __format__(self, spec: str) -> str:
        if not spec:
            width = self.high - self.low
            spec = f".{max(0, 1 - math.floor(math.log10(width))) if width > 0 else 3}f"
        mean, low, high = (_printed(number, spec) for number in (self.mean, self.low, self.high))
        return f"{mean} [{low}, {high}]"

    def __str__(self) -> str:
        return format(self, "")

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def _printed(number: float, spec: str) -> str:
    """A number with a real minus sign, and no minus before a zero."""
    text = format(number, spec)
    return text.replace("-", "−") if text.strip("-0.%") else text.lstrip("-")


def bootstrap(
    values: ArrayLike, level: float = 0.95, n_resamples: int = 10_000, seed: int = 0
) -> Interval:
    """Percentile bootstrap interval of the mean over users.

    Draw as many users as there are, with replacement, and take their mean; do so `n_resamples`
    times; the interval holds the middle `level` of those means. It answers: how far would the
    mean move with other users from the same population? It does not speak of other training
    users, other seeds or other data. Introduced in chapter 02.

    Parameters
    ----------
    values : array [users]
        One value for each user, averaged over draws first. Users with NaN, where the metric is
        undefined, are dropped.
    level : float
        Between 0 and 1.
    n_resamples : int
        The ends wobble by about 3 % of the standard error at 10 000 and by 9 % at 1 000.
    seed : int
        Seed of the resampling.

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        When `values` is not one value for each user, holds infinities, or fewer than two of them
        are left, or `level` is not between 0 and 1.

    Notes
    -----
    The percentile interval is the one that can be explained in three lines. For means over a
    hundred users or more the corrected kind (BCa) agrees with it to a tenth of the standard
    error. With 20 users and a skewed metric it holds the truth 91 % of the time instead of 95 %:
    too narrow, but BCa reaches no more than 92 %.

    References
    ----------
    Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7(1).
    https://doi.org/10.1214/aos/1176344552
    Efron & Tibshirani (1993), An introduction to the bootstrap, chapter 13.
    https://doi.org/10.1201/9780429246593

    Examples
    --------
    >>> from metarec.evaluation import bootstrap
    >>> print(bootstrap([1.0, 2.0, 3.0, 4.0, float("nan")]))
    2.5 [1.5, 3.5]
    """
    values = _per_user("values", values)
    kept = values[~np.isnan(values)]
    if len(kept) < 2:
        raise ValueError(
            f"{len(kept)} of {len(values)} users have a value; an interval needs at least two"
        )
    tail = (1 - share("level", level)) / 2
    means = _resampled_means(kept, at_least_one("n_resamples", n_resamples), seed)
    low, high = np.quantile(means, [tail, 1 - tail])
    standard_error = kept.std(ddof=1) / math.sqrt(len(kept))
    mean, low, high, error = map(float, (kept.mean(), low, high, standard_error))
    return Interval(mean, low, high, error, len(kept), float(level))


def paired(
    a: ArrayLike, b: ArrayLike, level: float = 0.95, n_resamples: int = 10_000, seed: int = 0
) -> Interval:
    """Bootstrap interval of the mean difference `a - b` over the same users.

    Some users are harder than others for every method. The difference taken user by user removes
    that common part, so it can be clear although the two intervals overlap. The methods differ
    when the interval does not hold 0. Introduced in chapter 02.

    Parameters
    ----------
    a, b : array [users]
        The same metric of two methods, the same users in the same order. A user with NaN in
        either is dropped.
    level, n_resamples, seed
        As in `bootstrap`.

    Returns
    -------
    Interval
        Of `a - b`: below 0 means that `a` is lower, which is better for an error.

    Raises
    ------
    ValueError
        When the two hold different numbers of users, or (pandas) different users; otherwise as in
        `bootstrap`.

    Notes
    -----
    One interval in twenty misses at 95 %: twenty comparisons in a table find one difference where
    there is none.

    References
    ----------
    Efron & Tibshirani (1993), An introduction to the bootstrap, chapter 13.
    https://doi.org/10.1201/9780429246593

    Examples
    --------
    Two methods whose errors overlap, but the first is better for every user:

    >>> from metarec.evaluation import paired
    >>> difference = paired([0.8, 1.2, 0.5, 1.0, 0.7], [0.9, 1.3, 0.7, 1.1, 0.8])
    >>> print(f"{difference:.2f}", 0 in difference)
    −0.12 [−0.16, −0.10] False
    """
    users_a: Any = getattr(a, "index", None)
    users_b: Any = getattr(b, "index", None)
    if hasattr(users_a, "equals") and hasattr(users_b, "equals") and not users_a.equals(users_b):
        raise ValueError("a and b have different users or another order; write b.loc[a.index]")
    a, b = _per_user("a", a), _per_user("b", b)
    if a.shape != b.shape:
        raise ValueError(f"a has {len(a)} users and b has {len(b)}; pair the same users")
    return bootstrap(a - b, level, n_resamples, seed)


def _per_user(name: str, values: ArrayLike) -> np.ndarray:
    """`values` as float64 [users], NaN allowed, infinity not, or a ValueError."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(
            f"{name} has shape {values.shape}, but must hold one value for each user; "
            "average over draws first, because the users are what is resampled"
        )
    if np.isinf(values).any():
        raise ValueError(f"{name} holds infinity for user {np.isinf(values).argmax()}")
    return values


def _resampled_means(values: np.ndarray, n_resamples: int, seed: int) -> np.ndarray:
    """Means of `n_resamples` samples of the users with replacement."""
    return _draws(len(values), n_resamples, seed) @ values / len(values)


@functools.lru_cache(maxsize=2)  # a table has many rows of the same users: they share the draws
def _draws(n: int, n_resamples: int, seed: int) -> np.ndarray:
    """How often each sample holds each user: [n_resamples, n], drawn in blocks of memory."""
    rng = np.random.default_rng(seed)
    rows = max(1, _BLOCK // n)
    counts = np.empty((n_resamples, n))
    for start in range(0, n_resamples, rows):
        block = counts[start : start + rows]
        drawn = rng.integers(n, size=block.shape) + n * np.arange(len(block))[:, None]
        block[:] = np.bincount(drawn.ravel(), minlength=block.size).reshape(block.shape)
    counts.flags.writeable = False
    return counts
