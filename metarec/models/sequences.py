"""Transformers that read a history and guess what comes next: SASRec and BERT4Rec."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Self

import numpy as np
import torch
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from metarec.data.device import pick
from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models._transformer import ItemTransformer
from metarec.models.base import Method, with_unseen

NOTHING = -100  # what PyTorch's cross-entropy leaves out


class _SequenceTransformer(Method):
    """What both have in common: the network, the training loop, and the scores."""

    predicts_ratings = False
    causal: bool
    n_special: int  # tokens that are no items: padding, and perhaps the mask

    def __init__(
        self,
        width: int,
        n_blocks: int,
        n_heads: int,
        window: int,
        dropout: float,
        lr: float,
        n_epochs: int,
        batch_size: int,
        seed: int,
        device: str,
    ):
        self.width = width
        self.n_blocks = n_blocks
        self.n_heads = n_heads
        self.window = window
        self.dropout = dropout
        self.lr = lr
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.seed = seed
        self.device = device

    def fit(self, ratings: Ratings) -> Self:
        bar = tqdm(self.epochs(ratings), type(self).__name__, self.n_epochs, leave=False)
        for loss in bar:
            bar.set_postfix(loss=f"{loss:.3f}")
        return self

    def epochs(self, ratings: Ratings) -> Iterator[float]:
        """Train, and give back control after each epoch: `fit` for those who want to watch.

        Parameters
        ----------
        ratings : Ratings
            With timestamps. Ratings of one person in one second are in no known order and are
            shuffled anew in each epoch.

        Yields
        ------
        float
            Mean cross-entropy of the epoch, in nats a guessed item. The method can predict now.

        Raises
        ------
        ValueError
            When the ratings have no timestamps, or a parameter is out of range.
        """
        self._check(ratings)
        self.items_ = ratings.items.index.to_numpy()
        self.popularity_ = with_unseen(np.log1p(ratings.item_counts()), 0.0)
        generator = np.random.default_rng(self.seed)
        with self._randomness(0):
            network = self._network()
        device = next(network.parameters()).device
        optimizer = torch.optim.AdamW(network.parameters(), self.lr, betas=(0.9, 0.98))
        for epoch in range(self.n_epochs):
            windows = self._windows(shuffled(ratings, generator), generator)
            order, total, guessed = generator.permutation(len(windows)), 0.0, 0
            starts = range(0, len(order), self.batch_size)
            network.train()
            with self._randomness(epoch + 1):
                for step, start in enumerate(starts):
                    progress = (epoch + step / len(starts)) / self.n_epochs
                    optimizer.param_groups[0]["lr"] = self.lr * warm_up_then_cosine(progress)
                    batch = windows[order[start : start + self.batch_size]]
                    inputs, targets = self._task(batch, generator)
                    loss, n = _loss(network, inputs.to(device), targets.to(device))
                    optimizer.zero_grad()
                    (loss / max(n, 1)).backward()
                    optimizer.step()
                    total, guessed = total + loss.item(), guessed + n
            self.weights_ = parameters_to_vector(network.parameters()).detach().cpu().numpy()
            yield total / max(guessed, 1)

    def predict(self, episodes: Episodes) -> np.ndarray:
        support, query = self.rows(episodes)
        scores = self.scores(support, episodes.support_mask)
        return np.take_along_axis(scores, query % scores.shape[1], axis=1)

    def scores(self, support: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """A score of every item after each history; the last column is for unseen items.

        Parameters
        ----------
        support : array of int, shape [users, k]
            Rows of items, the oldest first; -1 for an item that training never saw, which is
            passed over.
        mask : array of bool, shape [users, k]

        Returns
        -------
        array of float, shape [users, items + 1]
            Logits: their softmax over the items is the chance of each to come next. After an
            empty history, the logarithm of the popularity.
        """
        tokens = self._last(_newest(np.where(mask, support + 1, 0), self.window))
        network = self._network(self.weights_).eval()
        device = next(network.parameters()).device
        items = slice(1, len(self.items_) + 1)
        out = np.zeros((len(tokens), len(self.items_) + 1))
        with torch.inference_mode():
            for start in range(0, len(tokens), 256):
                last = network(torch.from_numpy(tokens[start : start + 256]).to(device))[:, -1]
                logits = last @ network.items.weight[items].T + network.bias[items]
                out[start : start + 256, :-1] = logits.double().cpu().numpy()
        out[:, -1] = out[:, :-1].min(1, initial=0)
        known = (mask & (support >= 0)).any(1)
        return np.where(known[:, None], out, self.popularity_)

    def _network(self, weights: np.ndarray | None = None) -> ItemTransformer:
        shape = (self.window, self.width, self.n_blocks, self.n_heads, self.dropout, self.causal)
        network = ItemTransformer(len(self.items_) + self.n_special, *shape)
        if weights is not None:
            vector_to_parameters(torch.tensor(weights), network.parameters())
        return network.to(pick(self.device))

    def _randomness(self, epoch: int):
        """A state of PyTorch's random numbers that is ours, and leaves the reader's alone."""
        return _Seeded(self.seed * 10_007 + epoch, pick(self.device))

    def _check(self, ratings: Ratings) -> None:
        if not ratings.has_timestamps:
            raise ValueError(f"{ratings.name} has no timestamps; a sequence needs the order of time")
        if self.width % self.n_heads:
            raise ValueError(f"width {self.width} is not a multiple of n_heads {self.n_heads}")
        if self.window < 1 or self.n_epochs < 1:
            raise ValueError("window and n_epochs must be at least 1")

    def _windows(self, histories: list[np.ndarray], generator: np.random.Generator) -> np.ndarray:
        """Histories cut at random places into rows of tokens, filled from the right."""
        width = self.window + self.causal  # a causal model guesses one more than it reads
        return cut(histories, width, self.causal, generator)

    def _task(self, batch: np.ndarray, generator: np.random.Generator):
        raise NotImplementedError

    def _last(self, tokens: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class SASRec(_SequenceTransformer):
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
        0 to 1.
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

    References
    ----------
    Kang and McAuley (2018), Self-attentive sequential recommendation, ICDM,
    doi:10.1109/ICDM.2018.00035. They sample one negative item a place; with the cross-entropy
    over the catalogue it is far better: Klenitskiy and Vasilev (2023), RecSys,
    doi:10.1145/3604915.3610644.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"user": [1, 1, 1, 2, 2, 2], "item": [1, 2, 3] * 2, "rating": 5}
    >>> table = pd.DataFrame(rows).assign(timestamp=[1, 2, 3] * 2)
    >>> ratings = Ratings.from_table(table)
    >>> model = SASRec(width=8, n_heads=1, n_epochs=40, lr=0.05, dropout=0.0).fit(ratings)
    >>> scores = model.predict(Episodes.of_one(ratings, {1: 5}))[0]  # of items 2 and 3
    >>> bool(scores[0] > scores[1])
    True
    """

    causal, n_special = True, 1

    def __init__(
        self,
        width: int = 64,
        n_blocks: int = 1,
        n_heads: int = 1,
        window: int = 50,
        dropout: float = 0.2,
        lr: float = 0.004,
        n_epochs: int = 22,
        batch_size: int = 32,
        seed: int = 0,
        device: str = "auto",
    ):
        super().__init__(
            width, n_blocks, n_heads, window, dropout, lr, n_epochs, batch_size, seed, device
        )

    def _task(self, batch: np.ndarray, generator: np.random.Generator):
        """Read all but the last; guess all but the first, where there is something to read."""
        tokens = torch.from_numpy(batch)
        inputs, targets = tokens[:, :-1], tokens[:, 1:]
        return inputs, torch.where(inputs > 0, targets - 1, NOTHING)

    def _last(self, tokens: np.ndarray) -> np.ndarray:
        return tokens


