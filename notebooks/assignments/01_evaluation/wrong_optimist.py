"""Counts only higher scores: whoever gives every film the same score is always right.

Loses: question 3, equal scores
"""

import numpy as np


def expected_place(scores, film):
    return 1.0 + np.sum(scores > scores[film])
