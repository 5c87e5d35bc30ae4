"""Ratings that a linear model over genres has made."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Ratings, item_features

GENRES = ("Action", "Comedy", "Drama", "War")


@pytest.fixture(scope="module")
def simulated() -> tuple[Ratings, np.ndarray, np.ndarray]:
    """Ratings of the model itself: 400 people, 60 films, true prior mean and covariance."""
    generator = np.random.default_rng(0)
    has = generator.random((60, len(GENRES))) < 0.4
    films = pd.DataFrame({"genres": ["|".join(np.array(GENRES)[row]) for row in has]})
    films.index = np.arange(60) + 1
    users, items = np.repeat(np.arange(400), 60), np.tile(np.arange(60), 400)
    bare = pd.DataFrame({"user": users, "item": items + 1, "rating": 50.0})
    content = item_features(Ratings.from_table(bare, films, scale=(0, 100)), ["genres"]).values
    content = np.column_stack([np.ones(60), content])
    mean, root = np.array([0, 1, -1, 0.5, 0]), generator.normal(size=(5, 5))
    covariance = root @ root.T / 5 + 0.2 * np.eye(5)
    z = generator.multivariate_normal(mean, covariance, 400)
    truth = 50 + (z @ content.T).ravel() + generator.normal(0, 0.7, len(users))
    table = bare.assign(rating=truth)
    return Ratings.from_table(table, films, scale=(0, 100)), mean, covariance
