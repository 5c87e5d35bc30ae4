"""Two towers (dual encoder): a network for people, one for items, and the product of the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import scipy.sparse

from metarec.data.device import pick_device
from metarec.data.episodes import Episodes
from metarec.data.features import item_features
from metarec.data.ratings import Ratings
from metarec.data.splits.names import KNOWN_ITEMS, UNRATED_ITEMS
from metarec.models.base import RankingMethod, least_like, with_unseen
from metarec.models.linalg import histories, liked
from metarec.models.parameters import FLAG, SEED, Range

if TYPE_CHECKING:
    import torch

__all__ = ["TwoTower"]


class TwoTower(RankingMethod):
    r"""Item tower and user tower over item features, trained to tell an item from others.

    An item is :math:`\mathbf v_i = \mathbf W \mathbf c_i / \lVert \mathbf W \mathbf c_i \rVert`; a
    person is the direction of :math:`\mathbf W' \bar{\mathbf c}_u`, where the mean is over the
    contents of what the person liked. For a batch of likes (u, i) the loss is the cross-entropy of
    the right item among all items of the batch (InfoNCE), with scores

    .. math:: o_{uj} = \mathbf p_u^\top \mathbf v_j / \tau - \log q_j ,

    where q_j is the share of likes that j has: frequent items come as negatives more often, and
    without the term (the log-Q correction) they would be pushed down for it. Other likes of the
    same person are no negatives, and the right item is left out of the person's own mean.
    Introduced in chapter 08.

    Parameters
    ----------
    features : str
        Groups of `metarec.data.item_features`, separated by spaces; a group that the catalogue
        lacks adds nothing.
    dim : int
        Length of the vectors, at least 1.
    temperature : float
        τ > 0.
    correct : bool
        Whether log q is subtracted.
    n_epochs, batch_size : int
        Passes over all likes, and likes a batch; at least 1.
    lr : float
        Largest step size of AdamW, above 0.
    weight_decay : float
        Of AdamW, at least 0.
    at_least : float, optional
        A rating from here on is a like; by default three quarters up the scale, 4 of 1 to 5.
    seed : int
    device : str

    Attributes
    ----------
    profile_vectors_, item_vectors_ : arrays of float32, shape [items + 1, dim]
        W' c of each item, and v; the last row is an item of which nothing is known.
    popularity_ : array, shape [items + 1]
        Likes of each item: the scores for people of whose likes nothing is known.

    Raises
    ------
    ValueError
        In `fit`, when a parameter is out of range or a group of features is unknown.

    References
    ----------
    Yi et al. (2019), Sampling-bias-corrected neural modeling for large corpus item
    recommendations, RecSys, doi:10.1145/3298689.3346996.
    van den Oord et al. (2018), Representation learning with contrastive predictive coding,
    arXiv:1807.03748.

    Examples
    --------
    >>> import pandas as pd
    >>> pairs = [(1, 1), (1, 2), (2, 3), (2, 4)]
    >>> table = pd.DataFrame(pairs, columns=["user", "item"]).assign(rating=5)
    >>> films = pd.DataFrame({"genres": ["War", "War", "Drama", "Drama", "War"]}, [1, 2, 3, 4, 5])
    >>> ratings = Ratings.from_table(table, films)
    >>> model = TwoTower("genres", dim=4, n_epochs=60, device="cpu").fit(ratings)
    >>> scores = model.predict(Episodes.of_one(ratings, {1: 5}, query=[4, 5]))[0]
    >>> bool(scores[1] > scores[0])  # nobody has seen item 5, but it is about war
    True
    """

    label = "two towers"
    fits = (*KNOWN_ITEMS, *UNRATED_ITEMS)
    ranges = {
        "dim": Range(1, whole=True),
        "temperature": Range(0, above=True),
        "correct": FLAG,
        "n_epochs": Range(1, whole=True),
        "batch_size": Range(1, whole=True),
        "lr": Range(0, above=True),
        "weight_decay": Range(0),
        "at_least": Range(none=True),
        "seed": SEED,
    }

    def __init__(
        self,
        features: str = "genres year critics",
        dim: int = 32,
        temperature: float = 0.3,
        correct: bool = True,
        n_epochs: int = 5,
        batch_size: int = 512,
        lr: float = 0.01,
        weight_decay: float = 0.01,
        at_least: float | None = None,
        seed: int = 0,
        device: str = "auto",
    ):
        self.features = features
        self.dim = dim
        self.temperature = temperature
        self.correct = correct
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.at_least = at_least
        self.seed = seed
        self.device = device

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.at_least_ = least_like(self.at_least, ratings)
        content = item_features(ratings, self.features.split()).values
        likes = liked(ratings, self.at_least_)
        self.popularity_ = with_unseen(likes.sum(0), 0.0)
        self.items_ = ratings.items.index.to_numpy()
        user_tower, item_tower = self._train(content.astype(np.float32), likes)
        raw, vectors = content @ user_tower, content @ item_tower
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        self.profile_vectors_ = with_unseen(raw.astype(np.float32), 0.0)
        self.item_vectors_ = with_unseen(vectors.astype(np.float32), 0.0)
        return self

    def item_scores(self, episodes: Episodes) -> np.ndarray:
        support, _ = self.rows(episodes)
        likes = histories(support, self.liked(episodes), 1.0, len(self.items_))
        people = likes @ self.profile_vectors_
        people /= np.maximum(np.linalg.norm(people, axis=1, keepdims=True), 1e-9)
        return people @ self.item_vectors_.T

    def _train(
        self, content: np.ndarray, likes: scipy.sparse.csr_array
    ) -> tuple[np.ndarray, np.ndarray]:
        """The weights of the user tower and of the item tower, [features, dim] each."""
        import torch
        from tqdm import trange

        from metarec.models.optim import seeded, warm_up_then_cosine

        device = pick_device(self.device)
        users, items = _examples(likes)
        c = torch.tensor(content, device=device)
        sums = torch.tensor(likes @ content, device=device).float()  # over what a person likes
        log_share = torch.tensor(self._log_share(likes), dtype=torch.float32, device=device)
        with seeded(self.seed, device):
            draws = (torch.randn(c.shape[1], self.dim, device=device) for _ in range(2))
            towers = [torch.nn.Parameter(draw * 0.1) for draw in draws]
        optimizer = torch.optim.AdamW(towers, self.lr, weight_decay=self.weight_decay)
        generator = np.random.default_rng(self.seed)
        n_batches = max(-(-len(users) // self.batch_size), 1)
        for epoch in trange(self.n_epochs, desc="epochs", leave=False):
            order = np.array_split(generator.permutation(len(users)), n_batches)
            for step, rows in enumerate(order if len(users) else []):
                share = warm_up_then_cosine((epoch + (step + 1) / n_batches) / self.n_epochs)
                optimizer.param_groups[0]["lr"] = self.lr * share
                u, i = users[rows], items[rows]
                also = torch.tensor(likes[u][:, i].toarray() > 0, device=device)
                also.fill_diagonal_(False)
                # a person without the item to be guessed, and the items of the batch
                loss = self._loss(towers, sums[u] - c[i], c[i], log_share[i], also)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        user_tower, item_tower = (tower.detach().cpu().numpy() for tower in towers)
        return user_tower, item_tower

    def _log_share(self, likes: scipy.sparse.csr_array) -> np.ndarray:
        """log q of each item; 0 where it is not to be corrected for."""
        return np.log(np.maximum(likes.sum(0), 1) / max(likes.sum(), 1)) * self.correct

    def _loss(
        self,
        towers: Sequence[torch.Tensor],
        profiles: torch.Tensor,
        contents: torch.Tensor,
        log_share: torch.Tensor,
        also: torch.Tensor,
    ) -> torch.Tensor:
        """Cross-entropy of the right item, on the diagonal, among those of the batch."""
        import torch
        from torch.nn.functional import cross_entropy, normalize

        people = normalize(profiles @ towers[0], dim=1)  # [batch, dim]
        items = normalize(contents @ towers[1], dim=1)
        scores = people @ items.T / self.temperature - log_share  # [batch, batch]
        right = torch.arange(len(scores), device=scores.device)
        return cross_entropy(scores.masked_fill(also, -torch.inf), right)


def _examples(likes: scipy.sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Person and item of each like to learn from: who likes one thing has no other to show."""
    users, items = likes.nonzero()
    keep = np.diff(likes.indptr)[users] > 1
    return users[keep], items[keep]
