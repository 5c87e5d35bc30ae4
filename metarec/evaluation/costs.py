"""What a method costs: numbers learned, and time and memory to answer one person.

Times are given in products of two 1 000 × 1 000 matrices on the same machine, so that they can be
compared between machines, roughly. Introduced in chapter 15.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from metarec.data.episodes import Episodes

ASKED = 20  # films that the one person asks about
_ENOUGH = 0.005  # seconds: what answers faster is timed again


@functools.cache  # once a session: it would take longer than many fits
def reference_seconds() -> float:
    """Time of a product of two 1 000 × 1 000 matrices: the unit of all times.

    Returns
    -------
    float
        Seconds.
    """
    matrix = np.random.default_rng(0).normal(size=(1000, 1000))
    matrix @ matrix
    start = time.perf_counter()
    for _ in range(3):
        matrix @ matrix
    return (time.perf_counter() - start) / 3


def learned_numbers(method: Any) -> int:
    """How many numbers a fitted method keeps: its parameters in the widest sense.

    By scikit-learn's convention, what was learned is in attributes that end in an underscore. For
    neighbours these are similarities or the ratings themselves; ids and texts do not count.

    Parameters
    ----------
    method : fitted method
        Methods inside it count too.

    Returns
    -------
    int
    """
    total = 0
    for name, value in vars(method).items():
        if hasattr(value, "predict"):
            total += learned_numbers(value)
        elif name.endswith("_"):
            values = np.asarray(getattr(value, "data", value) if hasattr(value, "nnz") else value)
            total += values.size if values.dtype.kind == "f" else 0
    return total


def of_one_person(
    predict: Callable[[Episodes], np.ndarray], episodes: Episodes
) -> tuple[float, int]:
    """Time and memory for one person's answer, who asks about at most `ASKED` items.

    Parameters
    ----------
    predict : callable
        From episodes to predictions.
    episodes : Episodes
        Of these the first person is taken, with all that the episodes show of that person.

    Returns
    -------
    seconds : float
        The least of some repetitions, in products of two 1 000 × 1 000 matrices.
    memory : int
        Most bytes that NumPy and PyTorch held at once while answering, beyond the method itself.
    """
    one = episodes.take([0])
    asked = ("query_items", "query_ratings", "query_mask")
    one = dataclasses.replace(one, **{part: getattr(one, part)[:, :ASKED] for part in asked})
    times = []
    with _memory() as memory:
        times.append(_timed(predict, one))
    if times[0] < 1:  # the first answer warms up, and was watched; what is slow needs neither
        times = [_timed(predict, one)]
        while sum(times) < _ENOUGH:
            times.append(_timed(predict, one))
    return min(times) / reference_seconds(), int(memory[0])


def _timed(predict: Callable[[Episodes], np.ndarray], one: Episodes) -> float:
    start = time.perf_counter()
    predict(one)
    return time.perf_counter() - start


@contextlib.contextmanager
def _memory() -> Iterator[list[int]]:
    """The peak of what is allocated inside: NumPy tells tracemalloc, PyTorch its profiler."""
    peak: list[int] = []
    tensors: list[int] = []
    torch = sys.modules.get("torch")  # a method that needs it has loaded it
    with _tensors(torch, tensors) if torch else contextlib.nullcontext():
        tracemalloc.start()
        try:
            yield peak
        finally:
            arrays = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    peak.append(arrays + max(np.cumsum([0, *tensors])))


@contextlib.contextmanager
def _tensors(torch: Any, changes: list[int]) -> Iterator[None]:
    """Collect what PyTorch allocates (plus) and frees (minus), in bytes, in order of time."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # some builds of the profiler chatter
    with torch.autograd.profiler.profile(profile_memory=True) as profile:
        yield
    events = [e for e in profile.kineto_results.events() if e.name() == "[memory]"]
    changes += [e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())]
