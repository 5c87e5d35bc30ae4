"""What training loops in PyTorch share: a state of chance of their own, and a step size."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def seeded(seed: int, device: str = "cpu") -> Iterator[None]:
    """Within it PyTorch draws from a seed; afterwards it goes on where the reader was.

    Parameters
    ----------
    seed : int
    device : str
        Where the network is.

    Yields
    ------
    None
    """
    cuda = [torch.device(device).index or 0] if device.startswith("cuda") else []
    with torch.random.fork_rng(cuda):
        torch.manual_seed(seed)
        yield


def warm_up_then_cosine(progress: float) -> float:
    """Share of the largest step size, from 0 at the start to 1 and down to 0 at the end.

    Parameters
    ----------
    progress : float
        Share of the training that is done, 0 to 1; the first twentieth warms up.

    Returns
    -------
    float
    """
    return min(progress / 0.05, 1.0) * (0.5 + 0.5 * math.cos(math.pi * progress))
