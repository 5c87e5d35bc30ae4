"""Learning in one forward pass: networks that read a few ratings and answer, without a step.

Amortised inference: all share their inputs and their training, which stand here, and differ only in
how they read a support (`set_encoders`).
"""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from torch import nn

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.bayes.content import ContentBayes
from metarec.models.meta import set_encoders
from metarec.models.meta.tasks import Batch, EpisodicMethod, Knowledge, Tasks, cross_fit
from metarec.models.optim import seeded, warm_up_then_cosine
from metarec.models.parameters import FLAG, SEED, Range

__all__ = [
    "AttentiveNeuralProcess",
    "ConditionalNeuralProcess",
    "InContextTransformer",
    "MatchingNetwork",
    "RidgeHead",
]

FARTHEST = 4.0  # standard deviations that a network reads of an item


class AmortisedMethod(EpisodicMethod):
    """What the methods below share: inputs, training, one pass to answer.

    Parameters
    ----------
    correct, width, n_factors, n_folds, lr, n_steps, batch_size, n_query, seed, device
        As in `InContextTransformer`.

    References
    ----------
    Gershman and Goodman (2014), Amortized inference in probabilistic reasoning, CogSci.
    """

    ranges = {
        "correct": FLAG,
        "width": Range(1, whole=True),
        "n_factors": Range(0, whole=True),
        "n_folds": Range(1, whole=True),
        "lr": Range(0, above=True),
        "n_steps": Range(1, whole=True),
        "batch_size": Range(1, whole=True),
        "n_query": Range(1, whole=True),
        "seed": SEED,
    }
    network: type[nn.Module]
    weights_: np.ndarray
    n_heads = 1
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

        Raises
        ------
        ValueError
            When a parameter is out of range, or the width cannot be shared among the heads.
        """
        self.check_parameters()
        if self.width % self.n_heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.n_heads}, the heads")
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


class InContextTransformer(AmortisedMethod):
    r"""A transformer over pairs of item and rating that learns in context.

    The support is a set of tokens, one a rating, and one more token for nothing. They attend to
    each other, queries attend to them, and no token knows its place: the answer does not depend
    on the order of the support. What comes out is added to the rating expected of a stranger, or
    to the answer of a closed form. Trained on the squared error of queries, it approaches

    .. math:: f^\star(\mathcal S, i) = \mathbb E [ r_{ui} \mid \mathcal S_u = \mathcal S ],

    the posterior mean under the population of the training people. A newcomer costs one forward
    pass. All networks of this module read of an item what `ContentBayes` learned of it from
    *other* people. Introduced in chapter 12.

    Parameters
    ----------
    correct : bool
        Whether to learn a residual: start from the posterior mean of the factor model, read it
        and its variance, and learn what it misses.
    width : int
        Length of the vectors inside, a multiple of 4.
    n_factors : int
        Factors of the items.
    n_folds : int
        A training user's factors come from a model that has not seen that fold of users; 1 is a
        leak.
    lr : float
        The largest step size of AdamW; rises, then falls to 0.
    n_steps, batch_size, n_query : int
        Steps of the training, tasks a step, and the largest query of a task.
    seed : int
    device : str
        "auto" takes CUDA, then the CPU.

    Attributes
    ----------
    weights_ : array, shape [parameters]
        Of the network, in one row.
    expected_ : array, shape [items + 1]
        Rating expected of a stranger.
    inputs_ : array, shape [items + 1, n]
        What the network reads of each item, standardised; then the item's vector with which a
        taste is N(0, I), and the variance of its ratings.

    Raises
    ------
    ValueError
        By `fit`, when a size, a step size or a number of steps or folds is not positive.

    References
    ----------
    Müller, Hollmann, Pineda Arango, Grabocka and Hutter (2022), Transformers can do Bayesian
    inference, ICLR.
    Garg, Tsipras, Liang and Valiant (2022), What can transformers learn in-context? A case study
    of simple function classes, NeurIPS.

    Examples
    --------
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = InContextTransformer(n_factors=1, n_steps=5, n_folds=2).fit(ratings)
    >>> model.predict(Episodes.of_one(ratings, {1: 5}, [2])).shape
    (1, 1)
    """

    label = "transformer"
    book_settings = {"": {"lr": 0.01, "n_steps": 600, "device": "cpu"}}
    variants = {
        "correcting transformer": {"correct": True, "lr": 0.01, "n_steps": 150, "device": "cpu"}
    }
    network = set_encoders.Transformer
    n_heads = 4


class MatchingNetwork(AmortisedMethod):
    """Votes of the rated items, weighted by a learned likeness to the item that is asked.

    One more voter always says 0; how much it counts is learned, too. Introduced in chapter 12.

    Parameters
    ----------
    correct, width, n_factors, n_folds, lr, n_steps, batch_size, n_query, seed, device
        As in `InContextTransformer`.

    References
    ----------
    Vinyals, Blundell, Lillicrap, Kavukcuoglu and Wierstra (2016), Matching networks for one shot
    learning, NeurIPS.
    """

    label = "matching network"
    book_settings = {"": {"lr": 0.01, "device": "cpu"}}
    network = set_encoders.Matching


class ConditionalNeuralProcess(AmortisedMethod):
    """CNP: the support as the damped mean of a learned vector a rating, which a network reads.

    Introduced in chapter 12.

    Parameters
    ----------
    correct, width, n_factors, n_folds, lr, n_steps, batch_size, n_query, seed, device
        As in `InContextTransformer`.

    References
    ----------
    Garnelo et al. (2018), Conditional neural processes, ICML, PMLR 80.
    """

    label = "neural process"
    book_settings = {"": {"lr": 0.01, "device": "cpu"}}
    network = set_encoders.Pooling


class AttentiveNeuralProcess(AmortisedMethod):
    """ANP: a neural process in which each query makes its own vector of the support, by attention.

    Introduced in chapter 12.

    Parameters
    ----------
    correct, width, n_factors, n_folds, lr, n_steps, batch_size, n_query, seed, device
        As in `InContextTransformer`.

    References
    ----------
    Kim et al. (2019), Attentive neural processes, ICLR.
    """

    label = "attentive process"
    book_settings = {"": {"lr": 0.01, "device": "cpu"}}
    network = set_encoders.Attending
    n_heads = 4


class RidgeHead(AmortisedMethod):
    """R2-D2: a ridge regression for each person, on features that are learned through its solution.

    The noise of each item's ratings is learned, too, and with it how strongly the taste is drawn
    to 0. Introduced in chapter 12.

    Parameters
    ----------
    correct, width, n_factors, n_folds, lr, n_steps, batch_size, n_query, seed, device
        As in `InContextTransformer`.

    References
    ----------
    Bertinetto, Henriques, Torr and Vedaldi (2019), Meta-learning with differentiable closed-form
    solvers, ICLR.
    """

    label = "ridge head"
    book_settings = {"": {"device": "cpu"}}
    network = set_encoders.Ridge


def loss(reader: nn.Module, batch: Batch) -> torch.Tensor:
    """Mean squared error over all queries of a batch.

    Parameters
    ----------
    reader : torch.nn.Module
    batch : Batch

    Returns
    -------
    tensor, no dimension: one value
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
