"""What gradient-based meta-learners share: fit with an outer loop, predict with an inner one."""

from __future__ import annotations

from typing import Self

import numpy as np
import torch

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.models.meta._adaptation import Batch, Parameters, adapt, forward, query_loss, start
from metarec.models.meta._episodic import EpisodicMethod
from metarec.models.meta.tasks import Knowledge, Tasks, cross_fit
from metarec.models.optim import seeded, warm_up_then_cosine


class GradientMethod(EpisodicMethod):
    """The base class of `metarec.models.meta.maml`; `MAML` describes parameters and attributes."""

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
        GradientMethod
            The method itself.
        """
        self._check("inner_lr", "lr", "inner_steps", "n_hidden", "n_folds", "n_outer")
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

    def _offsets(self, episodes: Episodes) -> np.ndarray:
        adapted, batch = self.adapted(episodes)
        return torch.func.vmap(forward)(adapted, batch.query_inputs).cpu().numpy()

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

    def _outer_loop(
        self, theta: Parameters, logs: Parameters, tasks: Tasks, known: Knowledge
    ) -> None:
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

    def _moves(self, name: str) -> bool:
        """Whether the inner loop moves a parameter."""
        return True

    def _inputs(self, ratings: Ratings, known: Knowledge) -> np.ndarray:
        """What the network reads of each item, with a mean squared length of 1."""
        length = np.sqrt((known.features[0] ** 2).sum(1).mean())
        return known.features / max(length, 1e-6)

    def _n_inputs(self) -> int:
        return self.inputs_.shape[1]
