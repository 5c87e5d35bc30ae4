"""Forgets that columns which the head does not see have shaped the ratings that it learns from.

Loses: question 6, few columns, and prices of all kinds
"""

import numpy as np


def cost_of_columns(shown, asked, spread, noise, prices):
    bias, variance = [], []
    for d in range(len(spread) + 1):
        x, c = shown[:, :d], asked[:, :d]
        reach = c @ np.linalg.inv(x.T @ x + np.diag(prices[:d])) @ x.T
        seen, unseen = (reach @ x - c) ** 2 @ spread[:d], asked[:, d:] ** 2 @ spread[d:]
        bias.append(np.mean(seen + unseen))
        variance.append(noise * np.mean(np.sum(reach**2, axis=1)))
    return np.array(bias), np.array(variance)
