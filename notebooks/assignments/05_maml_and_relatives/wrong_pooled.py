"""One mean over all query judgements of the batch: who is asked much counts much.

Loses: question 2, batches of wearers
"""

import numpy as np


def where_to_move(start, x, y, asked_x, asked_y, rate, damping):
    full, first = 0.0, 0.0
    for a, r, b, s in zip(x, y, asked_x, asked_y):
        a, r, b, s = a[~np.isnan(r)], r[~np.isnan(r)], b[~np.isnan(s)], s[~np.isnan(s)]
        scale = 2 / max(len(r) + damping, 1)
        end = start + rate * scale * a.T @ (r - a @ start)
        slope = 2 * b.T @ (b @ end - s)
        first = first + slope
        full = full + slope - rate * scale * a.T @ (a @ slope)
    asked = np.sum(~np.isnan(asked_y))
    return full / asked, first / asked
