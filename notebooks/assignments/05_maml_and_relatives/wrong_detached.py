"""Treats the step as a constant, as a program does that keeps no graph of it: both gradients are FOMAML's.

Loses: question 2, batches of wearers
"""

import numpy as np


def where_to_move(start, x, y, asked_x, asked_y, rate, damping):
    first = []
    for a, r, b, s in zip(x, y, asked_x, asked_y):
        a, r, b, s = a[~np.isnan(r)], r[~np.isnan(r)], b[~np.isnan(s)], s[~np.isnan(s)]
        end = start + rate * 2 * a.T @ (r - a @ start) / max(len(r) + damping, 1)
        first.append(2 * b.T @ (b @ end - s) / len(s))
    return np.mean(first, axis=0), np.mean(first, axis=0)
