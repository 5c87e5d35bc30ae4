"""Computes the covariance as a difference of two large numbers.

Loses: question 4, one huge common part
"""

import numpy as np


def open_cone(archive, new, n):
    def cosines(rows):
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return rows @ rows.T

    mean = archive.mean(axis=0)
    values, vectors = np.linalg.eigh(archive.T @ archive / len(archive) - np.outer(mean, mean))
    kept = np.flatnonzero(values > 1e-10 * values.max())[::-1][:n]
    white = (new - mean) @ vectors[:, kept] / np.sqrt(values[kept])
    pairs = np.triu_indices(len(new), 1)
    return cosines(new)[pairs].mean(), cosines(white)[pairs].mean(), cosines(white)
