"""Takes the slope once, at the start, and walks on with it.

Loses: question 1, ways of a few steps
"""

import numpy as np


def walk(start, x, y, rate, damping, steps):
    slope = -2 * x.T @ (y - x @ start) / max(len(x) + damping, 1)
    return np.array([start - t * rate * slope for t in range(steps + 1)])
