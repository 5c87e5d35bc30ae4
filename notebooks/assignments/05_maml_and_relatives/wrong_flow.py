"""Takes n steps for a flow of time α n: right for small steps only.

Loses: question 5, supports that hear every trait
"""

import numpy as np


def pretended_prior(x, noise, rate, damping, steps):
    half = 2 / (len(x) + damping)
    rho, directions = np.linalg.eigh(half * x.T @ x)
    rho = np.maximum(rho, 1e-12)
    grown = np.expm1(rate * steps * rho)
    return np.sum(-np.expm1(-rate * steps * rho)), directions * (noise * half * grown / rho) @ directions.T
