"""Takes the measured score of the winner for its true one, less the noise, as if luck did not help to win.

Loses: question 5, fields of all sizes
"""

import math

import numpy as np
from scipy.stats import norm


def winner(n, spread, noise, people):
    z = np.linspace(-12, 12, 40_001)
    largest = float((n * z * norm.pdf(z) * norm.cdf(z) ** (n - 1)).sum() * (z[1] - z[0]))
    return math.hypot(spread, noise / math.sqrt(people)) * largest, spread * largest, spread * largest
