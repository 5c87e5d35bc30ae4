"""Learns what words weigh from old and new descriptions together.

Loses: question 1, Mondays with old and new words
"""

import numpy as np


def weigh(archive, new):
    vocabulary = sorted(set(" ".join(archive).split()))
    held = [set(text.split()) for text in archive + new]
    n_t = np.array([sum(word in one for one in held) for word in vocabulary])
    weights = np.array([[text.split().count(w) for w in vocabulary] for text in new], float)
    weights *= 1 + np.log((1 + len(held)) / (1 + n_t))
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    return weights / np.where(length > 0, length, 1)
