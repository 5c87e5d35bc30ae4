"""MeLU: content is embedded for everybody, decisions are personal; and what MeLU would ask."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
import torch

from metarec.data.features import item_features
from metarec.data.ratings import Ratings
from metarec.models.base import with_unseen
from metarec.models.meta.maml import MAML, Parameters, forward
from metarec.models.meta.tasks import Knowledge
from metarec.models.parameters import Range

__all__ = ["MeLU"]


class MeLU(MAML):
    """Meta-learned user preference estimator: content is embedded for all, decisions are personal.

    The network reads the content of the item and, if given, facts about the person. Its first
    layer, the embedding, is the same for everybody; the decision layers behind it adapt. The
    published network reads its fields one by one, and predicts the whole rating; ours reads them
    together and predicts what they add to the rating expected of a stranger, as `MAML` does.
    Introduced in chapter 11.

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

    label = "MeLU"
    ranges = {**MAML.ranges, "n_hidden": Range(2, whole=True)}  # one is the embedding
    book_settings = {"": {"damping": 10, "inner_lr": 2.0, "device": "cpu"}}

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
        lr: float = 0.005,
        n_outer: int = 150,
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
        # 0 is the mean film; the constant lets a catalogue without content be read too
        content = np.pad(with_unseen(content, 0.0), ((0, 0), (1, 0)), constant_values=1.0)
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


def person_facts(users: pd.DataFrame) -> pd.DataFrame:
    """What MeLU reads of people in this book: sex, age group and occupation, in columns of 0 and 1.

    Parameters
    ----------
    users : pandas.DataFrame
        With the columns `sex`, `age` and `occupation`, as MovieLens-100K has them.

    Returns
    -------
    pandas.DataFrame
        A row a person.
    """
    groups = pd.cut(users["age"], [0, 17, 24, 34, 44, 49, 55, 120])
    told = users.assign(age=groups)[["sex", "age", "occupation"]]
    return pd.get_dummies(told).astype(float)


def evidence_candidates(model: MeLU, ratings: Ratings) -> np.ndarray:
    """How much MeLU would like to ask about each item: large gradients times popularity.

    An item's gradient is the mean length, over its raters, of the gradient of the squared error
    with respect to what adapts. Both factors are scaled to 0 … 1. Introduced in chapter 11.

    Parameters
    ----------
    model : MeLU
        Fitted; any relative of `MAML` will do.
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
