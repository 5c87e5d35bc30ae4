"""Centres the new programmes by their own mean: a Monday of better programmes cannot exist.

Loses: question 5, tables that are tall and tables that are wide
"""

import numpy as np


def head(x, y, penalty, new):
    x, new = x - x.mean(axis=0), new - new.mean(axis=0)
    if len(x) < x.shape[1]:
        weights = x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), y - y.mean())
    else:
        weights = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ (y - y.mean()))
    return y.mean() + new @ weights
