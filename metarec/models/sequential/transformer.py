"""Transformers on histories: the network, its loss, the rows that it reads, the training loop.

What `SASRec` and `BERT4Rec` share is here; their files say what each reads and what it guesses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from tqdm import tqdm

from metarec.data.device import pick_device
from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import NEXT_ITEM
from metarec.models.base import RankingMethod, with_unseen
from metarec.models.optim import seeded, warm_up_then_cosine
from metarec.models.parameters import SEED, Range

NOTHING = -100  # where there is nothing to guess


class Block(nn.Module):
    """One transformer block: self-attention, then a small network, each added to what came in.

    Parameters
    ----------
    width : int
        Size of the vectors, a multiple of `n_heads`.
    n_heads : int
    dropout : float
        Share of numbers that training drops, 0 to 1.
    """

    def __init__(self, width: int, n_heads: int, dropout: float):
        super().__init__()
        check_heads(width, n_heads)
        self.n_heads, self.dropout = n_heads, dropout
        self.before_attention, self.before_network = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)  # to queries, keys and values at once
        self.join = nn.Linear(width, width)
        self.network = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor, may_see: torch.Tensor) -> torch.Tensor:
        """Mix the vectors of a sequence.

        Parameters
        ----------
        x : Tensor [sequences, length, width]
        may_see : bool Tensor [sequences, 1, length, n]
            True where the row's position may attend to the column's; only the first n positions
            of a sequence are ever looked at.

        Returns
        -------
        Tensor [sequences, length, width]
        """
        drop = self.dropout if self.training else 0.0
        size = (*x.shape[:2], self.n_heads, -1)
        q, k, v = self.project(self.before_attention(x)).chunk(3, dim=-1)
        q, k, v = (part.view(size).transpose(1, 2) for part in (q, k, v))  # [n, heads, length, …]
        n = may_see.shape[-1]
        mixed = functional.scaled_dot_product_attention(q, k[:, :, :n], v[:, :, :n], may_see)
        mixed = self.join(mixed.transpose(1, 2).flatten(2))
        x = x + functional.dropout(mixed, drop, self.training)
        return x + functional.dropout(self.network(self.before_network(x)), drop, self.training)


def check_heads(width: int, n_heads: int) -> None:
    """Refuse vectors that cannot be shared out among the heads.

    Parameters
    ----------
    width, n_heads : int

    Raises
    ------
    ValueError
        When `width` is not a multiple of `n_heads`.
    """
    if width % n_heads:
        more = width + -width % n_heads
        raise ValueError(f"width {width} is not a multiple of {n_heads} heads; {more} would be")


class ItemTransformer(nn.Module):
    """From sequences of items to a score of every item at every place.

    Items and outputs share one table of vectors. Position 0 of the table is padding; a
    vocabulary may hold a mask token as its last entry.

    Parameters
    ----------
    n_tokens : int
        Size of the vocabulary, padding included.
    window : int
        Longest sequence.
    width, n_blocks, n_heads : int
    dropout : float
    causal : bool
        Whether a place sees only itself and what came before.
    """

    def __init__(
        self,
        n_tokens: int,
        window: int,
        width: int,
        n_blocks: int,
        n_heads: int,
        dropout: float,
        causal: bool,
    ):
        super().__init__()
        self.items, self.places = nn.Embedding(n_tokens, width), nn.Embedding(window, width)
        self.blocks = nn.ModuleList(Block(width, n_heads, dropout) for _ in range(n_blocks))
        self.last, self.bias = nn.LayerNorm(width), nn.Parameter(torch.zeros(n_tokens))
        self.dropout, self.causal = dropout, causal
        for table in (self.items, self.places):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Read sequences.

        Parameters
        ----------
        tokens : int Tensor [sequences, length]
            0 is padding.

        Returns
        -------
        Tensor [sequences, length, width]
            `x @ table.T + bias` are the scores, with `table, bias = catalogue(n_items)`.
        """
        length = tokens.shape[1]
        x = self.items(tokens) + self.places.weight[-length:]  # the last place is the newest
        x = functional.dropout(x, self.dropout, self.training)
        may_see = (tokens > 0)[:, None, None, :].expand(-1, 1, length, -1)
        if self.causal:
            may_see = may_see & torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        # a place that may see nothing, at the padding, sees itself: softmax of nothing is NaN
        may_see = may_see | torch.eye(length, dtype=torch.bool, device=x.device)
        for block in self.blocks:
            x = block(x, may_see)
        return self.last(x)

    def catalogue(self, n_items: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The vectors and biases of the items: the table of tokens without the special ones.

        Parameters
        ----------
        n_items : int

        Returns
        -------
        table : Tensor [items, width]
        bias : Tensor [items]
        """
        return self.items.weight[1 : n_items + 1], self.bias[1 : n_items + 1]


class CatalogueLoss(torch.autograd.Function):
    """Sum of the cross-entropies of guesses over the whole catalogue, in little memory.

    Equal to `functional.cross_entropy(hidden @ table.T + bias, targets, reduction="sum")`. There
    every guess leaves one number an item in memory, which is most of the time of training; here
    a few hundred guesses at a time stay in the processor's cache, and their gradient, the
    softmax minus one at the target, is formed on the spot.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        table: torch.Tensor,
        bias: torch.Tensor,
        targets: torch.Tensor,
        rows: int = 256,
    ) -> torch.Tensor:
        """Compute the loss and, at once, its gradients.

        Parameters
        ----------
        ctx
            Where PyTorch keeps what `backward` needs.
        hidden : Tensor [guesses, width]
        table : Tensor [items, width]
        bias : Tensor [items]
        targets : int Tensor [guesses]
        rows : int
            Guesses at a time.

        Returns
        -------
        Tensor, one value
            In nats.
        """
        slopes = torch.empty_like(hidden), torch.zeros_like(table), torch.zeros_like(bias)
        total = hidden.new_zeros(())
        parts = (hidden.split(rows), targets.split(rows), slopes[0].split(rows))
        for h, target, slope in zip(*parts, strict=True):
            chances = torch.addmm(bias, h, table.T).log_softmax(1)  # [rows, items], logarithms yet
            total -= chances.gather(1, target[:, None]).sum()
            if not any(ctx.needs_input_grad):
                continue
            chances.exp_().scatter_add_(1, target[:, None], -torch.ones_like(h[:, :1]))
            torch.mm(chances, table, out=slope)
            slopes[1].addmm_(chances.T, h)
            slopes[2].add_(chances.sum(0))
        ctx.save_for_backward(*slopes)
        return total

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Scale the gradients that `forward` left.

        Parameters
        ----------
        ctx
        slope : Tensor, one value
            Of what is made of the loss.

        Returns
        -------
        tuple
            Gradients like `hidden`, `table` and `bias`; none of the rest.
        """
        return *(slope * part for part in ctx.saved_tensors), None, None


def loss_of(
    network: ItemTransformer, inputs: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, int]:
    """Cross-entropy over the whole catalogue, summed over the places that guess.

    Parameters
    ----------
    network : ItemTransformer
    inputs : int Tensor [rows, length]
        Tokens.
    targets : int Tensor [rows, length]
        Rows of the catalogue; `NOTHING` where nothing is guessed.

    Returns
    -------
    loss : Tensor, one value
        In nats.
    n : int
        Number of guesses.
    """
    guess = targets != NOTHING
    hidden = network(inputs)[guess]  # only these are multiplied with the catalogue
    n_special = 1 + (not network.causal)
    catalogue = network.catalogue(network.items.num_embeddings - n_special)
    rows = 256 if hidden.device.type == "cpu" else 16_384  # a GPU has no need of small parts
    return CatalogueLoss.apply(hidden, *catalogue, targets[guess], rows), len(hidden)


def shuffled(ratings: Ratings, generator: np.random.Generator) -> list[np.ndarray]:
    """Everybody's items as rows of the catalogue, the oldest first, ties in random order.

    Parameters
    ----------
    ratings : Ratings
        With timestamps; items of one second are in no known order.
    generator : numpy.random.Generator

    Returns
    -------
    list of arrays of int, shape [n], one a person who rated
    """
    users, items = ratings.positions()
    order = np.lexsort((generator.random(len(users)), ratings.table["timestamp"], users))
    return np.split(items[order], np.flatnonzero(np.diff(users[order])) + 1)


def cut(
    histories: list[np.ndarray], width: int, step: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut long histories at random places into rows that end `step` items apart.

    Each row reads the `width` items up to its end; those that the row before has not read as its
    own are new. So every item of a history is new exactly once, with as long a past as fits.

    Parameters
    ----------
    histories : list of arrays of int
    width : int
        Tokens in a row.
    step : int
        New tokens in a row, from 1 to `width`; the first and the last row may have fewer.
    generator : numpy.random.Generator

    Returns
    -------
    tokens : array of int64, shape [rows, width]
        Filled from the right.
    new : array of bool, shape [rows, width]
    """
    rows, fresh = [], []
    for items in filter(len, histories):
        length = len(items)
        first = generator.integers(1, step + 1) if length > step else length
        ends = [0, *range(first, length, step), length]
        for start, end in itertools.pairwise(ends):
            row = items[max(0, end - width) : end] + 1
            rows.append(np.pad(row, (width - len(row), 0)))
            fresh.append(end - start)
    tokens = np.array(rows, dtype=np.int64).reshape(-1, width)
    return tokens, np.arange(width) >= width - np.array(fresh, dtype=np.int64)[:, None]


