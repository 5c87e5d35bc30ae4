"""The training loop and the scores of the transformers that read histories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import numpy as np
import pandas as pd
import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from metarec.data.device import pick_device
from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.base import Method, with_unseen
from metarec.models.optim import seeded, warm_up_then_cosine
from metarec.models.sequential._windows import newest, shuffled
from metarec.models.sequential.transformer import ItemTransformer, loss_of


class SequenceTransformer(Method):
    """What `SASRec` and `BERT4Rec` have in common; they differ in what is read and guessed."""

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
        network = self.network()
        optimizer = torch.optim.AdamW(network.parameters(), self.lr, betas=(0.85, 0.98))
        for epoch in range(self.n_epochs):
            inputs, targets = self._task(shuffled(ratings, generator), generator)
            batches = self._batches(generator.permutation(len(inputs)))
            total, guessed = 0.0, 0
            with seeded(self.seed * 10_007 + epoch + 1, pick_device(self.device)):
                for step, batch in enumerate(batches):
                    progress = (epoch + step / len(batches)) / self.n_epochs
                    optimizer.param_groups[0]["lr"] = self.lr * warm_up_then_cosine(progress)
                    loss, n = self._step(network, optimizer, inputs[batch], targets[batch])
                    total, guessed = total + loss, guessed + n
            self.weights_ = parameters_to_vector(network.parameters()).detach().cpu().numpy()
            yield total / max(guessed, 1)

    def _batches(self, order: np.ndarray) -> list[np.ndarray]:
        """Parts of nearly equal size: a small last one would make a careless step."""
        parts = np.array_split(order, max(1, round(len(order) / self.batch_size)))
        return [part for part in parts if len(part)]

    def _step(self, network: ItemTransformer, optimizer, inputs: np.ndarray, targets: np.ndarray):
        """One step down the mean cross-entropy of a batch; returns its sum and its guesses."""
        device = next(network.parameters()).device
        loss, n = loss_of(network.train(), *tensors(device, inputs, targets))
        optimizer.zero_grad()
        (loss / max(n, 1)).backward()
        optimizer.step()
        return loss.item(), n

    def losses(self, ratings: Ratings) -> pd.DataFrame:
        """What training makes small, for any people and without learning from them: no dropout.

        Parameters
        ----------
        ratings : Ratings
            With timestamps and the catalogue of the training ratings.

        Returns
        -------
        pandas.DataFrame
            One row a person who rated (index `user`): `nats`, the mean cross-entropy of a guess,
            NaN without a guess, and `guesses`. Cuts and ties are drawn from `seed`.

        Raises
        ------
        ValueError
            When the catalogue is another one.
        """
        if not np.array_equal(self.items_, ratings.items.index):
            raise ValueError(f"{ratings.name} has another catalogue than the training ratings")
        generator, network = np.random.default_rng(self.seed), self.network()
        device, rows = next(network.parameters()).device, []
        with torch.no_grad():
            for history in shuffled(ratings, generator):
                loss, n = loss_of(network, *tensors(device, *self._task([history], generator)))
                rows.append((loss.item() / n if n else np.nan, n))
        users = ratings.users.index[np.unique(ratings.positions()[0])]
        return pd.DataFrame(rows, users, columns=["nats", "guesses"])

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
        tokens = self._ask(newest(np.where(mask, support + 1, 0), self.window))
        network = self.network()
        device, n_items = next(network.parameters()).device, len(self.items_)
        out = np.zeros((len(tokens), n_items + 1))
        with torch.inference_mode():
            table, bias = network.catalogue(n_items)
            for start in range(0, len(tokens), 256):
                last = network(*tensors(device, tokens[start : start + 256]))[:, -1]
                logits = torch.addmm(bias, last, table.T)
                out[start : start + 256, :-1] = logits.double().cpu().numpy()
        out[:, -1] = out[:, :-1].min(1, initial=0)
        known = (mask & (support >= 0)).any(1)
        return np.where(known[:, None], out, self.popularity_)

    def network(self) -> ItemTransformer:
        """The network with the learned weights, not in training, to be looked into.

        Returns
        -------
        torch.nn.Module
            Before the first epoch, as training begins.
        """
        n_tokens = len(self.items_) + self.n_special
        shape = (self.window, self.width, self.n_blocks, self.n_heads, self.dropout, self.causal)
        with seeded(self.seed * 10_007):
            network = ItemTransformer(n_tokens, *shape)
        if hasattr(self, "weights_"):
            vector_to_parameters(torch.tensor(self.weights_), network.parameters())
        return network.to(pick_device(self.device)).eval()

    def _check(self, ratings: Ratings) -> None:
        if not ratings.has_timestamps:
            raise ValueError(
                f"{ratings.name} has no timestamps; a sequence needs the order of time"
            )
        if self.width % self.n_heads:
            raise ValueError(f"width {self.width} is not a multiple of n_heads {self.n_heads}")
        least = {"window": self.n_special, "n_blocks": 0, "n_epochs": 1, "batch_size": 1}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ValueError(f"{name} must be at least {value}, not {getattr(self, name)}")
        if not 0 <= self.dropout < 1 or not self.lr > 0:
            raise ValueError("dropout must be in 0..1, without 1, and lr above 0")
        self.__dict__.pop("weights_", None)

    def _task(self, histories: list[np.ndarray], generator: np.random.Generator):
        """What to read, and what to guess where: two arrays of int, [rows, window]."""
        raise NotImplementedError

    def _ask(self, tokens: np.ndarray) -> np.ndarray:
        """The last tokens of a history such that the last place guesses what comes next."""
        raise NotImplementedError


def tensors(device: torch.device, *arrays: np.ndarray) -> list[torch.Tensor]:
    """Copies of NumPy arrays on a device.

    Parameters
    ----------
    device : torch.device
    *arrays : array

    Returns
    -------
    list of Tensor
    """
    return [torch.tensor(array).to(device) for array in arrays]
