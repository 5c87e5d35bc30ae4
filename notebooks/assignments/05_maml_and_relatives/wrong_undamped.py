"""Takes the mean over the judgements: the damping is forgotten, and one judgement is believed like ten.

Loses: question 1, ways of a few steps
"""

import numpy as np


def walk(start, x, y, rate, damping, steps):
    way = [start]
    for _ in range(steps):
        slope = -2 * x.T @ (y - x @ way[-1]) / max(len(x), 1)
        way.append(way[-1] - rate * slope)
    return np.array(way)
