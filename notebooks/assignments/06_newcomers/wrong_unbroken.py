"""A pair with equal scores counts as wrong.

Loses: question 4, scores that are equal
"""

import numpy as np


def compare(first, second, truth, draws):
    def score(scores):
        said, meant = (a[:, :, None] > a[:, None, :] for a in (scores, truth))
        counts = meant.sum(axis=(1, 2))
        return np.where(counts > 0, (said & meant).sum(axis=(1, 2)) / np.maximum(counts, 1), np.nan)

    each = score(first) - score(second)
    low, high = np.percentile(np.nanmean(each[draws], axis=1), [2.5, 97.5])
    return float(np.nanmean(each)), float(low), float(high)
