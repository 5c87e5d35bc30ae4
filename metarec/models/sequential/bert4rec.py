"""BERT4Rec: a bidirectional transformer reads a history with gaps and guesses what is hidden."""

from __future__ import annotations

import numpy as np

from metarec.models.parameters import Range
from metarec.models.sequential.transformer import NOTHING, SequenceTransformer, cut

__all__ = ["BERT4Rec"]


class BERT4Rec(SequenceTransformer):
    r"""Bidirectional encoder of histories, trained to fill gaps: the BERT of viewing histories.

    Some items of a window are replaced by a mask, and a transformer in which every place sees
    every other guesses them (the cloze task): training makes the mean of
    :math:`-\log P(i_t \mid \text{the rest})` small over the masked places. To guess what comes
    next, the mask is put behind the history. Introduced in chapter 06.

    Parameters
    ----------
    width, n_blocks, n_heads, window, dropout, lr, n_epochs, batch_size, seed, device
        As in `SASRec`. `window` is at least 2: the mask takes a place.
    masked : float
        Share of the items that are masked, above 0 and below 1; at least one in each window.

    Attributes
    ----------
    weights_ : array of float32, shape [parameters]
        All weights of the network, in PyTorch's order.
    popularity_ : array, shape [items + 1]
        As in `SASRec`.

    Raises
    ------
    ValueError
        In `fit`, when the ratings have no timestamps or a parameter is out of range.

    References
    ----------
    Sun et al. (2019), BERT4Rec: sequential recommendation with bidirectional encoder
    representations from transformer, CIKM, doi:10.1145/3357384.3357895.

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
    >>> rows = {"user": [1, 1, 1, 2, 2, 2], "item": [1, 2, 3] * 2, "rating": 5}
    >>> table = pd.DataFrame(rows).assign(timestamp=[1, 2, 3] * 2)
    >>> ratings = Ratings.from_table(table)
    >>> model = BERT4Rec(width=8, n_heads=1, n_epochs=3, lr=0.02, dropout=0.0).fit(ratings)
    >>> scores = model.predict(Episodes.of_one(ratings, {1: 5, 2: 5}))[0]  # of item 3
    >>> scores.shape
    (1,)
    """

    causal, n_special = False, 2
    ranges = SequenceTransformer.ranges | {
        "window": Range(2, whole=True),
        "masked": Range(0, 1, above=True, below=True),
    }
    book_settings = {"": {"n_epochs": 15}}  # half of SASRec's time, see chapter 06

    def __init__(
        self,
        width: int = 48,
        n_blocks: int = 1,
        n_heads: int = 1,
        window: int = 50,
        dropout: float = 0.1,
        lr: float = 0.006,
        n_epochs: int = 30,
        batch_size: int = 32,
        masked: float = 0.3,
        seed: int = 0,
        device: str = "auto",
    ):
        super().__init__(
            width, n_blocks, n_heads, window, dropout, lr, n_epochs, batch_size, seed, device
        )
        self.masked = masked

    def _task(
        self, histories: list[np.ndarray], generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hide some; guess those. The last item of a row is hidden as often as any other."""
        tokens, new = cut(histories, self.window, self.window, generator)
        lot = np.where((tokens > 0) & new, generator.random(tokens.shape), 2.0)
        hidden = (lot < self.masked) | (lot == lot.min(1, keepdims=True))
        inputs = np.where(hidden, len(self.items_) + 1, tokens)
        return inputs, np.where(hidden, tokens - 1, NOTHING)

    def _ask(self, tokens: np.ndarray) -> np.ndarray:
        mask = np.full((len(tokens), 1), len(self.items_) + 1)
        return np.concatenate([tokens[:, 1:], mask], axis=1)
