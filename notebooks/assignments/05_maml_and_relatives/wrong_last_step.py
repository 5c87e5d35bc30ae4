"""The size is differentiated in the last step alone, as if the earlier steps were given.

Loses: question 4, several steps
"""

import numpy as np


def through_steps(start, sizes, x, y, asked_x, asked_y, damping, steps):
    scale = 2 / max(len(x) + damping, 1)
    theta, kept = start, np.eye(len(start))
    slope = np.zeros(len(start))
    for _ in range(steps):
        slope = scale * x.T @ (x @ theta - y)
        theta = theta - sizes * slope
        kept = kept - sizes[:, None] * (scale * x.T @ (x @ kept))
    query = 2 * asked_x.T @ (asked_x @ theta - asked_y) / len(asked_x)
    return query @ kept, -slope * query
