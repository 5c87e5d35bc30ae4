"""What does not adapt gets no derivative by its size, as if zero were no place to stand.

Loses: question 4, parameters that do not adapt
"""

import numpy as np


def through_steps(start, sizes, x, y, asked_x, asked_y, damping, steps):
    scale = 2 / max(len(x) + damping, 1)
    hessian, theta, slopes = scale * x.T @ x, start, []
    for _ in range(steps):
        slopes.append(scale * x.T @ (x @ theta - y))
        theta = theta - sizes * slopes[-1]
    back = 2 * asked_x.T @ (asked_x @ theta - asked_y) / len(asked_x)
    by_sizes = np.zeros(len(start))
    for slope in slopes[::-1]:
        by_sizes -= slope * back
        back = back - hessian @ (sizes * back)
    return back, np.where(sizes > 0, by_sizes, 0.0)
