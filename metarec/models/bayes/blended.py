"""Several models of one person, averaged. The book's best method."""

from __future__ import annotations

from typing import Any, Literal, Self, overload

import numpy as np

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.names import ALL, ALL_JOIN, NOBODY_JOINS
from metarec.models.base import Method
from metarec.models.bayes.informed import InformedBayes
from metarec.models.content.hierarchical_linear import HierarchicalLinear
from metarec.models.parameters import SEED, Range

__all__ = ["BlendedBayes"]


class BlendedBayes(Method):
    r"""Mean of two sizes of `InformedBayes`, and of a linear model for films nobody has rated.

    Prediction: :math:`\hat r = (1 - \omega)\,(\hat r_1 + \hat r_2) / 2 + \omega\,\hat r_3`. The
    first two have 16 factors with 16 numbers about choices, and 8 with 32; the third is
    `HierarchicalLinear`, with ω = 0 for films that training has rated. The squared error of a mean
    is the mean squared error of the members less the variance among their answers (the ambiguity
    decomposition), so it pays to average models that are equally good and disagree. A film that
    nobody has rated has no factors of its own: there the linear model is one of the good ones.
    Introduced in chapter 13.

    Parameters
    ----------
    linear_share : float
        ω of films that training has not rated, in 0…1.
    traits, others, seed
        As in `InformedBayes`.

    Attributes
    ----------
    taste_, choice_ : InformedBayes
    linear_ : HierarchicalLinear
        The fitted members; the second one knows less of taste and more of choices.

    Raises
    ------
    ValueError
        By `fit`, as `InformedBayes` does.

    References
    ----------
    Krogh and Vedelsby (1995), Neural network ensembles, cross validation, and active learning,
    Advances in Neural Information Processing Systems 7, pages 231-238.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(1, 1, 5), (1, 2, 1), (2, 1, 4), (2, 2, 2), (3, 1, 5), (3, 3, 3)]
    >>> ratings = Ratings.from_table(pd.DataFrame(rows, columns=["user", "item", "rating"]))
    >>> model = BlendedBayes().fit(ratings)
    >>> bool(np.diff(model.predict(Episodes.of_one(ratings, {})))[0, 0] < 0)  # item 2 is liked less
    True
    """

    label = "blended Bayes"
    fits = ALL
    ranges = {"linear_share": Range(0, 1), "seed": SEED}
    populations = ("others",)
    book_settings = {NOBODY_JOINS: {"traits": ""}, ALL_JOIN: {"traits": ""}}

    def __init__(
        self,
        linear_share: float = 0.5,
        traits: str = "age sex occupation",
        others: Ratings | None = None,
        seed: int = 0,
    ):
        self.linear_share = linear_share
        self.traits = traits
        self.others = others
        self.seed = seed

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        for name, part in self._parts().items():
            setattr(self, name, part.fit(ratings))
        return self

    @overload
    def predict(self, episodes: Episodes, return_std: Literal[False] = ...) -> np.ndarray: ...

    @overload
    def predict(
        self, episodes: Episodes, return_std: Literal[True]
    ) -> tuple[np.ndarray, np.ndarray]: ...

    def predict(
        self, episodes: Episodes, return_std: bool = False
    ) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Predict the query, and if asked say how sure the blend is.

        Parameters
        ----------
        episodes : Episodes
        return_std : bool
            Whether to return the standard deviation of the rating too (noise included): that of
            a rating drawn from one of the members, each with the probability of its weight.

        Returns
        -------
        array of float, shape [users, q], or two of them
            Mean, and standard deviation, in rating units.
        """
        _, query = self.rows(episodes)
        share = np.where(self.taste_.chosen_[query], 0, self.linear_share)
        weights = (1 - share) / 2, (1 - share) / 2, share  # [users, q] each
        members = self.taste_, self.choice_, self.linear_
        heard = [(w, m) for w, m in zip(weights, members, strict=True) if w.any()]
        nothing = np.zeros(query.shape)  # where nobody is asked about, nobody is heard
        if not return_std:
            return sum((w * m.predict(episodes) for w, m in heard), nothing)
        answers = [(w, *m.predict(episodes, return_std=True)) for w, m in heard]
        mean = sum((w * guess for w, guess, _ in answers), nothing)
        variance = sum((w * (s**2 + (guess - mean) ** 2) for w, guess, s in answers), nothing)
        return mean, np.sqrt(variance)

    def _parts(self) -> dict[str, Method]:
        known: dict[str, Any] = {"traits": self.traits, "others": self.others, "seed": self.seed}
        return {
            "taste_": InformedBayes(n_factors=16, n_choices=16, **known),
            "choice_": InformedBayes(n_factors=8, n_choices=32, **known),
            "linear_": HierarchicalLinear(),
        }
