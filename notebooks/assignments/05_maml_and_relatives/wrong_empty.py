"""Divides nothing by nothing where there is neither a judgement nor a damping.

Loses: question 2, wearers who have judged nothing
"""

import numpy as np


def where_to_move(start, x, y, asked_x, asked_y, rate, damping):
    full, first = [], []
    for a, r, b, s in zip(x, y, asked_x, asked_y):
        a, r, b, s = a[~np.isnan(r)], r[~np.isnan(r)], b[~np.isnan(s)], s[~np.isnan(s)]
        scale = 2 / (len(r) + damping)
        end = start + rate * scale * a.T @ (r - a @ start)
        first.append(2 * b.T @ (b @ end - s) / len(s))
        full.append(first[-1] - rate * scale * a.T @ (a @ first[-1]))
    return np.mean(full, axis=0), np.mean(first, axis=0)
