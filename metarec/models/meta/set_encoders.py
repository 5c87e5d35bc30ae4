"""Networks that read a support and answer a query in one forward pass, one class an idea.

Each takes a `Batch` of tasks, whose query targets it never reads, and gives an offset for each
query; before training it says 0, or next to nothing. None knows the order of the support.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from metarec.models.meta.tasks import Batch
from metarec.models.sequential.transformer import Block


class Matching(nn.Module):
    """The residuals of the support, weighted by how alike the items are.

    Parameters
    ----------
    n_inputs : int
        Numbers that are read of an item.
    width : int
        Length of the vectors inside.
    """

    def __init__(self, n_inputs: int, width: int):
        super().__init__()
        self.embed = perceptron(n_inputs, width, width)
        self.sharpness = nn.Parameter(torch.zeros(()))
        self.nobody = nn.Parameter(torch.tensor(1.5))

    def forward(self, batch: Batch) -> torch.Tensor:
        """Offsets of the queries.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        Tensor [tasks, q]
            In stars.
        """
        return (self.weights(batch) @ batch.targets[..., None])[..., 0]

    def weights(self, batch: Batch) -> torch.Tensor:
        """How much each query listens to each rating: [tasks, q, k], with a sum below 1."""
        seen, asked = self.embed(batch.inputs), self.embed(batch.query_inputs)
        alike = asked @ seen.transpose(1, 2) * self.sharpness
        alike = alike.masked_fill(batch.mask[:, None] == 0, -torch.inf)
        nobody = self.nobody.expand(*alike.shape[:2], 1)  # one more vote, for 0
        return torch.cat([alike, nobody], dim=-1).softmax(-1)[..., :-1]


class Pooling(nn.Module):
    """The support as one vector, a damped mean over its members, of any length and order.

    Parameters
    ----------
    n_inputs : int
        Numbers that are read of an item.
    width : int
        Length of the vectors inside.
    """

    def __init__(self, n_inputs: int, width: int):
        super().__init__()
        self.encode = perceptron(n_inputs + 1, width, width)
        self.log_damping = nn.Parameter(torch.tensor(1.0))
        self.decode = perceptron(n_inputs + width, width, 1, silent=True)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Offsets of the queries.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        Tensor [tasks, q]
            In stars.
        """
        told = self.encode(pairs(batch)) * batch.mask[..., None]
        taste = told.sum(1) / (batch.mask.sum(1, keepdim=True) + self.log_damping.exp())
        taste = taste[:, None].expand(-1, batch.query_inputs.shape[1], -1)
        return self.decode(torch.cat([batch.query_inputs, taste], dim=-1))[..., 0]


class Attending(nn.Module):
    """Each query makes a vector of the support of its own, by attention.

    Parameters
    ----------
    n_inputs : int
        Numbers that are read of an item.
    width : int
        Length of the vectors inside, a multiple of `n_heads`.
    n_heads : int
    """

    def __init__(self, n_inputs: int, width: int, n_heads: int = 4):
        super().__init__()
        self.n_heads = n_heads
        self.encode = perceptron(n_inputs + 1, width, width)
        self.key, self.query = (perceptron(n_inputs, width, width) for _ in range(2))
        self.nothing = nn.Parameter(torch.zeros(2, 1, 1, width))  # a key and a value more
        self.decode = perceptron(n_inputs + width, width, 1, silent=True)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Offsets of the queries.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        Tensor [tasks, q]
            In stars.
        """
        read = self.key(batch.inputs), self.encode(pairs(batch))
        k, v = (
            torch.cat([own, more.expand(len(own), -1, -1)], dim=1)
            for own, more in zip(read, self.nothing, strict=True)
        )
        q, k, v = (
            part.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)
            for part in (self.query(batch.query_inputs), k, v)
        )  # [tasks, heads, …, width / heads]
        may_see = functional.pad(batch.mask, (0, 1), value=1.0)[:, None, None] > 0
        taste = functional.scaled_dot_product_attention(q, k, v, may_see)
        taste = taste.transpose(1, 2).flatten(2)
        return self.decode(torch.cat([batch.query_inputs, taste], dim=-1))[..., 0]


class Ridge(nn.Module):
    """A ridge regression on learned features, with a learned noise for each item.

    Parameters
    ----------
    n_inputs : int
        Numbers that are read of an item.
    width : int
        Length of the vectors inside.
    n_features : int
        Length of the vectors on which the regression works.
    """

    def __init__(self, n_inputs: int, width: int, n_features: int = 16):
        super().__init__()
        self.features = perceptron(n_inputs, width, n_features)
        self.log_noise = perceptron(n_inputs, width, 1, silent=True)
        last = self.log_noise[-1]
        assert isinstance(last, nn.Linear)
        nn.init.ones_(last.bias)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Offsets of the queries.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        Tensor [tasks, q]
            In stars.
        """
        x, asked = self.features(batch.inputs), self.features(batch.query_inputs)
        noise = self.log_noise(batch.inputs)[..., 0].exp()
        taste, _ = solve(x, batch.targets, batch.mask / noise)
        return (asked @ taste[..., None])[..., 0]


