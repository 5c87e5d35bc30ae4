"""Believes the supplier: the singular values of the change, whatever the inputs are.

Loses: question 4, inputs that differ by direction
"""

import numpy as np


def through(change, x, rank):
    left, size, right = np.linalg.svd(change, full_matrices=False)
    cut = [left[:, :r] * size[:r] @ right[:r] for r in range(len(size) + 1)]
    errors = np.array([np.mean(np.sum((x @ (change - low).T) ** 2, axis=1)) for low in cut])
    return cut[rank], errors, errors
