"""Takes the mean over all ratings: a reader with many counts for many.

Loses: question 5, readers with one rating and with many
"""

import numpy as np


def begin_at_home(x, y, reader, home, strengths, new):
    surprise = y - x @ home

    def fit(rows, strength):
        if np.isinf(strength):
            return np.zeros(len(home))
        left = x[rows].T @ x[rows] + strength * np.eye(len(home))
        return np.linalg.solve(left, x[rows].T @ surprise[rows])

    def error(strength):
        out = [reader == one for one in np.unique(reader)]
        return np.mean(np.concatenate([(surprise[o] - x[o] @ fit(~o, strength)) ** 2 for o in out]))

    best = min(strengths, key=error)
    return best, error(best), new @ (home + fit(reader == reader, best))
