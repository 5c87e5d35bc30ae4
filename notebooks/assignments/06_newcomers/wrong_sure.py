"""Takes each reader's posterior mean for her taste: all readers seem alike, and the noise seems small.

Loses: question 3, valleys after some steps
"""

import numpy as np


def learn_prior(x, y, steps):
    d = x.shape[1]
    mean, covariance, noise = np.zeros(d), np.eye(d), 1.0
    rated = ~np.isnan(y)
    for _ in range(steps):
        z = []
        for row, known in zip(y, rated):
            seen = x[known]
            precision = np.linalg.inv(covariance)
            z.append(np.linalg.solve(precision + seen.T @ seen / noise, precision @ mean + seen.T @ row[known] / noise))
        z = np.array(z)
        mean = z.mean(axis=0)
        covariance = (z - mean).T @ (z - mean) / len(z) + 1e-9 * np.eye(d)
        noise = float(np.mean((y - z @ x.T)[rated] ** 2))
    return mean, covariance, noise
