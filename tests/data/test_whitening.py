"""Whitened vectors are round, and are made from the directions that vary most."""

import numpy as np
import pytest

from metarec.data import whiten


def test_whitened_vectors_are_round_and_keep_the_loudest_directions():
    vectors = np.random.default_rng(0).normal(size=(200, 3)) * [1.0, 9.0, 0.1] + 5
    white = whiten(vectors, 2)
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(white.T @ white / 200, np.eye(2), atol=1e-12)
    loudest = np.corrcoef(white[:, 0], vectors[:, 1])[0, 1]
    assert abs(loudest) > 0.99


def test_more_directions_than_there_are_is_refused():
    flat = np.outer(np.arange(9.0), [1, 2, 3])  # all on one line
    with pytest.raises(ValueError, match="n 2 is not between 1 and 1"):
        whiten(flat, 2)
