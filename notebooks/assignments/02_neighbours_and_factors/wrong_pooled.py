"""One RMSE over all questions of a group: people who are asked much decide the price.

Loses: question 5, newcomers of two groups
"""

import numpy as np


def choose_price(vectors, prices, shown, asked, test_shown, test_asked):
    x = np.column_stack([np.ones(len(vectors)), vectors])

    def error(price, group_shown, group_asked):
        squares = []
        for mine, wanted in zip(group_shown, group_asked):
            i, j = ~np.isnan(mine), ~np.isnan(wanted)
            left = x[i].T @ x[i] + price * np.eye(x.shape[1])
            squares += list((wanted[j] - x[j] @ np.linalg.solve(left, x[i].T @ mine[i])) ** 2)
        return np.sqrt(np.mean(squares))

    best = min(sorted(prices, reverse=True), key=lambda price: error(price, shown, asked))
    return best, error(best, test_shown, test_asked)
