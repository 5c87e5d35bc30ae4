"""The interval holds her mean rating of such a book, not her next one: the noise is forgotten.

Loses: question 2, newcomers with some ratings
Loses: question 2, nothing said
"""

import numpy as np
from scipy.stats import norm


def newcomer(x, y, new, mean, covariance, noise, level):
    shared = covariance @ x.T
    gain = np.linalg.solve(x @ shared + noise * np.eye(len(x)), shared.T).T
    middle = new @ (mean + gain @ (y - x @ mean))
    left = covariance - gain @ shared.T
    width = norm.ppf((1 + level) / 2) * np.sqrt(np.maximum(np.sum(new @ left * new, axis=1), 0))
    return middle, middle - width, middle + width
