"""Ridge regression of all games on all games, with the diagonal set to zero afterwards.

Loses: question 3, a wall of games
"""

import numpy as np


def ease(likes, penalty):
    y = likes.astype(float)
    gram = y.T @ y
    weights = np.linalg.solve(gram + penalty * np.eye(len(gram)), gram)
    np.fill_diagonal(weights, 0)
    return weights
