"""Learns each newcomer's taste from her stars alone, by a ridge regression: what people are like is not used.

Loses: question 6, valleys of 120 readers
"""

import numpy as np


def recommend(stars, facts, supports, asked):
    level, x = book_means(stars, 5), np.column_stack([np.ones(len(facts)), facts])
    alone = np.zeros(7), np.eye(7) / 6, 1.0
    return _served(x, level, alone, supports, asked)
