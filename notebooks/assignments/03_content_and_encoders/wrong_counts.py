"""Counts how often a word occurs in the archive, not how many descriptions hold it.

Loses: question 1, Mondays with old and new words
"""

import numpy as np


def weigh(archive, new):
    everything = " ".join(archive).split()
    vocabulary = sorted(set(everything))
    idf = np.array([1 + np.log((1 + len(archive)) / (1 + everything.count(w))) for w in vocabulary])
    weights = np.array([[text.split().count(w) for w in vocabulary] for text in new]) * idf
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    return weights / np.where(length > 0, length, 1)
