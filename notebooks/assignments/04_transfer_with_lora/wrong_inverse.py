"""Inverts the prior's covariance: to assume no gap is to divide by zero.

Loses: question 6, home as it is
"""

import numpy as np


def where_home_hurts(shown, asked, spread, noise, assumed, gaps):
    def parts(gap):
        left = shown.T @ shown / noise + np.linalg.inv(np.diag(gap * spread))
        reach = asked @ np.linalg.solve(left, shown.T / noise)
        told, steady = reach @ shown, noise * np.mean(np.sum(reach**2, axis=1))
        return steady, np.mean((told - asked) ** 2 @ spread), np.mean(told**2 @ spread)

    alone = sum(parts(1.0)[:2])
    steady, slope, moved = parts(assumed)
    return alone, steady + gaps * slope, steady + gaps * moved, (alone - steady) / slope
