"""Learning in one forward pass: networks that read a few ratings and answer, without a step.

All share their training and their inputs, and differ only in how they read a support.
"""

from __future__ import annotations

from metarec.models.meta import set_encoders
from metarec.models.meta._amortised import AmortisedMethod

__all__ = [
    "AttentiveNeuralProcess",
    "ConditionalNeuralProcess",
    "InContextTransformer",
    "MatchingNetwork",
    "RidgeHead",
]


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
        Whether to start from the posterior mean of the factor model, to read it and its variance,
        and to learn what it misses.
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

    network = set_encoders.Transformer


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

    network = set_encoders.Matching


class ConditionalNeuralProcess(AmortisedMethod):
    """The support as the damped mean of a learned vector a rating, which a network reads.

    Introduced in chapter 12.

    Parameters
    ----------
    correct, width, n_factors, n_folds, lr, n_steps, batch_size, n_query, seed, device
        As in `InContextTransformer`.

    References
    ----------
    Garnelo et al. (2018), Conditional neural processes, ICML, PMLR 80.
    """

    network = set_encoders.Pooling


class AttentiveNeuralProcess(AmortisedMethod):
    """A neural process in which each query makes its own vector of the support, by attention.

    Introduced in chapter 12.

    Parameters
    ----------
    correct, width, n_factors, n_folds, lr, n_steps, batch_size, n_query, seed, device
        As in `InContextTransformer`.

    References
    ----------
    Kim et al. (2019), Attentive neural processes, ICLR.
    """

    network = set_encoders.Attending


class RidgeHead(AmortisedMethod):
    """A ridge regression for each person, on features that are learned through its solution.

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

    network = set_encoders.Ridge
