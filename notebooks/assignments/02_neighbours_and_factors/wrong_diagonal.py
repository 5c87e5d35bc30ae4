"""Corrects the numerator for the member who is left out, and forgets the diagonal below it.

Loses: question 6, walls of all sizes
"""

import numpy as np


def honest_errors(likes, penalty):
    y = likes.astype(float)
    inverse = np.linalg.inv(y.T @ y + penalty * np.eye(y.shape[1]))
    q = y @ inverse
    h = (y * q).sum(axis=1, keepdims=True)
    return ((q / (1 - h) / np.diag(inverse)) ** 2).mean(axis=1)
