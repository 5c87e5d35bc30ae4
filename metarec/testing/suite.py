"""All checks together, and a method held to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metarec.data.ratings import Ratings
from metarec.testing import answers, parameters, persistence, scales, unseen  # noqa: F401
from metarec.testing.promises import CHECKS, Check
from metarec.testing.trial import Trial

__all__ = ["check_method", "checks"]


def check_method(method: Any, ratings: Ratings | None = None, excused: Iterable[str] = ()) -> None:
    """Hold a method to all that every method of the book promises.

    Parameters
    ----------
    method : Method, or an object with `fit` and `predict`
        Unfitted; it is copied, not changed. Small sizes make this quick.
    ratings : Ratings, optional
        Made up if not given. At least ten people need thirty ratings.
    excused : iterable of str
        Names of checks, see `checks`, that this method need not pass.

    Raises
    ------
    AssertionError
        Says which promise broke, what was found, and how to keep it.
    ValueError
        When there is no check of such a name.

    Examples
    --------
    >>> from metarec.models import ItemMean
    >>> check_method(ItemMean())
    >>> class Forgetful(ItemMean):
    ...     def fit(self, ratings):
    ...         super().fit(ratings)
    >>> check_method(Forgetful())  # doctest: +NORMALIZE_WHITESPACE
    Traceback (most recent call last):
    AssertionError: Forgetful breaks a promise: `fit` returns the method itself. Found: it returns
    None. To keep it: end `fit` with `return self`.
    """
    unknown = set(excused) - set(CHECKS)
    if unknown:
        raise ValueError(f"no checks are called {sorted(unknown)}; there are {list(CHECKS)}")
    trial = Trial(method, ratings)
    for name, check in CHECKS.items():
        if name not in excused:
            check(trial)


def checks() -> dict[str, Check]:
    """All checks by name, in the order in which `check_method` runs them.

    Returns
    -------
    dict from name to callable
        Each takes a `Trial` and raises AssertionError when the promise is broken.
    """
    return dict(CHECKS)
