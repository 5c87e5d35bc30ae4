"""Silences the padding, but still divides by all places.

Loses: question 3, padding on both sides
"""

import numpy as np


def pool(hidden, mask, skip_first):
    hidden = np.where(mask[:, :, None], hidden, 0.0)
    return hidden[:, int(skip_first):].mean(axis=1)
