"""Ratings that the factorization of stars is tried on."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Ratings


@pytest.fixture
def ratings() -> Ratings:
    """Fifteen people, nine items, half of the ratings; nobody rated item 9, user 0 rated all."""
    generator = np.random.default_rng(1)
    users, items = np.nonzero(generator.random((15, 9)) < 0.5)
    users, items = np.append(users[users > 0], [0] * 9), np.append(items[users > 0], range(9))
    table = pd.DataFrame({"user": users, "item": items})
    table["rating"] = generator.integers(1, 6, len(table)).astype(float)
    return Ratings.from_table(table, items=pd.DataFrame(index=range(10)))
