"""Gradient-based meta-learning: learn where to start, so that a few steps reach any taste."""

from __future__ import annotations

import torch

from metarec.models.meta._adaptation import Batch, Parameters, adapt, forward, hidden, query_loss
from metarec.models.meta._outer import GradientMethod
from metarec.models.meta.melu import MeLU, evidence_candidates, person_facts
from metarec.models.meta.tasks import Tasks, cross_fit

__all__ = ["ANIL", "MAML", "MetaSGD", "Reptile"]

__all__ = ["ANIL", "MAML", "Batch", "MeLU", "MetaSGD", "Reptile", "Tasks", "adapt"]
__all__ += ["cross_fit", "evidence_candidates", "forward", "hidden", "person_facts", "query_loss"]


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
    >>> import pandas as pd
    >>> from metarec.data import Episodes, Ratings
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
    inner_lr, inner_steps, damping, width, n_hidden, n_factors, n_folds
        As in `MAML`; `first_order` has no effect.
    lr, n_outer, batch_size, n_query, seed, device
        As in `MAML`.

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
