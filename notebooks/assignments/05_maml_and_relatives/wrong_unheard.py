"""Leaves the directions out of which nothing was heard: the prior would know them for certain.

Loses: question 5, traits that the support does not hear
"""

import numpy as np


def pretended_prior(x, noise, rate, damping, steps):
    rho, directions = np.linalg.eigh(2 / (len(x) + damping) * x.T @ x)
    share = 1 - (1 - rate * rho) ** steps
    variance = np.zeros(len(rho))
    heard = rho > 1e-9
    variance[heard] = noise * 2 / (len(x) + damping) / rho[heard] * share[heard] / (1 - share[heard])
    return share.sum(), directions * variance @ directions.T
