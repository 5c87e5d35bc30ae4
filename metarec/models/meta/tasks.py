"""Training people as tasks: what is known of the items without them, and episodes drawn from them.

What the meta-learners of chapters 11 and 12 learn from, and what they share when they answer.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.linalg
import torch

from metarec.data.device import pick_device
from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.few_shot import POOL
from metarec.data.splits.names import FEW_RATINGS
from metarec.models.base import Method, with_unseen
from metarec.models.bayes.gaussian import Belief, Prior, rating_variance
from metarec.models.bayes.hierarchical import HierarchicalBayes
from metarec.models.linalg import design


class Knowledge(NamedTuple):
    """What is known of the items, without and with each fold of people.

    Attributes
    ----------
    expected : array, shape [folds + 1, items + 1]
        Rating that a person of whom nothing is known is expected to give, in stars.
    features : array, shape [folds + 1, items + 1, d]
        Vectors (1, v) of the items, stretched so that people's tastes are equally wide in all
        directions, on axes that all rows share; d is the number of factors + 1.
    noise : array, shape [folds + 1, items + 1]
        Variance of a rating around what a known taste predicts, in squared stars: larger where
        the item's vector is uncertain.
    share : array, shape [items + 1]
        Which share of all ratings an item has.
    fold : pandas.Series of int, by user id
        Which row a training user may look at. Row 0 has learned from everybody: for newcomers.
    """

    expected: np.ndarray
    features: np.ndarray
    noise: np.ndarray
    share: np.ndarray
    fold: pd.Series


@functools.lru_cache(maxsize=4)  # meta-learners of the same people share it
def cross_fit(
    ratings: Ratings,
    n_factors: int,
    n_folds: int,
    seed: int,
    kind: type[HierarchicalBayes] = HierarchicalBayes,
) -> Knowledge:
    """Learn item factors once from everybody, and once without each fold of people.

    Parameters
    ----------
    ratings : Ratings
    n_factors : int
        Dimension of the item factors.
    n_folds : int
        Number of folds; 1 lets all training users look at factors that they helped to learn.
    seed : int
        Seed of the folds and of the factor models.
    kind : class
        The factor model: `HierarchicalBayes`, or `ContentBayes`, which also reads contents.

    Returns
    -------
    Knowledge
    """
    users = ratings.users.index.to_numpy()
    fold = np.zeros(len(users), dtype=int)
    fits = [kind(n_factors, seed=seed).fit(ratings)]
    if n_folds > 1:
        lot = np.random.default_rng(seed).permutation(len(users))
        groups = np.array_split(lot, n_folds)
        for group in groups:
            others = ratings.keep_users(np.delete(users, group))
            if len(group) and len(others):
                fits.append(kind(n_factors, seed=seed).fit(others))
                fold[group] = len(fits) - 1
    expected, features, noise = zip(*map(_seen_by_a_stranger, fits), strict=True)
    share = with_unseen(ratings.item_counts() / max(len(ratings), 1), 0.0)
    weight = np.sqrt(share)[:, None]
    whole = features[0] * weight
    # every fit has axes of its own: turn them onto those of the first
    turned = [f @ scipy.linalg.orthogonal_procrustes(f * weight, whole)[0] for f in features]
    parts = np.stack(expected), np.stack(turned), np.stack(noise)
    return Knowledge(*parts, share, pd.Series(fold, users))


def _seen_by_a_stranger(model: HierarchicalBayes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Expected ratings, vectors a with which a taste is N(0, I) and its effect taste · a, noise."""
    prior = Prior(model.user_mean_, model.user_covariance_)
    items = Belief(model.item_mean_, model.item_covariance_)
    expected = model.global_mean_ + items.mean[:, 0] + design(items.mean) @ prior.mean
    features = design(items.mean) @ np.linalg.cholesky(prior.covariance)
    everybody = Belief(prior.mean[None], prior.covariance[None])
    unsure = rating_variance(everybody, items)[0] - (features**2).sum(1)  # the tastes' own share
    return expected, features, model.noise_ + unsure


class Tasks:
    """Training people, from whom episodes are drawn.

    Parameters
    ----------
    ratings : Ratings
        People without a rating are left out.
    """

    def __init__(self, ratings: Ratings):
        matrix = ratings.matrix()
        counts = np.diff(matrix.indptr)
        self.users = ratings.users.index.to_numpy()[counts > 0]
        self.counts = counts[counts > 0]
        self.catalogue = ratings.items.index.to_numpy()
        mask = np.arange(self.counts.max()) < self.counts[:, None]  # [users, longest]
        self.items, self.ratings = np.zeros(mask.shape, dtype=int), np.zeros(mask.shape)
        self.items[mask], self.ratings[mask] = matrix.indices, matrix.data

    def draw(
        self, generator: np.random.Generator, n_tasks: int, n_support: int, n_query: int
    ) -> Episodes:
        """Random people, with k of their ratings as the support and others as the query.

        For each person k is drawn from 0 to `n_support`; at least one rating is left to be asked.

        Parameters
        ----------
        generator : numpy.random.Generator
        n_tasks, n_support, n_query : int
            How many people; the largest support and query.

        Returns
        -------
        Episodes
        """
        who = generator.integers(len(self.users), size=n_tasks)
        most = self.counts[who, None]
        lot = np.where(np.arange(most.max()) < most, generator.random((n_tasks, most.max())), 2.0)
        order = np.argsort(lot, axis=1)  # a person's ratings shuffled, padding last
        k = np.minimum(generator.integers(n_support + 1, size=(n_tasks, 1)), most - 1)
        place, asked = np.arange(n_support), k + np.arange(n_query)
        masks = np.broadcast_to(place, (n_tasks, n_support)) < k, asked < most
        parts = []
        for column, mask in zip((place, asked), masks, strict=True):
            chosen = order[np.arange(n_tasks)[:, None], np.where(mask, column, 0)]
            at = who[:, None], chosen
            parts += [self.items[at] * mask, self.ratings[at] * mask, mask]
        return Episodes(self.users[who], self.catalogue, *parts)


class Batch(NamedTuple):
    """Tasks as tensors, support and query; in a function that is mapped over tasks, one task.

    Attributes
    ----------
    inputs, query_inputs : tensors, shapes [tasks, k, d] and [tasks, q, d]
        What the network reads of each item.
    targets, query_targets : tensors, shapes [tasks, k] and [tasks, q]
        What it has to predict.
    mask, query_mask : tensors of float, shapes [tasks, k] and [tasks, q]
        1 where there is a rating, 0 for padding.
    """

    inputs: torch.Tensor
    targets: torch.Tensor
    mask: torch.Tensor
    query_inputs: torch.Tensor
    query_targets: torch.Tensor
    query_mask: torch.Tensor


class EpisodicMethod(Method):
    """A method that predicts an offset from `expected_`, reading `inputs_` of each item.

    Subclasses have the parameters `batch_size`, `n_query`, `seed` and `device`, and learn
    `expected_`, shape [items + 1], and `inputs_`, shape [items + 1, d].

    References
    ----------
    Vinyals, Blundell, Lillicrap, Kavukcuoglu and Wierstra (2016), Matching networks for one shot
    learning, NeurIPS (training on episodes).
    """

    fits = FEW_RATINGS
    at_prompt = False
    batch_size: int
    n_query: int
    seed: int
    device: str
    expected_: np.ndarray
    inputs_: np.ndarray
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
