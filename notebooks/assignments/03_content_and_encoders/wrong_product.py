"""Ranks by the dot product: long vectors come first.

Loses: question 2, listeners who liked and disliked
"""

import numpy as np


def monday_list(archive, stars, new, dislike_weight, k):
    profile = np.zeros(archive.shape[1])
    for group, weight in ((stars >= 4, 1.0), (stars < 4, -dislike_weight)):
        if group.any():
            profile += weight * archive[group].mean(axis=0)
    return np.argsort(-(new @ profile), kind="stable")[:k]
