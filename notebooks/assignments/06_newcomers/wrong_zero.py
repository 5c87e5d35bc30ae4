"""Shrinks the mean of a book towards zero stars: who is rated by few looks bad.

Loses: question 1, books with many and with few ratings
"""

import numpy as np


def book_means(stars, shrinkage):
    rated = ~np.isnan(stars)
    return np.where(rated, stars, 0).sum(axis=0) / np.maximum(rated.sum(axis=0) + shrinkage, 1e-9)
