"""The loss as it stands in the textbook: the logarithm of a probability that has become zero.

Loses: question 3, a network that is very sure
"""

import numpy as np


def step(x, liked, weight, head, a, b, scale, rate):
    factor = scale / a.shape[1]
    bent = np.tanh(x @ (weight + factor * a @ b).T)
    chance = 1 / (1 + np.exp(-(bent @ head)))
    loss = -np.mean(np.where(liked, np.log(chance), np.log(1 - chance)))
    slope = ((chance - liked)[:, None] * head * (1 - bent**2)).T @ x / len(x)
    return loss, a - rate * factor * slope @ b.T, b - rate * factor * a.T @ slope
