"""Divides by the width of the array: people with few ratings seem well served.

Loses: question 1, members with different numbers of films
"""

import numpy as np


def rmse_per_person(predicted, true, mask):
    return np.sqrt(np.mean(np.where(mask, predicted - true, 0.0) ** 2, axis=1))
