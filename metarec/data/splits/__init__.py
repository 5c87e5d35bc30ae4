"""Splits of ratings, one a protocol: people shown few ratings, and the field's classic ones."""

from metarec.data.splits.classic import Holdout, new_items, next_item, rating_folds, top_n
from metarec.data.splits.few_shot import (
    DRAWS,
    K_SHOTS,
    POOL,
    SEED,
    Task,
    another_population,
    both_new,
    newcomers,
    people,
    permuted,
)

__all__ = [
    "DRAWS",
    "K_SHOTS",
    "POOL",
    "SEED",
    "Holdout",
    "Task",
    "another_population",
    "both_new",
    "new_items",
    "newcomers",
    "next_item",
    "people",
    "permuted",
    "rating_folds",
    "top_n",
]
