"""Drops readers without ratings, for they have nothing to say.

Loses: question 3, readers without ratings
"""

import numpy as np


def learn_prior(x, y, steps):
    d = x.shape[1]
    y = y[~np.isnan(y).all(axis=1)]
    return _em(x, y, (np.zeros(d), np.eye(d), 1.0), steps)
