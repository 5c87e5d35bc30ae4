"""LoRA: train a low-rank update of a linear layer, and leave the layer as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

__all__ = ["LoRA", "lora"]


class LoRA(torch.nn.Module):
    r"""A frozen linear layer plus a low-rank update that is trained.

    Computes :math:`\mathbf W \mathbf x + \tfrac{s}{r} \mathbf A \mathbf B \mathbf x`. B starts at
    random and A at zero, so that nothing is changed at first. Introduced in chapter 08.

    Parameters
    ----------
    layer : torch.nn.Linear
    rank : int
        r, at least 1 and at most the smaller side of the layer.
    scale : float
        s.

    Raises
    ------
    ValueError
        When the rank does not fit.

    References
    ----------
    Hu et al. (2022), LoRA: low-rank adaptation of large language models, ICLR. There our A is
    called B, and our B is called A.
    """

    def __init__(self, layer: torch.nn.Linear, rank: int, scale: float = 16.0):
        super().__init__()
        most = min(layer.in_features, layer.out_features)
        if not 1 <= rank <= most:
            raise ValueError(f"rank {rank} must be 1 to {most} for a layer of this size")
        self.layer, self.scale = layer, scale / rank
        like: dict[str, Any] = {"device": layer.weight.device, "dtype": layer.weight.dtype}
        start = torch.randn(rank, layer.in_features, **like) / layer.in_features**0.5
        self.b = torch.nn.Parameter(start)
        self.a = torch.nn.Parameter(torch.zeros(layer.out_features, rank, **like))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The layer's output plus the update's.

        Parameters
        ----------
        x : Tensor [..., in]

        Returns
        -------
        Tensor [..., out]
        """
        return self.layer(x) + self.scale * (x @ self.b.T) @ self.a.T


def lora(network: torch.nn.Module, rank: int, targets: Sequence[str]) -> list[torch.nn.Parameter]:
    """Freeze a network and wrap some of its linear layers, in place.

    Parameters
    ----------
    network : torch.nn.Module
    rank : int
        See `LoRA`.
    targets : sequence of str
        Ends of the layers' names, such as "query" and "value" in BERT, "q_proj" and "v_proj" in
        Llama.

    Returns
    -------
    list of torch.nn.Parameter
        What is to be trained: B and A of each layer, in the order of the layers.

    Raises
    ------
    ValueError
        When the network has no such linear layer, or the rank does not fit one.

    Examples
    --------
    >>> network = torch.nn.Sequential(torch.nn.Linear(10, 10), torch.nn.Linear(10, 2))
    >>> [list(p.shape) for p in lora(network, rank=2, targets=["0"])]
    [[2, 10], [10, 2]]
    """
    found = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear) and name.endswith(tuple(targets))
    }
    if not found:
        raise ValueError(
            f"the network has no linear layer whose name ends in {' or '.join(targets)}"
        )
    wrapped = {name: LoRA(layer, rank) for name, layer in found.items()}
    network.requires_grad_(False)
    for name, module in wrapped.items():
        network.set_submodule(name, module)
    return [p for module in wrapped.values() for p in (module.b, module.a)]
