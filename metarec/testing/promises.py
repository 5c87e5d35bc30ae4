"""How a check is made: a function that says what it found, its promise, and how to keep it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from metarec.data.episodes import Episodes
from metarec.testing.trial import Trial

Check = Callable[[Trial], None]
CHECKS: dict[str, Check] = {}  # by name, in the order of their files


def promise(remedy: str, cases: Iterable[Any] = ()) -> Callable[[Callable], Callable]:
    """Make a check of a function that says what it found wrong; its docstring is the promise."""

    def add(look: Callable[..., str | None]) -> Callable[..., str | None]:
        name = look.__name__
        if not cases:
            CHECKS[name] = functools.partial(_run, look, remedy)
        for case in cases:
            text = case if isinstance(case, str) else " to ".join(map(str, case))
            CHECKS[f"{name}: {text}"] = functools.partial(_run, look, remedy, case=case)
        return look

    return add


def _run(look: Callable[..., str | None], remedy: str, trial: Trial, **case: Any) -> None:
    cause = None
    try:
        found = look(trial, **case)
    except Exception as error:  # whatever a method of the reader's may raise
        found, cause = f"{type(error).__name__}: {error}", error
    if found:
        promise = " ".join((look.__doc__ or "").split("\n\n")[0].split())
        text = f"{trial.name} breaks a promise: {promise} Found: {found}. To keep it: {remedy}."
        raise AssertionError(text) from cause


def finite(predicted: np.ndarray, episodes: Episodes) -> bool:
    """Whether all predictions of a query are finite numbers."""
    return bool(np.isfinite(predicted[episodes.query_mask]).all())


def differs(
    one: np.ndarray, other: np.ndarray, mask: Any = ..., rtol: float = 0, atol: float = 0
) -> str | None:
    """Says how far apart two predictions are, where that is further than allowed."""
    one, other = np.asarray(one)[mask], np.asarray(other)[mask]
    if np.allclose(one, other, rtol, atol, equal_nan=True):
        return None
    return f"answers that differ by {np.abs(one - other).max():.3g}"
