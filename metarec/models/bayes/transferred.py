"""What one population of people teaches about another."""

from __future__ import annotations

import functools
from typing import Self

from metarec.data.ratings import Ratings
from metarec.data.splits.names import ALL_JOIN
from metarec.models.bayes.content import ContentBayes
from metarec.models.bayes.gaussian import Belief, Prior
from metarec.models.bayes.hierarchical import Learn
from metarec.models.parameters import Range

__all__ = ["TransferredBayes"]


class TransferredBayes(ContentBayes):
    r"""Hierarchical Bayes that begins where another population has ended.

    Everything that `ContentBayes` learns from the source becomes a prior for the target.
    An item: :math:`\mathbf w_i \sim N(\hat{\mathbf w}_i, \mathbf C_i + \varrho \Sigma_w)`, with the
    mean and covariance that the source's people have left of it, and space for a drift: the
    source's Σ_w, which says how much items differ from each other, times ϱ. People:
    :math:`\mathbf z_u \sim N(\mathbf m, \Sigma)`, where m and Σ are learned anew from the
    target's people, and those of the source count as a given number of people more. μ stays that
    of the source (m takes up how much more generous the target is), and σ² is learned anew. So
    scales may differ: half stars on one side, whole stars on the other.
    Without ratings of the target this is `ContentBayes` of the source. Introduced in chapter 08.

    Parameters
    ----------
    source : Ratings, optional
        Ratings of the other population on the same catalogue, see
        `metarec.data.another_population`. Without it this is `ContentBayes`.
    people : float
        How many people of the target the source's prior over people is worth; 0 forgets it.
    drift : float
        ϱ, how far an item may have moved, as a share of what items differ by.
    n_factors, n_sweeps, seed, features, regularization
        As in `ContentBayes`. The defaults are tuned on people of the target's training part.

    Raises
    ------
    ValueError
        By `fit`, when the two catalogues differ, or a parameter is out of range.

    References
    ----------
    Pan (2016), A survey of transfer learning for collaborative recommendation with auxiliary
    data, Neurocomputing, doi:10.1016/j.neucom.2015.11.059.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> def rated(rows):
    ...     table = pd.DataFrame(rows, columns=["user", "item", "rating"])
    ...     return Ratings.from_table(table, pd.DataFrame(index=[1, 2]))
    >>> old = rated([(1, 1, 5), (1, 2, 1), (2, 1, 4), (2, 2, 2)])
    >>> new = rated([(3, 1, 5), (3, 2, 3)])
    >>> model = TransferredBayes(old, n_factors=1).fit(new)
    >>> from metarec.data.episodes import Episodes
    >>> bool(np.diff(model.predict(Episodes.of_one(new, {})))[0, 0] < -2)  # the new person: -2
    True
    """

    label = "hierarchical Bayes + content, transferred"
    book_settings = {"": {"n_sweeps": 15}}
    fits = (ALL_JOIN,)
    ranges = {**ContentBayes.ranges, "people": Range(0), "drift": Range(0)}
    populations = ("source",)
    at_prompt = False

    def __init__(
        self,
        source: Ratings | None = None,
        people: float = 30.0,
        drift: float = 0.1,
        n_factors: int = 16,
        n_sweeps: int = 30,
        seed: int = 0,
        features: str = "genres year critics",
        regularization: float = 3.0,
    ):
        super().__init__(n_factors, n_sweeps, seed, features, regularization)
        self.source = source
        self.people = people
        self.drift = drift

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        if self.source is None:
            return super().fit(ratings)
        if not self.source.items.index.equals(ratings.items.index):
            raise ValueError(
                f"{self.source.name} and {ratings.name} do not have the same catalogue; cut both "
                "to the items that they share with metarec.data.another_population"
            )
        known = ContentBayes(
            self.n_factors, self.n_sweeps, self.seed, self.features, self.regularization
        ).fit(self.source)
        if len(ratings.table) == 0:
            for name in [name for name in vars(known) if name.endswith("_")]:
                setattr(self, name, getattr(known, name))
            return self
        self._known = known
        super().fit(ratings)
        del self._known
        return self

    def _start(self, ratings: Ratings) -> tuple[Prior, Prior, Belief, float]:
        if self.source is None:
            return super()._start(ratings)
        self.global_mean_ = self._known.global_mean_
        people, items = self._inherited()
        return people, items, Belief(items.mean, items.covariance), self._known.noise_

    def _user_prior(self, ratings: Ratings, n_people: int) -> Learn:
        if self.source is None:
            return super()._user_prior(ratings, n_people)
        people, _ = self._inherited()
        return functools.partial(people.relearn, worth=self.people)

    def _item_prior(self, ratings: Ratings) -> Learn:
        if self.source is None:
            return super()._item_prior(ratings)
        _, items = self._inherited()
        return lambda belief, rated: items

    def _inherited(self) -> tuple[Prior, Prior]:
        """What the source says about people, and about items that may have moved since."""
        known = self._known
        spread = self.drift * known.item_covariance_[-1]
        items = Prior(known.item_mean_[:-1], known.item_covariance_[:-1] + spread)
        return Prior(known.user_mean_, known.user_covariance_), items
