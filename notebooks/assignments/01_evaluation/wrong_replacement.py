"""Draws the sampled films with replacement: nearly right on a large shelf, wrong on a small one.

Loses: question 6, the shelf of the Lantern
"""

import numpy as np
from scipy import stats


def chance_of_hit(places, n_films, n_sampled, k):
    return stats.binom.cdf(k - 1, n_sampled, (np.asarray(places) - 1) / (n_films - 1))
