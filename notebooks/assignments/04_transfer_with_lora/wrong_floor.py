"""Rounds the rank down: at that rank something is still saved.

Loses: question 1, where nothing is saved any more
"""

import numpy as np


def bill(layers, adapted, rank, readers):
    n_out, n_in = layers.T
    network, sides = np.sum(n_out * n_in + n_out), (n_out + n_in)[adapted]
    thin = rank * sides.sum()
    counts = [[network, thin], [4 * network, network + 4 * thin], [readers * network, network + readers * thin]]
    return np.array(counts), (n_out * n_in)[adapted] // sides
