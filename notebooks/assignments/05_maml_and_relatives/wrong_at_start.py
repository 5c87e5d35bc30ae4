"""Takes the query's slope at the start, as if nobody had adapted.

Loses: question 2, batches of wearers
"""

import numpy as np


def where_to_move(start, x, y, asked_x, asked_y, rate, damping):
    full, first = [], []
    for a, r, b, s in zip(x, y, asked_x, asked_y):
        a, r, b, s = a[~np.isnan(r)], r[~np.isnan(r)], b[~np.isnan(s)], s[~np.isnan(s)]
        slope = 2 * b.T @ (b @ start - s) / len(s)
        first.append(slope)
        full.append(slope - rate * 2 * a.T @ (a @ slope) / max(len(r) + damping, 1))
    return np.mean(full, axis=0), np.mean(first, axis=0)
