"""Leaves out single ratings: the reader's other ratings vouch for the one that is asked.

Loses: question 5, readers with one rating and with many
"""

import numpy as np


def begin_at_home(x, y, reader, home, strengths, new):
    surprise, best = y - x @ home, (np.inf,)
    for strength in strengths:
        fit = np.zeros(x.T.shape)
        if np.isfinite(strength):
            fit = np.linalg.solve(x.T @ x + strength * np.eye(len(home)), x.T)
        hat = x @ fit
        left = (surprise - hat @ surprise) / (1 - np.diag(hat))
        error = np.mean([np.mean(left[reader == one] ** 2) for one in np.unique(reader)])
        best = min(best, (error, strength, new @ (home + fit @ surprise)), key=lambda found: found[0])
    return best[1], best[0], best[2]
