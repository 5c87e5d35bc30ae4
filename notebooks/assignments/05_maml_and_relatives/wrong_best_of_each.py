"""The mean of the wearers' own least squares: as if all steps arrived, and all traits were heard.

Loses: question 3, a few steps
"""

import numpy as np


def reptile_settles(x, y, rate, damping, steps):
    best = []
    for a, r in zip(x, y):
        a, r = a[~np.isnan(r)], r[~np.isnan(r)]
        best.append(np.linalg.pinv(a) @ r)
    return np.mean(best, axis=0)
