"""Moves A first and computes the gradient of B with the A that has moved: B leaves the start, too.

Loses: question 3, somewhere on the way
Loses: question 3, at the usual beginning
"""

import numpy as np


def step(x, liked, weight, head, a, b, scale, rate):
    factor = scale / a.shape[1]
    bent = np.tanh(x @ (weight + factor * a @ b).T)
    score = bent @ head
    loss = np.mean(np.logaddexp(0, score) - liked * score)
    blame = (np.exp(score - np.logaddexp(0, score)) - liked) / len(x)
    slope = (blame[:, None] * head * (1 - bent**2)).T @ x
    a = a - rate * factor * slope @ b.T
    b = b - rate * factor * a.T @ slope
    return loss, a, b
