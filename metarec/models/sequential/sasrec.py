"""SASRec: a causal transformer reads a history and guesses what comes next."""

from __future__ import annotations

import numpy as np

from metarec.models.parameters import Range
from metarec.models.sequential.transformer import NOTHING, SequenceTransformer, cut

__all__ = ["SASRec"]


class SASRec(SequenceTransformer):
    r"""Self-attentive sequential recommendation: the GPT of viewing histories.

    A causal transformer reads items :math:`i_1, \dots, i_t` and gives at each place a vector
    :math:`h_t`; the chance of j to come next is softmax over the whole catalogue of
    :math:`h_t^\top e_j + b_j`, where :math:`e_j` is also the vector by which the network reads j.
    Training makes the mean of :math:`-\log P(i_{t+1} \mid i_1 \dots i_t)` small over all places,
    without sampling. Introduced in chapter 06.

    Parameters
    ----------
    width : int
        Size of all vectors, a multiple of `n_heads`.
    n_blocks, n_heads : int
    window : int
        How many of the last items it reads, at least 1.
    dropout : float
        Share of numbers that training drops, from 0 to below 1.
    lr : float
        Largest step size of AdamW; it rises for a twentieth of the training, then falls to 0.
    n_epochs, batch_size : int
        Passes over the histories; windows a step. The defaults are tuned on next item.
    seed : int
    device : str
        "auto" takes CUDA, then MPS, then the CPU.

    Attributes
    ----------
    weights_ : array of float32, shape [parameters]
        All weights of the network, in PyTorch's order.
    popularity_ : array, shape [items + 1]
        Logarithm of 1 + the number of ratings: the scores after an empty history.

    Raises
    ------
    ValueError
        In `fit`, when the ratings have no timestamps or a parameter is out of range.

    References
    ----------
    Kang and McAuley (2018), Self-attentive sequential recommendation, ICDM,
    doi:10.1109/ICDM.2018.00035. They sample one negative item a place; with the cross-entropy
    over the catalogue it is far better: Klenitskiy and Vasilev (2023), RecSys,
    doi:10.1145/3604915.3610644.

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
    >>> rows = {"user": [1, 1, 1, 2, 2, 2], "item": [1, 2, 3] * 2, "rating": 5}
    >>> table = pd.DataFrame(rows).assign(timestamp=[1, 2, 3] * 2)
    >>> ratings = Ratings.from_table(table)
    >>> model = SASRec(width=8, n_heads=1, n_epochs=40, lr=0.05, dropout=0.0).fit(ratings)
    >>> scores = model.predict(Episodes.of_one(ratings, {1: 5}))[0]  # of items 2 and 3
    >>> bool(scores[0] > scores[1])
    True
    """

    causal, n_special = True, 1
    ranges = SequenceTransformer.ranges | {"window": Range(1, whole=True)}

    def __init__(
        self,
        width: int = 48,
        n_blocks: int = 1,
        n_heads: int = 1,
        window: int = 50,
        dropout: float = 0.15,
        lr: float = 0.006,
        n_epochs: int = 20,
        batch_size: int = 32,
        seed: int = 0,
        device: str = "auto",
    ):
        super().__init__(
            width, n_blocks, n_heads, window, dropout, lr, n_epochs, batch_size, seed, device
        )

    def _task(
        self, histories: list[np.ndarray], generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Read all but the last; guess all but the first, each exactly once."""
        tokens, new = cut(histories, self.window + 1, self.window, generator)
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        return inputs, np.where((inputs > 0) & new[:, 1:], targets - 1, NOTHING)

    def _ask(self, tokens: np.ndarray) -> np.ndarray:
        return tokens
