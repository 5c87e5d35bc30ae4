"""Divides by the lengths over all ratings of a game: what was not shared counts as disagreement.

Loses: question 1, members with many and with few ratings
"""

import numpy as np


def similarities(residuals, shrinkage):
    there = (~np.isnan(residuals)).astype(float)
    filled = np.nan_to_num(residuals)
    shared = there.T @ there
    length = np.linalg.norm(filled, axis=0)
    length = np.outer(length, length)
    cosine = np.divide(filled.T @ filled, length, out=np.zeros_like(length), where=length > 0)
    trust = np.divide(shared, shared + shrinkage, out=np.zeros_like(shared), where=shared > 0)
    np.fill_diagonal(cosine, 0)
    return trust * cosine
