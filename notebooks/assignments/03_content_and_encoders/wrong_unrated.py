"""Takes everything that was not liked for disliked, the unrated archive included.

Loses: question 2, listeners who liked and disliked
"""

import numpy as np


def monday_list(archive, stars, new, dislike_weight, k):
    liked = stars >= 4
    profile = np.zeros(archive.shape[1])
    if liked.any():
        profile += archive[liked].mean(axis=0)
    profile -= dislike_weight * archive[~liked].mean(axis=0)
    length = np.linalg.norm(new, axis=1)
    scores = new @ profile / np.where(length > 0, length, 1)
    return np.argsort(-scores, kind="stable")[:k]
