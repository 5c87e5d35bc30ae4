"""Scores everybody by weights that were learned from everybody: the error of the past.

Loses: question 6, walls of all sizes
"""

import numpy as np


def honest_errors(likes, penalty):
    y = likes.astype(float)
    inverse = np.linalg.inv(y.T @ y + penalty * np.eye(y.shape[1]))
    return ((y @ inverse / np.diag(inverse)) ** 2).mean(axis=1)
