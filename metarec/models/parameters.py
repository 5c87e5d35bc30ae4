"""What a parameter may be: one table on each class, read by `fit`, by the docs and by the tests."""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any


@dataclasses.dataclass(frozen=True)
class Range:
    """The numbers from `low` to `high`, the finite ones unless it says otherwise.

    Parameters
    ----------
    low, high : float
        Both ends belong to the range.
    above, below : bool
        Whether `low` itself, and `high` itself, are left out.
    whole : bool
        Whether only whole numbers count.
    infinite : bool
        Whether infinity counts too: a shrinkage so strong that nothing is left.
    none : bool
        Whether None may stand in the number's place.

    Examples
    --------
    >>> -1 in Range(0), 0.5 in Range(0, 1), 0 in Range(0, above=True), None in Range(none=True)
    (False, True, False, True)
    >>> print(Range(1, whole=True), "|", Range(0, above=True), "|", Range(0, 1, below=True))
    a whole number of at least 1 | a number above 0 | a number from 0 to below 1
    """

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    below: bool = False
    whole: bool = False
    infinite: bool = False
    none: bool = False

    def __contains__(self, value: Any) -> bool:
        if value is None:
            return self.none
        kind = numbers.Integral if self.whole else numbers.Real
        if isinstance(value, bool) or not isinstance(value, kind):
            return False
        value = float(value)
        if math.isnan(value) or (math.isinf(value) and not self.infinite):
            return False
        over = value > self.low if self.above else value >= self.low
        under = value < self.high if self.below else value <= self.high
        return bool(over and under)

    def __str__(self) -> str:
        text = "a whole number" if self.whole else "a number"
        if math.isfinite(self.high):
            start = "above" if self.above else "from"
            text += f" {start} {self.low:g} to {'below ' * self.below}{self.high:g}"
        elif math.isfinite(self.low):
            text += f" {'above' if self.above else 'of at least'} {self.low:g}"
        return text + (", or None" if self.none else "")


@dataclasses.dataclass(frozen=True)
class OneOf:
    """A few values.

    Parameters
    ----------
    values : tuple

    Examples
    --------
    >>> "bm25" in OneOf(("bm25", "cosine")), 1 in OneOf((True, False))
    (True, False)
    """

    values: tuple

    def __contains__(self, value: Any) -> bool:
        return any(value == one and type(value) is type(one) for one in self.values)

    def __str__(self) -> str:
        return "one of " + ", ".join(map(repr, self.values))


SEED = Range(0, whole=True)
FLAG = OneOf((True, False))
