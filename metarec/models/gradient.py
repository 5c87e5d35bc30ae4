"""Gradient-based meta-learning: learn where to start, so that a few steps reach any taste."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
import torch

from metarec.data.features import item_features
from metarec.data.ratings import Ratings
from metarec.models._adaptation import Batch, Parameters, adapt, forward, hidden, query_loss
from metarec.models._outer import GradientMethod
from metarec.models._tasks import Knowledge, cross_fit
from metarec.models.base import with_unseen

__all__ = ["ANIL", "MAML", "Batch", "MeLU", "MetaSGD", "Reptile", "adapt", "cross_fit"]
__all__ += ["evidence_candidates", "forward", "hidden", "query_loss"]


class MAML(GradientMethod):
    r"""Model-agnostic meta-learning: a starting point from which few steps lead far.

    A network :math:`f_\theta` predicts what a person's rating adds to the rating that is expected
    of a stranger. A person's support moves θ by a few gradient steps of size α (inner loop),

    .. math:: \theta_u = \theta - \alpha \nabla_\theta \mathcal L(\theta; \mathcal S_u), \dots

    and training makes the loss of :math:`\theta_u` on the query small, *as a function of θ*
    (outer loop): it differentiates through the steps. The network reads factors of the items that
    `HierarchicalBayes` learned from *other* people: see `n_folds`. Introduced in chapter 11.

    Parameters
    ----------
    inner_lr : float
        α, positive.
    inner_steps : int
        Steps of the inner loop; may be changed after `fit`.
    damping : float
        Ratings that a support is thought to hold beside its own, already well predicted.
    first_order : bool
        Leave the second derivatives out, which gives FOMAML: cheaper, and another gradient.
    width, n_hidden : int
        Units a hidden layer, and hidden layers.
    n_factors : int
        Factors of the items.
    n_folds : int
        A training user's factors come from a model that has not seen that fold of users; 1 shows
        everybody factors that their own ratings have shaped, which is a leak.
    lr : float
        β, the largest step size of the outer loop (Adam; rises, then falls to 0).
    n_outer, batch_size, n_query : int
        Steps of the outer loop, tasks a step, and the largest query of a task.
    seed : int
    device : str
        "auto" takes CUDA, then the CPU; Apple's MPS has no float64.

    Attributes
    ----------
    weights_, step_sizes_ : arrays, shape [parameters]
        θ and α in one row; α is 0 for what does not move.
    expected_ : array, shape [items + 1]
        Rating expected of a stranger.
    inputs_ : array, shape [items + 1, d]
        What the network reads of each item.

    Raises
    ------
    ValueError
        By `fit`, when a step size, a number of steps or the number of folds is not positive.

    References
    ----------
    Finn, Abbeel and Levine (2017), Model-agnostic meta-learning for fast adaptation of deep
    networks, ICML, PMLR 70.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = MAML(n_factors=1, n_outer=5, n_folds=2).fit(ratings)
    >>> stranger, fan = (model.predict(Episodes.of_one(ratings, s, [2])) for s in ({}, {1: 5}))
    >>> stranger.shape == fan.shape == (1, 1)
    True
    """


class Reptile(MAML):
    r"""Walk to where the tasks end: θ becomes :math:`\theta + \beta (\bar\theta_u - \theta)`.

    No query and no derivative through the steps: the inner loop runs on all ratings of an episode,
    and the mean way that the tasks went is handed to Adam in the place of the gradient. Introduced
    in chapter 11.

    Parameters
    ----------
    inner_lr, inner_steps, damping, width, n_hidden, n_factors, n_folds, lr, n_outer, batch_size, \
    n_query, seed, device
        As in `MAML`; `first_order` has no effect.

    References
    ----------
    Nichol, Achiam and Schulman (2018), On first-order meta-learning algorithms,
    arXiv:1803.02999.
    """

    def _outer_gradient(self, theta: Parameters, logs: Parameters, batch: Batch) -> None:
        steps = {name: value.exp() for name, value in logs.items()}
        shown, asked = batch[:3], batch[3:]
        together = [torch.cat(pair, dim=1) for pair in zip(shown, asked, strict=True)]

        def end(task: list[torch.Tensor]) -> Parameters:
            return adapt(theta, steps, Batch(*task, *task), self.inner_steps, self.damping, True)

        with torch.no_grad():
            ends = torch.func.vmap(end)(together)
        for name, value in theta.items():
            value.grad = value.detach() - ends[name].mean(0)


class ANIL(MAML):
    """Almost no inner loop: only the head of the network adapts, its body is shared by all.

    Introduced in chapter 11.

    Parameters
    ----------
    inner_lr, inner_steps, damping, first_order, width, n_hidden, n_factors, n_folds, lr, \
    n_outer, batch_size, n_query, seed, device
        As in `MAML`.

    References
    ----------
    Raghu, Raghu, Bengio and Vinyals (2020), Rapid learning or feature reuse? Towards
    understanding the effectiveness of MAML, ICLR.
    """

    def _moves(self, name: str) -> bool:
        return name == "head"


class MetaSGD(MAML):
    """MAML that learns a step size for every parameter, together with the starting point.

    The step sizes start at `inner_lr` and stay positive: their logarithms are learned. Introduced
    in chapter 11.

    Parameters
    ----------
    inner_lr, inner_steps, damping, first_order, width, n_hidden, n_factors, n_folds, lr, \
    n_outer, batch_size, n_query, seed, device
        As in `MAML`.

    References
    ----------
    Li, Zhou, Chen and Li (2017), Meta-SGD: learning to learn quickly for few-shot learning,
    arXiv:1707.09835.
    """

    learns_step_sizes = True


class MeLU(MAML):
    """Meta-learned user preference estimator: content is embedded for all, decisions are personal.

    The network reads the content of the item and, if given, facts about the person. Its first
    layer, the embedding, is the same for everybody; the decision layers behind it adapt. The
    published network reads its fields one by one, and predicts the whole rating; ours reads them
    together and predicts what they add to the rating expected of a stranger, as all methods of
    this file do. Introduced in chapter 11.

    Parameters
    ----------
    inner_lr, inner_steps, damping, first_order, width, n_factors, n_folds, lr, n_outer, \
    batch_size, n_query, seed, device
        As in `MAML`. `n_factors` and `n_folds` are of the model that says what a stranger gives.
    n_hidden : int
        At least 2: the embedding and the decision layers.
    features : str
        Groups of `metarec.data.item_features`, separated by spaces.

    Attributes
    ----------
    people_, people_ids_ : arrays, shapes [users + 1, columns] and [users]
        Facts about people, centred; the last row stands for people who are not listed.

    References
    ----------
    Lee, Im, Jang, Cho and Chung (2019), MeLU: meta-learned user preference estimator for
    cold-start recommendation, KDD, doi:10.1145/3292500.3330859.
    """

    def __init__(
        self,
        inner_lr: float = 0.5,
        inner_steps: int = 3,
        damping: float = 5.0,
        first_order: bool = False,
        width: int = 32,
        n_hidden: int = 2,
        n_factors: int = 8,
        n_folds: int = 5,
        lr: float = 0.003,
        n_outer: int = 300,
        batch_size: int = 64,
        n_query: int = 32,
        seed: int = 0,
        device: str = "auto",
        features: str = "genres year",
    ):
        super().__init__(
            inner_lr, inner_steps, damping, first_order, width, n_hidden, n_factors, n_folds, lr,
            n_outer, batch_size, n_query, seed, device,
        )  # fmt: skip
        self.features = features

    def fit(
        self,
        ratings: Ratings,
        knowledge: Knowledge | None = None,
        people: pd.DataFrame | None = None,
    ) -> Self:
        """Meta-train on the people of `ratings`.

        Parameters
        ----------
        ratings : Ratings
        knowledge : Knowledge, optional
            As in `MAML`.
        people : pandas.DataFrame of numbers, optional
            A row a person by user id, newcomers included, with a column a fact.

        Returns
        -------
        MeLU
            The method itself.
        """
        people = pd.DataFrame(index=ratings.users.index) if people is None else people
        self.people_ids_ = people.index.to_numpy()
        facts = people.to_numpy(float)
        self.people_ = with_unseen(facts - facts.mean(0), 0.0)
        return super().fit(ratings, knowledge)

    def _inputs(self, ratings: Ratings, known: Knowledge) -> np.ndarray:
        content = item_features(ratings, self.features.split()).values
        constant = np.ones((len(content), 1))  # so that a catalogue without content can be read
        content = with_unseen(np.hstack([constant, content]), 0.0)
        length = np.sqrt((content**2).sum(1).mean() + (self.people_**2).sum(1).mean())
        self.people_ = self.people_ / length
        return np.stack([content / length] * len(known.expected))

    def _n_inputs(self) -> int:
        return self.inputs_.shape[1] + self.people_.shape[1]

    def _read(self, inputs: torch.Tensor, users: np.ndarray) -> torch.Tensor:
        rows = pd.Index(self.people_ids_).get_indexer(users)
        (people,) = self._tensors(self.people_[rows])
        people = people[:, None].expand(*inputs.shape[:2], -1)
        return torch.cat([inputs, people], dim=-1)

    def _moves(self, name: str) -> bool:
        return name not in ("weight1", "bias1")

    def _check(self) -> None:
        super()._check()
        if self.n_hidden < 2:
            raise ValueError(f"n_hidden must be 2 or more, not {self.n_hidden}; one is embedding")


def evidence_candidates(model: MeLU, ratings: Ratings) -> np.ndarray:
    """How much MeLU would like to ask about each item: large gradients times popularity.

    An item's gradient is the mean length, over its raters, of the gradient of the squared error
    with respect to what adapts. Both factors are scaled to 0 … 1. Introduced in chapter 11.

    Parameters
    ----------
    model : MeLU
        Fitted; any method of this file will do.
    ratings : Ratings
        Training ratings.

    Returns
    -------
    array, shape [items]
        From 0 to 1.

    References
    ----------
    Lee et al. (2019), as in `MeLU`.
    """
    users, items = ratings.positions()
    given, ids = ratings.table["rating"].to_numpy(), ratings.users.index.to_numpy()[users]
    lengths = []
    for rows in np.array_split(np.arange(len(items)), len(items) // 4096 + 1):
        at = items[rows]
        inputs, target = model._tensors(model.inputs_[at], given[rows] - model.expected_[at])
        inputs = model._read(inputs[:, None], ids[rows])[:, 0]
        lengths.append(_slopes(*model.parameters(), inputs, target))
    counts = np.bincount(items, minlength=ratings.n_items)
    total = np.bincount(items, np.concatenate(lengths), minlength=ratings.n_items)
    mean = total / np.maximum(counts, 1)
    return mean / max(mean.max(), 1e-12) * counts / counts.max()


def _slopes(
    theta: Parameters, steps: Parameters, inputs: torch.Tensor, targets: torch.Tensor
) -> np.ndarray:
    """Length of the gradient of each rating's squared error: [n]."""

    def loss(moving: Parameters, read: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (target - forward(theta | moving, read)) ** 2

    slopes = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
    found = slopes({name: theta[name] for name in steps}, inputs, targets)
    return torch.sqrt(sum((s.flatten(1) ** 2).sum(1) for s in found.values())).cpu().numpy()
