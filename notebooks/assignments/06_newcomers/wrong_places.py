"""Returns places, the best first: the best book has the lowest number.

Loses: question 6, valleys of 120 readers
Loses: question 6, valleys of 40 readers
"""

import numpy as np


def recommend(stars, facts, supports, asked):
    level, x = book_means(stars, 5), np.column_stack([np.ones(len(facts)), facts])
    scores = _served(x, level, learn_prior(x, stars - level, 30), supports, asked)
    return np.argsort(np.argsort(-scores, axis=1), axis=1)
