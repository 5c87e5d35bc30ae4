"""Gradient steps against finite differences and one step worked out in NumPy."""

import numpy as np
import scipy.optimize

from metarec.models import BiasedMF
from metarec.models.factorization.sgd import _gradient


def test_the_steps_of_descent_are_the_gradient():
    generator = np.random.default_rng(3)
    surplus, start = 0.8, generator.normal(size=6)

    def loss(both):
        z, w = both[:3], both[3:]
        error = surplus - z[0] - w[0] - z[1:] @ w[1:]
        return 0.5 * (error**2 + 0.3 * (both**2).sum())

    _, step_z, step_w = _gradient(np.array([surplus]), start[None, :3], start[None, 3:], 0.3)
    expected = -scipy.optimize.approx_fprime(start, loss, 1e-7)
    np.testing.assert_allclose(np.concatenate([step_z[0], step_w[0]]), expected, atol=1e-5)


def test_ratings_of_one_batch_that_share_a_user_all_count(ratings):
    """With one batch an epoch, the first epoch is one step of plain gradient descent."""
    model = BiasedMF(n_factors=1, lr=0.01, regularization=0, n_epochs=1, batch_size=10**6)
    model.fit(ratings)
    users, items = ratings.positions()
    surplus = ratings.table["rating"].to_numpy() - ratings.table["rating"].mean()
    generator = np.random.default_rng(0)
    z, w = generator.normal(0, 0.1, (15, 2)), generator.normal(0, 0.1, (10, 2))
    z[:, 0] = w[:, 0] = w[9] = 0
    error = surplus - z[users, 1] * w[items, 1]
    step = np.bincount(items, error * z[users, 1], 10)
    np.testing.assert_allclose(model.item_factors_[:-1, 1], w[:, 1] + 0.01 * step, atol=1e-6)


def test_the_loop_s_training_error_falls(ratings):
    model = BiasedMF(n_factors=2, lr=0.1, regularization=0, n_epochs=40, batch_size=8)
    losses = model.fit(ratings).losses_
    assert losses.shape == (40,)
    assert losses[-1] < 0.9 * losses[0]
