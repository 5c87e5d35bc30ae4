"""What all meta-learners share that train on episodes: batches of tasks, and answers by groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from metarec.data.device import pick_device
from metarec.data.episodes import Episodes
from metarec.data.splits.few_shot import POOL
from metarec.models.base import Method
from metarec.models.meta._adaptation import Batch
from metarec.models.meta.tasks import Knowledge, Tasks


class EpisodicMethod(Method):
    """A method that predicts an offset from `expected_`, reading `inputs_` of each item.

    Subclasses have the parameters `batch_size`, `n_query`, `seed` and `device`.
    """

    group = 40  # people who are answered together

    def predict(self, episodes: Episodes) -> np.ndarray:
        """Learn from each person's support, then predict the query.

        Parameters
        ----------
        episodes : Episodes

        Returns
        -------
        array of float, shape [users, q]
            In stars.
        """
        _, query = self.rows(episodes)
        predicted = self.expected_[query]
        order = np.argsort(episodes.query_mask.sum(1), kind="stable")  # alike: little padding
        for some in np.array_split(order, len(order) // self.group + 1):
            offset = self._offsets(episodes.take(some))
            predicted[some, : offset.shape[1]] += offset
        return predicted

    def _offsets(self, episodes: Episodes) -> np.ndarray:
        """What the people of some episodes add to the expected ratings: [users, q]."""
        raise NotImplementedError

    def _tasks(self, episodes: Episodes) -> Batch:
        """People outside of training, as tensors."""
        rows = self.rows(episodes)
        return self._batch(episodes, rows, self._tensors(self.expected_, self.inputs_))

    def _draws(self, tasks: Tasks, known: Knowledge, n_batches: int) -> Iterator[Batch]:
        """Batches of training people, each of whom sees what others have taught of the items."""
        generator = np.random.default_rng(self.seed)
        tables = self._tensors(known.expected, known.features)
        for _ in range(n_batches):
            drawn = tasks.draw(generator, self.batch_size, POOL, self.n_query)
            fold = known.fold.loc[drawn.users].to_numpy(copy=True)[:, None]
            rows = (fold, drawn.support_items), (fold, drawn.query_items)
            yield self._batch(drawn, rows, tables)

    def _batch(self, episodes: Episodes, rows: tuple, tables: tuple) -> Batch:
        """Look up the items of episodes; `rows` index the tables."""
        parts = []
        for side, at in zip(("support", "query"), rows, strict=True):
            expected, inputs = (table[at] for table in tables)
            given, mask = (getattr(episodes, f"{side}_{part}") for part in ("ratings", "mask"))
            given, mask = self._tensors(given, mask.astype(float))
            parts += [self._read(inputs, episodes.users), (given - expected) * mask, mask]
        return Batch(*parts)

    def _read(self, inputs: torch.Tensor, users: np.ndarray) -> torch.Tensor:
        """What the network reads of items [tasks, n, d] that these users rate."""
        return inputs

    def _tensors(self, *arrays: np.ndarray) -> tuple[torch.Tensor, ...]:
        return tuple(torch.tensor(array, device=self._place()) for array in arrays)

    def _place(self) -> str:
        place = pick_device(self.device)
        return "cpu" if place == "mps" else place

    def _check(self, *positive: str) -> None:
        for name in positive:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")
