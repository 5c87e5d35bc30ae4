"""Gives the regression the true gap, which nobody knows: the crossing is then 1 for everybody.

Loses: question 6, assumptions of all kinds
"""

import numpy as np


def where_home_hurts(shown, asked, spread, noise, assumed, gaps):
    def risks(gap):
        prior = gap * spread
        left = shown * prior @ shown.T + noise * np.eye(len(shown))
        reach = np.linalg.solve(left, shown * prior @ asked.T).T
        told, steady = reach @ shown, noise * np.mean(np.sum(reach**2, axis=1))
        return np.mean((told - asked) ** 2 @ prior) + steady, np.mean(told**2 @ prior) + steady

    error, lost = np.array([risks(gap) for gap in gaps]).T
    return risks(1.0)[0], error, lost, 1.0
