"""A column of ones like any other: the level of all ratings is pulled to zero.

Loses: question 5, tables that are tall and tables that are wide
"""

import numpy as np


def head(x, y, penalty, new):
    x, new = (np.column_stack([np.ones(len(rows)), rows]) for rows in (x, new))
    if len(x) < x.shape[1]:
        return new @ x.T @ np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), y)
    return new @ np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
