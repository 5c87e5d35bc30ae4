"""Counts all pairs of all newcomers in one heap: who has many different stars weighs more.

Loses: question 4, newcomers and samples
"""

import numpy as np


def compare(first, second, truth, draws):
    def points(scores):
        said, meant = (np.sign(a[:, :, None] - a[:, None, :]) for a in (scores, truth))
        return np.where(meant > 0, (said + 1) / 2, 0).sum(axis=(1, 2)), (meant > 0).sum(axis=(1, 2))

    (one, pairs), (two, _) = points(first), points(second)
    means = (one - two)[draws].sum(axis=1) / pairs[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float((one - two).sum() / pairs.sum()), float(low), float(high)
