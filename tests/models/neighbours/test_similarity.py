"""Similarities and means over neighbours against SciPy and a loop in plain Python."""

import numpy as np
import pytest
import scipy.sparse
import scipy.stats

from metarec.models.neighbours.similarity import neighbour_mean, similarities

GENERATOR = np.random.default_rng(0)
DENSE = np.where(GENERATOR.random((12, 9)) < 0.7, GENERATOR.integers(1, 6, (12, 9)), 0.0)


def shared(a, b):
    both = (a > 0) & (b > 0)
    return a[both], b[both]


@pytest.mark.parametrize("shrinkage", [0, 3])
def test_pearson_is_scipys_over_shared_ratings(shrinkage):
    found = similarities(*[scipy.sparse.csr_array(DENSE)] * 2, shrinkage, centred=True)
    for u in range(12):
        for v in range(12):
            x, y = shared(DENSE[u], DENSE[v])
            if len(x) > 1 and np.ptp(x) and np.ptp(y):
                expected = scipy.stats.pearsonr(x, y)[0] * len(x) / (len(x) + shrinkage)
                assert found[u, v] == pytest.approx(expected)
            else:
                assert found[u, v] == 0


def test_cosine_looks_at_shared_ratings_only():
    a, b = np.array([[3.0, 4.0, 5.0]]), np.array([[4.0, 3.0, 0.0]])
    found = similarities(scipy.sparse.csr_array(a), scipy.sparse.csr_array(b), 2, centred=False)
    assert found == pytest.approx(np.array([[24 / 25 * 2 / 4]]))


def test_a_stored_zero_is_a_rating():
    zero = scipy.sparse.csr_array(([0.0, 2.0], ([0, 0], [0, 1])), shape=(1, 2))
    one = scipy.sparse.csr_array(([3.0, 4.0], ([0, 0], [0, 1])), shape=(1, 2))
    assert similarities(zero, one, 0, centred=False)[0, 0] == pytest.approx(4 / 5)


@pytest.mark.parametrize("n_neighbours", [1, 3, 100])
def test_the_mean_over_neighbours_is_that_of_a_loop(n_neighbours):
    table = scipy.sparse.csr_array(np.where(DENSE > 0, DENSE - 3.1, 0))  # [lists, columns]
    similarity = GENERATOR.normal(size=(7, 9))
    rows, lists = GENERATOR.integers(0, 7, 500), GENERATOR.integers(0, 12, 500)
    found = neighbour_mean(similarity, rows, table, lists, n_neighbours, damping=0.5)
    for row, chosen, mean in zip(rows, lists, found, strict=True):
        columns, values = table[[chosen]].indices, table[[chosen]].data
        weight = np.maximum(similarity[row, columns], 0)
        best = np.argsort(-weight)[:n_neighbours]
        assert mean == pytest.approx(weight[best] @ values[best] / (weight[best].sum() + 0.5))


def test_an_empty_list_changes_nothing():
    table = scipy.sparse.csr_array((1, 2))
    assert neighbour_mean(np.ones((1, 2)), np.array([0]), table, np.array([0]), 1, 0.0) == 0