class BERT4Rec(_SequenceTransformer):
    r"""Bidirectional encoder of histories: the BERT of viewing histories.

    Some items of a window are replaced by a mask, and a transformer in which every place sees
    every other guesses them: training makes the mean of :math:`-\log P(i_t \mid \text{the rest})`
    small over the masked places. To guess what comes next, the mask is put behind the history.
    Introduced in chapter 06.

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

    References
    ----------
    Sun et al. (2019), BERT4Rec: sequential recommendation with bidirectional encoder
    representations from transformer, CIKM, doi:10.1145/3357384.3357895.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"user": [1, 1, 1, 2, 2, 2], "item": [1, 2, 3] * 2, "rating": 5}
    >>> table = pd.DataFrame(rows).assign(timestamp=[1, 2, 3] * 2)
    >>> ratings = Ratings.from_table(table)
    >>> model = BERT4Rec(width=8, n_heads=1, n_epochs=200, lr=0.02, dropout=0.0).fit(ratings)
    >>> scores = model.predict(Episodes.of_one(ratings, {1: 5, 2: 5}))[0]  # of item 3
    >>> scores.shape
    (1,)
    """

    causal, n_special = False, 2

    def __init__(
        self,
        width: int = 64,
        n_blocks: int = 2,
        n_heads: int = 2,
        window: int = 50,
        dropout: float = 0.2,
        lr: float = 0.003,
        n_epochs: int = 60,
        batch_size: int = 64,
        masked: float = 0.3,
        seed: int = 0,
        device: str = "auto",
    ):
        super().__init__(
            width, n_blocks, n_heads, window, dropout, lr, n_epochs, batch_size, seed, device
        )
        self.masked = masked

    def _task(self, batch: np.ndarray, generator: np.random.Generator):
        """Hide some; guess those. The last item of a window is hidden as often as any other."""
        lot = np.where(batch > 0, generator.random(batch.shape), 2.0)
        hidden = (lot < self.masked) | (lot == lot.min(1, keepdims=True))
        inputs = np.where(hidden, len(self.items_) + 1, batch)
        targets = np.where(hidden, batch - 1, NOTHING)
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def _last(self, tokens: np.ndarray) -> np.ndarray:
        mask = np.full((len(tokens), 1), len(self.items_) + 1)
        return np.concatenate([tokens[:, 1:], mask], axis=1)


