"""MAML and its relatives: learn where to start, so that a few gradient steps reach any taste.

The whole algorithm stands here: the network and the inner loop (`adapt`), and in the class the
outer loop. ANIL, Reptile and Meta-SGD each change one line of thought.
"""

from __future__ import annotations

from typing import Self

import numpy as np
import torch

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.meta.tasks import Batch, EpisodicMethod, Knowledge, Tasks, cross_fit
from metarec.models.optim import seeded, warm_up_then_cosine
from metarec.models.parameters import FLAG, SEED, Range

__all__ = ["ANIL", "MAML", "MetaSGD", "Reptile"]

Parameters = dict[str, torch.Tensor]


def start(n_inputs: int, width: int, n_hidden: int) -> Parameters:
    """Random parameters of the network's body, and a head that predicts 0.

    Parameters
    ----------
    n_inputs, width, n_hidden : int
        Numbers of inputs, of units a hidden layer, and of hidden layers.

    Returns
    -------
    dict of str to tensor
        `weight1`, `bias1`, … and `head`, in float64.
    """
    sizes = [n_inputs] + [width] * n_hidden
    parameters = {}
    for layer in range(1, n_hidden + 1):
        shape = sizes[layer - 1 : layer + 1]
        parameters[f"weight{layer}"] = torch.randn(shape, dtype=torch.float64)
        parameters[f"bias{layer}"] = torch.zeros(shape[1], dtype=torch.float64)
    return parameters | {"head": torch.zeros(sizes[-1], dtype=torch.float64)}


