"""Leaves out the first place of the array, which is padding where padding stands left.

Loses: question 3, the first token left out
"""

import numpy as np


def pool(hidden, mask, skip_first):
    kept = mask.copy()
    if skip_first:
        kept[mask.sum(axis=1) > 1, 0] = False
    total = np.where(kept[:, :, None], hidden, 0.0).sum(axis=1)
    return total / np.maximum(kept.sum(axis=1, keepdims=True), 1)
