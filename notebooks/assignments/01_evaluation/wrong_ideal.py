"""Compares the list with the best order of the same k films, so a list of bad films is perfect.

Loses: question 2, longer lists
"""

import numpy as np


def ndcg(scores, ratings, k):
    gains = (2.0**ratings - 1)[np.argsort(-scores)][:k]
    discount = 1 / np.log2(np.arange(2, len(gains) + 2))
    best = np.sort(gains)[::-1] @ discount
    return gains @ discount / best if best > 0 else np.nan