def hidden(parameters: Parameters, inputs: torch.Tensor) -> list[torch.Tensor]:
    """What comes out of each hidden layer.

    Parameters
    ----------
    parameters : dict of str to tensor
        As `start` makes them.
    inputs : tensor, shape [..., d]
        With a mean squared length of 1.

    Returns
    -------
    list of tensors, shape [..., width]
    """
    layers = [inputs]
    for layer in range(1, len(parameters) // 2 + 1):
        scale = layers[-1].shape[-1] ** -0.5 if layer > 1 else 1.0
        mixed = scale * layers[-1] @ parameters[f"weight{layer}"] + parameters[f"bias{layer}"]
        layers.append(torch.tanh(mixed))
    return layers[1:]


def forward(parameters: Parameters, inputs: torch.Tensor) -> torch.Tensor:
    """The network: tanh layers, then a linear head; sums are divided by the root of the width.

    With this division one step size suits all layers and widths.

    Parameters
    ----------
    parameters : dict of str to tensor
    inputs : tensor, shape [..., d]

    Returns
    -------
    tensor, shape [...]
    """
    last = hidden(parameters, inputs)[-1]
    return last.shape[-1] ** -0.5 * last @ parameters["head"]


def adapt(
    parameters: Parameters,
    step_sizes: Parameters,
    task: Batch,
    n_steps: int,
    damping: float,
    first_order: bool = False,
) -> Parameters:
    """Some gradient steps on the support of one task.

    The loss is the sum of squared errors divided by k + `damping`, as if so many further ratings
    were predicted without error: few ratings move the parameters little.

    Parameters
    ----------
    parameters : dict of str to tensor
        The starting point θ.
    step_sizes : dict of str to tensor
        α, for the parameters that may move; each a scalar or of its parameter's shape.
    task : Batch
        One task, without the leading axis; its query is not read.
    n_steps : int
    damping : float
    first_order : bool
        Whether derivatives of the result with respect to θ leave out the second derivatives.

    Returns
    -------
    dict of str to tensor
        θ_u.
    """

    def loss(moving: Parameters, rest: Parameters) -> torch.Tensor:
        error = task.targets - forward(rest | moving, task.inputs)
        return (task.mask * error**2).sum() / (task.mask.sum() + damping)

    for _ in range(n_steps):
        moving = {name: parameters[name] for name in step_sizes}
        slope = torch.func.grad(loss)(moving, parameters)
        if first_order:
            slope = {name: value.detach() for name, value in slope.items()}
        moved = {name: moving[name] - step_sizes[name] * slope[name] for name in moving}
        parameters = parameters | moved
    return parameters


def query_loss(parameters: Parameters, task: Batch) -> torch.Tensor:
    """Mean squared error of one task's query.

    Parameters
    ----------
    parameters : dict of str to tensor
    task : Batch
        One task, without the leading axis.

    Returns
    -------
    tensor, no dimension: one value
        In squared stars.
    """
    error = task.query_targets - forward(parameters, task.query_inputs)
    return (task.query_mask * error**2).sum() / task.query_mask.sum()


class MAML(EpisodicMethod):
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
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
    >>> table = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "rating": [5, 1, 4, 2]})
    >>> ratings = Ratings.from_table(table)
    >>> model = MAML(n_factors=1, n_outer=5, n_folds=2).fit(ratings)
    >>> stranger, fan = (model.predict(Episodes.of_one(ratings, s, [2])) for s in ({}, {1: 5}))
    >>> stranger.shape == fan.shape == (1, 1)
    True
    """

    label = "MAML"
    book_settings = {"": {"damping": 10, "inner_lr": 2.0, "device": "cpu"}}
    variants = {"FOMAML": {"first_order": True, "inner_lr": 1.0, "device": "cpu"}}
    ranges = {
        "inner_lr": Range(0, above=True),
        "inner_steps": Range(1, whole=True),
        "damping": Range(0, above=True),
        "first_order": FLAG,
        "width": Range(1, whole=True),
        "n_hidden": Range(1, whole=True),
        "n_factors": Range(0, whole=True),
        "n_folds": Range(1, whole=True),
        "lr": Range(0, above=True),
        "n_outer": Range(1, whole=True),
        "batch_size": Range(1, whole=True),
        "n_query": Range(1, whole=True),
        "seed": SEED,
    }
    learns_step_sizes = False

    def __init__(
        self,
        inner_lr: float = 0.5,
        inner_steps: int = 3,
        damping: float = 5.0,
        first_order: bool = False,
        width: int = 32,
        n_hidden: int = 1,
        n_factors: int = 8,
        n_folds: int = 5,
        lr: float = 0.005,
        n_outer: int = 150,
        batch_size: int = 64,
        n_query: int = 32,
        seed: int = 0,
        device: str = "auto",
    ):
        self.inner_lr = inner_lr
        self.inner_steps = inner_steps
        self.damping = damping
        self.first_order = first_order
        self.width = width
        self.n_hidden = n_hidden
        self.n_factors = n_factors
        self.n_folds = n_folds
        self.lr = lr
        self.n_outer = n_outer
        self.batch_size = batch_size
        self.n_query = n_query
        self.seed = seed
        self.device = device

    def fit(self, ratings: Ratings, knowledge: Knowledge | None = None) -> Self:
        """Meta-train on the people of `ratings`.

        Parameters
        ----------
        ratings : Ratings
        knowledge : Knowledge, optional
            What `cross_fit(ratings, n_factors, n_folds, seed)` gives, if it is at hand.

        Returns
        -------
        MAML
            The method itself.
        """
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        known = knowledge or cross_fit(ratings, self.n_factors, self.n_folds, self.seed)
        inputs = self._inputs(ratings, known)
        self.expected_, self.inputs_ = known.expected[0], inputs[0]
        with seeded(self.seed):
            theta = start(self._n_inputs(), self.width, self.n_hidden)
        place = self._place()
        theta = {n: v.to(place).requires_grad_() for n, v in theta.items()}
        logs = {n: torch.full_like(v, np.log(self.inner_lr)) for n, v in theta.items()}
        logs = {n: v.requires_grad_() for n, v in logs.items() if self._moves(n)}
        self._outer_loop(theta, logs, Tasks(ratings), known._replace(features=inputs))
        sizes = {n: logs[n].exp() if n in logs else torch.zeros_like(v) for n, v in theta.items()}
        self.weights_, self.step_sizes_ = (
            torch.cat([v.detach().flatten() for v in part.values()]).cpu().numpy()
            for part in (theta, sizes)
        )
        return self

    def _outer_loop(
        self, theta: Parameters, logs: Parameters, tasks: Tasks, known: Knowledge
    ) -> None:
        """Move θ, and what is learned of α, so that the tasks' queries end with a small loss."""
        groups = [{"params": list(theta.values()), "lr": self.lr}]
        if self.learns_step_sizes:  # a logarithm has further to go than a weight
            groups.append({"params": list(logs.values()), "lr": 10 * self.lr})
        optimizer = torch.optim.Adam(groups)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: warm_up_then_cosine((step + 0.5) / self.n_outer)
        )
        for batch in self._draws(tasks, known, self.n_outer):
            optimizer.zero_grad()
            self._outer_gradient(theta, logs, batch)
            optimizer.step()
            schedule.step()

    def _outer_gradient(self, theta: Parameters, logs: Parameters, batch: Batch) -> None:
        """Differentiate the query loss after the inner loop with respect to where it started."""
        steps = {name: value.exp() for name, value in logs.items()}
        rule = self.inner_steps, self.damping, self.first_order

        def after(task: Batch) -> torch.Tensor:
            return query_loss(adapt(theta, steps, task, *rule), task)

        torch.func.vmap(after)(batch).mean().backward()

    def adapted(self, episodes: Episodes) -> tuple[Parameters, Batch]:
        """Each person's own parameters, and the batch of tasks that they come from.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        dict of str to tensor, and Batch
            The tensors have a leading axis for the people.
        """
        batch = self._tasks(episodes)
        theta, steps = self.parameters()

        def one(task: Batch) -> Parameters:
            return adapt(theta, steps, task, self.inner_steps, self.damping, first_order=True)

        with torch.no_grad():
            return torch.func.vmap(one)(batch), batch

    def _offsets(self, episodes: Episodes) -> np.ndarray:
        adapted, batch = self.adapted(episodes)
        return torch.func.vmap(forward)(adapted, batch.query_inputs).cpu().numpy()

    def parameters(self) -> tuple[Parameters, Parameters]:
        """The learned starting point, and the step sizes of what moves.

        Returns
        -------
        two dicts of str to tensor
        """
        with seeded(self.seed):  # only the shapes count
            shapes = start(self._n_inputs(), self.width, self.n_hidden)
        lengths = [value.numel() for value in shapes.values()]
        theta, sizes = (
            {
                name: piece.view(shapes[name].shape)
                for name, piece in zip(shapes, flat.split(lengths), strict=True)
            }
            for flat in self._tensors(self.weights_, self.step_sizes_)
        )
        return theta, {n: v for n, v in sizes.items() if self._moves(n)}

    def _moves(self, name: str) -> bool:
        """Whether the inner loop moves a parameter."""
        return True

    def _inputs(self, ratings: Ratings, known: Knowledge) -> np.ndarray:
        """What the network reads of each item, with a mean squared length of 1."""
        length = np.sqrt((known.features[0] ** 2).sum(1).mean())
        return known.features / max(length, 1e-6)

    def _n_inputs(self) -> int:
        return self.inputs_.shape[1]


