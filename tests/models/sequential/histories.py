"""Small histories, and what a method says after some of them."""

import numpy as np
import pandas as pd

from metarec.data import Episodes, Ratings

SMALL = {"width": 8, "n_blocks": 1, "n_heads": 2, "window": 5, "n_epochs": 2, "batch_size": 4}


def sequences(*histories: list[int], n_items: int = 6) -> Ratings:
    rows = [(u, i, 4, t) for u, items in enumerate(histories) for t, i in enumerate(items)]
    return Ratings.from_table(
        pd.DataFrame(rows, columns=["user", "item", "rating", "timestamp"]),
        items=pd.DataFrame(index=range(1, n_items + 1)),
    )


def of_eight(*histories: list[int]) -> Ratings:
    """Histories in a catalogue of eight items."""
    return sequences(*histories, n_items=8)


def some() -> Ratings:
    """Six people on a circle of six items, each from another start."""
    return sequences(*[np.roll(np.arange(1, 7), -start) for start in range(6)])


def after(model, ratings: Ratings, *shown: int) -> np.ndarray:
    episodes = Episodes.of_one(ratings, dict.fromkeys(shown, 4), query=ratings.items.index)
    return model.predict(episodes)[0]


def people(lengths: list[int]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Histories of these lengths in which every item of everybody is another one."""
    starts = np.cumsum([0, *lengths])[:-1]
    return starts, [start + np.arange(n) for start, n in zip(starts, lengths, strict=True)]


def guesses(model, ratings: Ratings, *shown: int) -> int:
    """The item with the best score among those not shown."""
    scores = after(model, ratings, *shown)
    scores[np.array(shown) - 1] = -np.inf
    return int(scores.argmax()) + 1
