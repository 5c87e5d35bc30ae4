"""Leaves out people who have shown nothing, as if nobody had to answer them.

Loses: question 5, people who have shown nothing, or are asked nothing
"""

import numpy as np


def choose_price(vectors, prices, shown, asked, test_shown, test_asked):
    x = np.column_stack([np.ones(len(vectors)), vectors])

    def error(price, group_shown, group_asked):
        found = []
        for mine, wanted in zip(group_shown, group_asked):
            i, j = ~np.isnan(mine), ~np.isnan(wanted)
            if i.any() and j.any():
                left = x[i].T @ x[i] + price * np.eye(x.shape[1])
                miss = wanted[j] - x[j] @ np.linalg.solve(left, x[i].T @ mine[i])
                found.append(np.sqrt(np.mean(miss**2)))
        return np.mean(found) if found else 0.0

    best = min(sorted(prices, reverse=True), key=lambda price: error(price, shown, asked))
    return best, error(best, test_shown, test_asked)