class _Seeded:
    """Within it PyTorch draws from a seed; afterwards from where it was."""

    def __init__(self, seed: int, device: str):
        devices = [torch.device(device).index or 0] if device.startswith("cuda") else []
        self.seed, self.fork = seed, torch.random.fork_rng(devices)

    def __enter__(self):
        self.fork.__enter__()
        torch.manual_seed(self.seed)

    def __exit__(self, *error):
        self.fork.__exit__(*error)


def shuffled(ratings: Ratings, generator: np.random.Generator) -> list[np.ndarray]:
    """Everybody's items as rows, the oldest first; those of one second in random order.

    Parameters
    ----------
    ratings : Ratings
    generator : numpy.random.Generator

    Returns
    -------
    list of arrays of int, one a person who rated
    """
    users, items = ratings.positions()
    order = np.lexsort((generator.random(len(users)), ratings.table["timestamp"], users))
    return np.split(items[order], np.flatnonzero(np.diff(users[order])) + 1)


def cut(
    histories: list[np.ndarray], width: int, overlap: bool, generator: np.random.Generator
) -> np.ndarray:
    """Cut histories at random places into rows of at most `width` tokens (item + 1, 0 for none).

    Parameters
    ----------
    histories : list of arrays of int
    width : int
    overlap : bool
        Whether a row begins with the last item of the one before, so that each item but the
        first of a history is guessed exactly once from what came before it.
    generator : numpy.random.Generator

    Returns
    -------
    array of int64, shape [rows, width]
        Filled from the right. Rows that would leave nothing to guess are left out.
    """
    rows, step = [], width - overlap
    for items in histories:
        length = len(items) - overlap
        first = generator.integers(1, step + 1) if length > step else max(length, 0)
        for end in [*range(first, length, step), length]:
            row = items[max(0, end - step) : end + overlap]
            if len(row) > overlap:
                rows.append(np.pad(row + 1, (width - len(row), 0)))
    return np.array(rows, dtype=np.int64).reshape(-1, width)


def warm_up_then_cosine(progress: float) -> float:
    """Share of the largest step size, from 0 at the start to 1 and down to 0 at the end.

    Parameters
    ----------
    progress : float
        0 to 1.

    Returns
    -------
    float
    """
    rising = min(progress / 0.05, 1.0)
    return rising * (0.5 + 0.5 * math.cos(math.pi * progress))


def _newest(tokens: np.ndarray, window: int) -> np.ndarray:
    """The last tokens of each row that are not 0, moved to the right end."""
    order = np.argsort(tokens > 0, axis=1, kind="stable")[:, -window:]
    kept = np.take_along_axis(tokens, order, axis=1)
    return np.pad(kept, ((0, 0), (window - kept.shape[1], 0)))


def _loss(network: ItemTransformer, inputs: torch.Tensor, targets: torch.Tensor):
    """Cross-entropy over the whole catalogue, summed over the places that guess; their number."""
    guess = targets != NOTHING
    hidden = network(inputs)[guess]  # only these are multiplied with the catalogue
    items = slice(1, network.items.num_embeddings - (not network.causal))
    logits = hidden @ network.items.weight[items].T + network.bias[items]
    return functional.cross_entropy(logits, targets[guess], reduction="sum"), len(hidden)
