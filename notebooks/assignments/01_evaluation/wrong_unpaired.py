"""Draws the people of each system apart: the interval is that of two different audiences.

Loses: question 5, an interval for the difference
"""

import numpy as np


def paired_interval(ours, theirs, n_draws, seed):
    ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
    generator = np.random.default_rng(seed)
    means = [
        generator.choice(ours, len(ours)).mean() - generator.choice(theirs, len(theirs)).mean()
        for _ in range(n_draws)
    ]
    return ours.mean() - theirs.mean(), *np.percentile(means, [2.5, 97.5])
