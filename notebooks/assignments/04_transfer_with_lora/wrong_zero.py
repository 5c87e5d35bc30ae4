"""Shrinks to zero, as every ridge regression does that nobody tells where home is.

Loses: question 5, readers with one rating and with many
"""

import numpy as np


def begin_at_home(x, y, reader, home, strengths, new):
    def fit(rows, strength):
        if np.isinf(strength):
            return home
        return np.linalg.solve(x[rows].T @ x[rows] + strength * np.eye(len(home)), x[rows].T @ y[rows])

    def error(strength):
        out = [reader == one for one in np.unique(reader)]
        return np.mean([np.mean((y[o] - x[o] @ fit(~o, strength)) ** 2) for o in out])

    best = min(strengths, key=error)
    return best, error(best), new @ fit(reader == reader, best)