class Transformer(nn.Module):
    """Attention among the ratings of the support, and from each query to them.

    Parameters
    ----------
    n_inputs : int
        Numbers that are read of an item.
    width : int
        Length of the vectors inside, a multiple of `n_heads`.
    n_blocks, n_heads : int
    """

    def __init__(self, n_inputs: int, width: int, n_blocks: int = 2, n_heads: int = 4):
        super().__init__()
        self.shown, self.asked = nn.Linear(n_inputs + 1, width), nn.Linear(n_inputs, width)
        self.nothing = nn.Parameter(torch.zeros(1, 1, width))  # to look at when k = 0
        self.blocks = nn.ModuleList(Block(width, n_heads, 0.0) for _ in range(n_blocks))
        self.norm, self.answer = nn.LayerNorm(width), nn.Linear(width, 1)
        nn.init.zeros_(self.answer.weight)
        nn.init.zeros_(self.answer.bias)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Offsets of the queries.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        Tensor [tasks, q]
            In stars.
        """
        nothing = self.nothing.expand(len(batch.inputs), -1, -1)
        told = nothing, self.shown(pairs(batch)), self.asked(batch.query_inputs)
        x = torch.cat(told, dim=1)
        may_see = functional.pad(batch.mask, (1, 0), value=1.0) > 0  # nobody looks at a query
        may_see = may_see[:, None, None].expand(-1, 1, x.shape[1], -1)
        for block in self.blocks:
            x = block(x, may_see)
        return self.answer(self.norm(x[:, may_see.shape[-1] :]))[..., 0]


class Reader(nn.Module):
    """One of the networks above, and beneath it, if asked, the closed form that it corrects.

    The inputs of a batch hold what the network reads of an item (`n_read` numbers), then
    the item's vector x with which a taste is N(0, I), then the noise of its ratings.

    Parameters
    ----------
    network : class
        One of the networks above.
    n_read, width : int
    correct : bool
        Whether the network learns what the closed form misses.
    """

    def __init__(self, network: type[nn.Module], n_read: int, width: int, correct: bool):
        super().__init__()
        self.n_read, self.correct = n_read, correct
        self.network = network(n_read + 2 * correct, width)

    def forward(self, batch: Batch) -> torch.Tensor:
        """Offsets of the queries.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        Tensor [tasks, q]
            In stars.
        """
        sides = (batch.inputs, batch.query_inputs)
        read = [side[..., : self.n_read] for side in sides]
        if not self.correct:
            return self.network(batch._replace(inputs=read[0], query_inputs=read[1]))
        x, asked = (side[..., self.n_read : -1] for side in sides)
        taste, covariance = solve(x, batch.targets, batch.mask / batch.inputs[..., -1])
        for place, vectors in enumerate((x, asked)):
            answer = vectors @ taste[..., None]
            doubt = ((vectors @ covariance) * vectors).sum(-1, keepdim=True)
            read[place] = torch.cat([read[place], 2 * answer, 2 * doubt], dim=-1)
        corrected = self.network(batch._replace(inputs=read[0], query_inputs=read[1]))
        return answer[..., 0] + corrected


def perceptron(n_inputs: int, width: int, n_outputs: int, silent: bool = False) -> nn.Sequential:
    """Two layers; a silent one gives 0 until it is trained."""
    last = nn.Linear(width, n_outputs)
    if silent:
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(n_inputs, width), nn.GELU(), last)


def pairs(batch: Batch) -> torch.Tensor:
    """What a support shows: each item with the residual of its rating, [tasks, k, d + 1]."""
    return torch.cat([batch.inputs, batch.targets[..., None]], dim=-1)


def solve(
    x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Posterior of each task's taste, N(0, I) before: mean [tasks, d], covariance [tasks, d, d].

    The covariance is (I + Σ_j weight_j x_j x_jᵀ)⁻¹; times Σ_j weight_j y_j x_j it gives the mean.
    """
    weighted = (x * weight[..., None]).transpose(1, 2)
    precision = weighted @ x + torch.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    covariance = torch.linalg.inv(precision)
    return (covariance @ (weighted @ y[..., None]))[..., 0], covariance
