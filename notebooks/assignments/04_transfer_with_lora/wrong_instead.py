"""Counts the adapters instead of the frozen network, as if that were not needed any more.

Loses: question 1, networks of all kinds
"""

import numpy as np


def bill(layers, adapted, rank, readers):
    n_out, n_in = layers.T
    network, sides = np.sum(n_out * n_in + n_out), (n_out + n_in)[adapted]
    trained = np.array([network, rank * sides.sum()])
    counts = np.array([trained, 4 * trained, readers * trained])
    return counts, np.ceil((n_out * n_in)[adapted] / sides).astype(int)
