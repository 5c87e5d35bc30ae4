"""One regression for all games, in which a blank counts as exactly what was expected.

Loses: question 4, games with many and with few ratings
"""

import numpy as np


def fit_games(residuals, tastes, bias_price, price):
    x = np.column_stack([np.ones(len(tastes)), tastes])
    prices = np.diag([bias_price] + [price] * tastes.shape[1])
    return np.linalg.solve(x.T @ x + prices, x.T @ np.nan_to_num(residuals)).T
