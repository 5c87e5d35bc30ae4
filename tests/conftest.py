"""Data that many tests read; loaded once a session, never changed."""

import pytest

from metarec import testing
from metarec.data import Ratings, movielens_100k, movielens_2016


@pytest.fixture(scope="session")
def ml100k() -> Ratings:
    return movielens_100k()


@pytest.fixture(scope="session")
def ml2016() -> Ratings:
    return movielens_2016()


@pytest.fixture(scope="session")
def made_up() -> Ratings:
    return testing.made_up()
