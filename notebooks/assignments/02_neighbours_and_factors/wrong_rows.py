"""Divides each row of the inverse by its diagonal number instead of each column.

Loses: question 3, a wall of games
"""

import numpy as np


def ease(likes, penalty):
    y = likes.astype(float)
    inverse = np.linalg.inv(y.T @ y + penalty * np.eye(y.shape[1]))
    weights = -inverse / np.diag(inverse)[:, None]
    np.fill_diagonal(weights, 0)
    return weights
