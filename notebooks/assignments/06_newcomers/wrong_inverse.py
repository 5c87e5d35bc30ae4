"""Inverts the covariance, as the chapter's formula is written: a direction without spread has no inverse.

Loses: question 2, directions in which all people are alike
"""

import numpy as np
from scipy.stats import norm


def newcomer(x, y, new, mean, covariance, noise, level):
    precision = np.linalg.inv(covariance)
    left = np.linalg.inv(precision + x.T @ x / noise)
    middle = new @ left @ (precision @ mean + x.T @ y / noise)
    width = norm.ppf((1 + level) / 2) * np.sqrt(np.sum(new @ left * new, axis=1) + noise)
    return middle, middle - width, middle + width
