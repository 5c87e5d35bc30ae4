"""What the readers of a support share: their inputs, their training, one forward pass to answer."""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from torch import nn

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.bayes.content import ContentBayes
from metarec.models.meta import set_encoders
from metarec.models.meta._adaptation import Batch
from metarec.models.meta._episodic import EpisodicMethod
from metarec.models.meta.tasks import Knowledge, Tasks, cross_fit
from metarec.models.optim import seeded, warm_up_then_cosine

FARTHEST = 4.0  # standard deviations that a network reads of an item


class AmortisedMethod(EpisodicMethod):
    """The base class of `metarec.models.meta.one_pass`; `InContextTransformer` describes it."""

    network: type[nn.Module]
    group = 16

    def __init__(
        self,
        correct: bool = False,
        width: int = 32,
        n_factors: int = 8,
        n_folds: int = 5,
        lr: float = 0.003,
        n_steps: int = 300,
        batch_size: int = 64,
        n_query: int = 32,
        seed: int = 0,
        device: str = "auto",
    ):
        self.correct = correct
        self.width = width
        self.n_factors = n_factors
        self.n_folds = n_folds
        self.lr = lr
        self.n_steps = n_steps
        self.batch_size = batch_size
        self.n_query = n_query
        self.seed = seed
        self.device = device

    def fit(
        self,
        ratings: Ratings,
        knowledge: Knowledge | None = None,
        start: AmortisedMethod | None = None,
    ) -> Self:
        """Train the network to read the supports of the people of `ratings`.

        Parameters
        ----------
        ratings : Ratings
        knowledge : Knowledge, optional
            What `cross_fit(ratings, n_factors, n_folds, seed, ContentBayes)` gives, if at hand.
        start : AmortisedMethod, optional
            A fitted method of the same shape, from whose weights the training begins.

        Returns
        -------
        AmortisedMethod
            The method itself.
        """
        self._check("width", "n_factors", "n_folds", "lr", "n_steps", "batch_size", "n_query")
        self.items_ = ratings.items.index.to_numpy()
        known = knowledge or cross_fit(
            ratings, self.n_factors, self.n_folds, self.seed, ContentBayes
        )
        inputs = _inputs(known)
        self.expected_, self.inputs_ = known.expected[0], inputs[0]
        with seeded(self.seed):
            reader = self._reader(None if start is None else start.weights_).to(self._place())
        optimizer = torch.optim.AdamW(reader.parameters(), lr=self.lr)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warm_up_then_cosine((step + 0.5) / self.n_steps)
        )
        for batch in self._draws(Tasks(ratings), known._replace(features=inputs), self.n_steps):
            optimizer.zero_grad()
            loss(reader, _float32(batch)).backward()
            nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        weights = nn.utils.parameters_to_vector(reader.parameters())
        self.weights_ = weights.detach().cpu().numpy()
        return self

    def reader(self) -> nn.Module:
        """The trained network.

        Returns
        -------
        torch.nn.Module
            Called with the tasks of `read`, it gives an offset from `expected_` for each query.
        """
        with seeded(self.seed):
            return self._reader(self.weights_).to(self._place()).eval()

    def read(self, episodes: Episodes) -> Batch:
        """The people of some episodes as the network sees them.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        Batch
            Targets are residuals, in stars.
        """
        return _float32(self._tasks(episodes))

    def _offsets(self, episodes: Episodes) -> np.ndarray:
        with torch.no_grad():
            return self.reader()(self.read(episodes)).cpu().numpy()

    def _reader(self, weights: np.ndarray | None) -> nn.Module:
        n_read = (self.inputs_.shape[1] + 1) // 2
        reader = set_encoders.Reader(self.network, n_read, self.width, self.correct)
        if weights is not None:
            nn.utils.vector_to_parameters(torch.tensor(weights), reader.parameters())
        return reader


def loss(reader: nn.Module, batch: Batch) -> torch.Tensor:
    """Mean squared error over all queries of a batch.

    Parameters
    ----------
    reader : torch.nn.Module
    batch : Batch

    Returns
    -------
    tensor, no dimension
        In squared stars.
    """
    error = batch.query_targets - reader(batch)
    return (batch.query_mask * error**2).sum() / batch.query_mask.sum()


def _float32(batch: Batch) -> Batch:
    return Batch(*(part.float() for part in batch))


def _inputs(known: Knowledge) -> np.ndarray:
    """What is read of each item, standardised; then its vector and its noise, as they are."""
    noise, expected = known.noise[..., None], known.expected[..., None]
    raw = np.concatenate([known.features, np.log(noise), expected], axis=-1)
    middle = known.share @ raw[0]
    spread = np.sqrt(known.share @ (raw[0] - middle) ** 2)
    read = np.clip((raw - middle) / np.maximum(spread, 1e-3), -FARTHEST, FARTHEST)
    return np.concatenate([read, known.features, noise], axis=-1)
