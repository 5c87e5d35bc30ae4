"""Takes the variance of least squares for that of ridge regression: noise times the inverse.

Loses: question 6, few columns, and prices of all kinds
"""

import numpy as np


def cost_of_columns(shown, asked, spread, noise, prices):
    bias, variance = [], []
    for d in range(len(spread) + 1):
        x, c = shown[:, :d], asked[:, :d]
        inverse = np.linalg.inv(x.T @ x + np.diag(prices[:d]))
        bias.append(np.mean((c @ inverse @ x.T @ shown - asked) ** 2 @ spread))
        variance.append(noise * np.mean(np.sum(c @ inverse * c, axis=1)))
    return np.array(bias), np.array(variance)
