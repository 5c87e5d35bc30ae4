"""Linear algebra of histories against dense arrays and one system of equations a row."""

import numpy as np
import scipy.sparse

from metarec.data import Ratings
from metarec.models import linalg


def test_many_ridge_regressions_are_each_solved_by_its_own_equations():
    generator = np.random.default_rng(0)
    weights = generator.random((40, 7)) * (generator.random((40, 7)) < 0.4)
    weights[3] = 0
    x, shift, penalty = (generator.normal(size=s) ** 2 for s in ((7, 3), (40, 3), (40, 3)))
    expected = [
        np.linalg.solve(np.eye(3) + (x.T * weights[n]) @ x + np.diag(penalty[n]), shift[n])
        for n in range(40)
    ]
    solved = linalg.ridge(scipy.sparse.csr_array(weights), x, shift, penalty, np.eye(3))
    np.testing.assert_allclose(solved, expected, atol=1e-12)


ROWS = np.array([[2, -1, -1, 0], [1, 1, 0, 0]])
MASK = np.array([[True, True, True, False], [True, False, False, False]])
VALUES = np.array([[5.0, 1.0, 2.0, 9.0], [4.0, 9.0, 9.0, 9.0]])


def test_a_history_keeps_every_unseen_item_as_an_entry_of_the_last_column():
    found = linalg.histories(ROWS, MASK, VALUES, 3)
    assert found.toarray().tolist() == [[0, 0, 5, 3], [0, 4, 0, 0]]
    assert np.diff(found.indptr).tolist() == [3, 1]
    assert linalg.filled(found).toarray().tolist() == [[0, 0, 1, 2], [0, 1, 0, 0]]


def test_items_that_somebody_shows_are_the_columns():
    scores, seen, shown = linalg.shown_items(ROWS, MASK, VALUES)
    assert shown.tolist() == [-1, 1, 2]
    assert scores.toarray().tolist() == [[3, 0, 5], [0, 4, 0]]
    assert seen.toarray().tolist() == [[2, 0, 1], [0, 1, 0]]


def test_sums_of_symmetric_matrices_are_those_of_einsum():
    generator = np.random.default_rng(0)
    roots = generator.normal(size=(6, 3, 3))
    matrices = roots + roots.transpose(0, 2, 1)
    seen = generator.random((4, 6)) * (generator.random((4, 6)) < 0.5)
    expected = np.einsum("ni,ijk->njk", seen, matrices)
    np.testing.assert_allclose(linalg.sums(scipy.sparse.csr_array(seen), matrices), expected)


def test_likes_are_ones(made_up: Ratings):
    dense = made_up.matrix().toarray()
    assert (linalg.liked(made_up, 4).toarray() == (dense >= 4)).all()
