"""Chooses the numbers for each wearer anew: no device could know them, and the error is too small.

Loses: question 6, plain steps
"""

import numpy as np


def steps_reach(supports, asked, covariance, noise, damping, shape, most):
    weight = asked.T @ asked / len(asked)
    nothing = np.sum(weight * covariance)
    found, known = np.zeros(most + 1), 0.0
    for x in supports:
        scale = 2 / max(len(x) + damping, 1)
        told, spread = x @ covariance @ weight, x @ covariance @ x.T + noise * np.eye(len(x))
        ways = [scale * shape @ x.T]
        for _ in range(most - 1):
            ways.append(scale * shape @ x.T @ x @ ways[-1])
        gain = np.array([np.sum(w.T * told) for w in ways])
        cost = np.array([[np.sum(weight @ v @ spread * w) for v in ways] for w in ways])
        for n in range(1, most + 1):
            found[n] += gain[:n] @ np.linalg.pinv(cost[:n, :n]) @ gain[:n]
        known += np.sum(told * np.linalg.solve(spread, x @ covariance))
    return nothing - found / len(supports), nothing - known / len(supports)