def newest(tokens: np.ndarray, window: int) -> np.ndarray:
    """The last tokens of each row that are no padding, moved to the right end.

    Parameters
    ----------
    tokens : array of int, shape [users, k]
    window : int

    Returns
    -------
    array of int, shape [users, window]
    """
    order = np.argsort(tokens > 0, axis=1, kind="stable")[:, -window:]
    kept = np.take_along_axis(tokens, order, axis=1)
    return np.pad(kept, ((0, 0), (window - kept.shape[1], 0)))


class SequenceTransformer(RankingMethod):
    """What `SASRec` and `BERT4Rec` have in common; they differ in what is read and guessed.

    A subclass says with `_task` what training reads and what it guesses, and with `_ask` what is
    read to guess what comes next. Everything else, the training loop above all, is here.

    Parameters
    ----------
    width, n_blocks, n_heads, window, dropout, lr, n_epochs, batch_size, seed, device
        As in `SASRec`.
    """

    fits = (NEXT_ITEM,)
    ranges = {
        "width": Range(1, whole=True),
        "n_blocks": Range(0, whole=True),
        "n_heads": Range(1, whole=True),
        "dropout": Range(0, 1, below=True),
        "lr": Range(0, above=True),
        "n_epochs": Range(1, whole=True),
        "batch_size": Range(1, whole=True),
        "seed": SEED,
    }
    at_prompt = False
    causal: ClassVar[bool]
    n_special: ClassVar[int]  # tokens that are no items: padding, and perhaps the mask

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

        Returns
        -------
        iterator of float
            Mean cross-entropy of each epoch, in nats a guessed item; the method can predict then.

        Raises
        ------
        ValueError
            When the ratings have no timestamps, or a parameter is out of range.
        """
        self.check_parameters()
        if not ratings.has_timestamps:
            raise ValueError(
                f"{ratings.name} has no timestamps; a sequence needs the order of time: "
                "give the table a column timestamp"
            )
        self.__dict__.pop("weights_", None)  # of an earlier fit
        self.items_ = ratings.items.index.to_numpy()
        self.popularity_ = with_unseen(np.log1p(ratings.item_counts()), 0.0)
        return self._train(self.network(), ratings)

    def _train(self, network: ItemTransformer, ratings: Ratings) -> Iterator[float]:
        """The training loop: gives the mean loss of each epoch."""
        device, generator = pick_device(self.device), np.random.default_rng(self.seed)
        optimizer = torch.optim.AdamW(network.parameters(), self.lr, betas=(0.85, 0.98))
        for epoch in range(self.n_epochs):
            inputs, targets = self._task(shuffled(ratings, generator), generator)
            batches = self._batches(generator.permutation(len(inputs)))
            total, guessed = 0.0, 0
            with seeded(self.seed * 10_007 + epoch + 1, device):  # what dropout drops
                for step, batch in enumerate(batches):
                    progress = (epoch + step / len(batches)) / self.n_epochs
                    optimizer.param_groups[0]["lr"] = self.lr * warm_up_then_cosine(progress)
                    rows = tensors(device, inputs[batch], targets[batch])
                    loss, n = loss_of(network.train(), *rows)  # summed over n guesses
                    optimizer.zero_grad()
                    (loss / max(n, 1)).backward()
                    optimizer.step()
                    total, guessed = total + loss.item(), guessed + n
            self.weights_ = parameters_to_vector(network.parameters()).detach().cpu().numpy()
            yield total / max(guessed, 1)

    def _batches(self, order: np.ndarray) -> list[np.ndarray]:
        """Parts of nearly equal size: a small last one would make a careless step."""
        parts = np.array_split(order, max(1, round(len(order) / self.batch_size)))
        return [part for part in parts if len(part)]

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

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        support, _ = self.rows(episodes)
        scores = self.scores(support, episodes.support_mask)
        return np.where(_known(support, episodes.support_mask)[:, None], scores, 0.0)

    def knows(self, episodes: Episodes) -> np.ndarray:
        return _known(self.rows(episodes)[0], episodes.support_mask)

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
        return np.where(_known(support, mask)[:, None], out, self.popularity_)

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

    def _task(
        self, histories: list[np.ndarray], generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """What to read, and what to guess where: two arrays of int, [rows, window]."""
        raise NotImplementedError

    def _ask(self, tokens: np.ndarray) -> np.ndarray:
        """The last tokens of a history such that the last place guesses what comes next."""
        raise NotImplementedError


def _known(support: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Whose history holds an item of the catalogue: bool, [users]."""
    return np.asarray((mask & (support >= 0)).any(1))


def tensors(device: torch.device | str, *arrays: np.ndarray) -> list[torch.Tensor]:
    """Copies of NumPy arrays on a device.

    Parameters
    ----------
    device : torch.device or str
    *arrays : arrays of any shapes

    Returns
    -------
    list of Tensor, shapes as given
    """
    return [torch.tensor(array).to(device) for array in arrays]
