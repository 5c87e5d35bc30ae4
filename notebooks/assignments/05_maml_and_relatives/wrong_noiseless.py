"""Forgets that the judgements are noisy: the steps are chosen too long, and promise too much.

Loses: question 6, plain steps
"""

import numpy as np


def steps_reach(supports, asked, covariance, noise, damping, shape, most):
    weight = asked.T @ asked / len(asked)
    nothing = np.sum(weight * covariance)
    gain, cost, known = np.zeros(most), np.zeros((most, most)), 0.0
    for x in supports:
        scale = 2 / max(len(x) + damping, 1)
        told, signal = x @ covariance @ weight, x @ covariance @ x.T
        ways = [scale * shape @ x.T]
        for _ in range(most - 1):
            ways.append(scale * shape @ x.T @ x @ ways[-1])
        gain += np.array([np.sum(w.T * told) for w in ways])
        cost += np.array([[np.sum(weight @ v @ signal * w) for v in ways] for w in ways])
        known += np.sum(told * np.linalg.solve(signal + noise * np.eye(len(x)), x @ covariance))
    best = [nothing]
    for n in range(1, most + 1):
        numbers = np.linalg.pinv(cost[:n, :n]) @ gain[:n]
        best.append(nothing - gain[:n] @ numbers / len(supports))
    return np.array(best), nothing - known / len(supports)