class Reptile(MAML):
    r"""Walk to where the tasks end: θ becomes :math:`\theta + \beta (\bar\theta_u - \theta)`.

    No query and no derivative through the steps: the inner loop runs on all ratings of an episode,
    and the mean way that the tasks went is handed to Adam in the place of the gradient. Introduced
    in chapter 11.

    Parameters
    ----------
    inner_lr, inner_steps, damping, width, n_hidden, n_factors, n_folds
        As in `MAML`; `first_order` has no effect.
    lr, n_outer, batch_size, n_query, seed, device
        As in `MAML`.

    References
    ----------
    Nichol, Achiam and Schulman (2018), On first-order meta-learning algorithms,
    arXiv:1803.02999.
    """

    label = "Reptile"
    book_settings = {"": {"damping": 20, "inner_lr": 2.0, "device": "cpu"}}

    def _outer_gradient(self, theta: Parameters, logs: Parameters, batch: Batch) -> None:
        """Hand Adam the mean way that the tasks went, on all of their ratings."""
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

    label = "ANIL"
    book_settings = {"": {"damping": 10, "inner_lr": 2.0, "device": "cpu"}}

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

    label = "Meta-SGD"
    book_settings = {"": {"damping": 10, "inner_lr": 2.0, "device": "cpu"}}
    learns_step_sizes = True
