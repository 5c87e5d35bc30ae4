"""Divides by the number of ratings, also where there is none: nan for a book that nobody has rated.

Loses: question 1, books without ratings
"""

import numpy as np


def book_means(stars, shrinkage):
    overall, counts = np.nanmean(stars), (~np.isnan(stars)).sum(axis=0)
    return (np.nansum(stars, axis=0) + shrinkage * overall) / (counts + shrinkage)
