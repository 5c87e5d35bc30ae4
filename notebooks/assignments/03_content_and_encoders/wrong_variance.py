"""Divides by the variance of each direction: the small directions shout.

Loses: question 4, clouds with a common direction
"""

import numpy as np


def open_cone(archive, new, n):
    def cosines(rows):
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return rows @ rows.T

    values, vectors = np.linalg.eigh(np.cov(archive, rowvar=False))
    kept = np.flatnonzero(values > 1e-10 * values.max())[::-1][:n]
    white = (new - archive.mean(axis=0)) @ vectors[:, kept] / values[kept]
    pairs = np.triu_indices(len(new), 1)
    return cosines(new)[pairs].mean(), cosines(white)[pairs].mean(), cosines(white)
