"""Data that many tests read; loaded once a session, never changed."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Ratings, movielens_100k, movielens_2016


@pytest.fixture(scope="session")
def ml100k() -> Ratings:
    return movielens_100k()


@pytest.fixture(scope="session")
def ml2016() -> Ratings:
    return movielens_2016()


def simulate(n_users: int = 60, n_items: int = 80, seed: int = 0, times: bool = True) -> Ratings:
    """Small made-up ratings: item quality, mild and harsh users, one taste; 40 ratings a user."""
    generator = np.random.default_rng(seed)
    quality, taste = generator.normal(size=n_items), generator.normal(size=(n_users, 1))
    trait = generator.normal(size=n_items)
    mildness = generator.normal(0, 0.5, (n_users, 1))
    truth = (
        3
        + 0.6 * quality
        + mildness
        + 0.5 * taste * trait
        + generator.normal(0, 0.4, (n_users, n_items))
    )
    rows = [
        (u, i)
        for u in range(n_users)
        for i in generator.choice(n_items, min(40, n_items), replace=False)
    ]
    users, items = np.array(rows).T
    table = pd.DataFrame({"user": users + 1, "item": items + 101})
    table["rating"] = np.clip(np.rint(truth[users, items]), 1, 5)
    if times:
        table["timestamp"] = generator.permutation(len(table)) + 880_000_000
    catalogue = pd.DataFrame(
        {"title": [f"Film {i}" for i in range(n_items)], "year": 1990},
        index=np.arange(n_items) + 101,
    )
    return Ratings.from_table(table, catalogue, name="made up")


@pytest.fixture(scope="session")
def made_up() -> Ratings:
    return simulate()
