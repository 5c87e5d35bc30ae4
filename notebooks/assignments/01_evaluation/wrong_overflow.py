"""Numbers of ways as floating-point numbers: they overflow in a large catalogue.

Loses: question 6, a million films
"""

import numpy as np
from scipy.special import comb


def chance_of_hit(places, n_films, n_sampled, k):
    found = [
        sum(comb(p - 1, n) * comb(n_films - p, n_sampled - n) for n in range(k))
        / comb(n_films - 1, n_sampled)
        for p in places
    ]
    return np.array(found)
