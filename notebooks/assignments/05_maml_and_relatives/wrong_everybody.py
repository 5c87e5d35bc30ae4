"""Trains on everybody's judgements, which is where Reptile settles with one step only.

Loses: question 3, a few steps
"""

import numpy as np


def reptile_settles(x, y, rate, damping, steps):
    left, right = 0.0, 0.0
    for a, r in zip(x, y):
        a, r = a[~np.isnan(r)], r[~np.isnan(r)]
        left = left + a.T @ a / max(len(r) + damping, 1)
        right = right + a.T @ r / max(len(r) + damping, 1)
    return np.linalg.solve(left, right)
