"""Lets numpy look up place -1: every visitor gets the last reader's adapter.

Loses: question 2, visitors without an adapter
"""

import numpy as np


def serve(x, weight, bias, a, b, reader, scale):
    n_out, n_in = weight.shape
    inner = np.einsum("nri,ni->nr", b[reader], x)
    outputs = x @ weight.T + bias + scale / a.shape[2] * np.einsum("nor,nr->no", a[reader], inner)
    rows = np.array([np.sum(reader == one) for one in range(len(a))])
    return outputs, rows * (n_out + n_in) > n_out * n_in
