"""Takes the covariance about the mean, as one does for principal components.

Loses: question 4, inputs that differ by direction
Loses: question 4, inputs with a common part
"""

import numpy as np


def through(change, x, rank):
    values, vectors = np.linalg.eigh(np.cov(x, rowvar=False))
    root, back = vectors * np.sqrt(values) @ vectors.T, vectors / np.sqrt(values) @ vectors.T

    def cut(matrix, r):
        left, size, right = np.linalg.svd(matrix, full_matrices=False)
        return left[:, :r] * size[:r] @ right[:r]

    def error(low):
        return np.mean(np.sum((x @ (change - low).T) ** 2, axis=1))

    ranks = range(1 + min(change.shape))
    best = [cut(change @ root, r) @ back for r in ranks]
    return best[rank], np.array([*map(error, best)]), np.array([error(cut(change, r)) for r in ranks])
