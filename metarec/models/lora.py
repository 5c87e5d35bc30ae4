"""Training few numbers of a pretrained network: low-rank updates of its linear layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch


class LoRA(torch.nn.Module):
    r"""A frozen linear layer plus a low-rank update that is trained.

    Computes :math:`\mathbf W \mathbf x + \tfrac{s}{r} \mathbf A \mathbf B \mathbf x`, where A
    starts at zero, so that nothing is changed at first. Introduced in chapter 08.

    Parameters
    ----------
    layer : torch.nn.Linear
    rank : int
        r, at least 1.
    scale : float
        s.

    References
    ----------
    Hu et al. (2022), LoRA: low-rank adaptation of large language models, ICLR.
    """

    def __init__(self, layer: torch.nn.Linear, rank: int, scale: float = 16.0):
        super().__init__()
        self.layer, self.scale = layer, scale / rank
        like = {"device": layer.weight.device, "dtype": layer.weight.dtype}
        self.b = torch.nn.Parameter(torch.randn(rank, layer.in_features, **like) / rank)
        self.a = torch.nn.Parameter(torch.zeros(layer.out_features, rank, **like))

    def forward(self, x):
        """The layer's output and the update's: [..., out_features]."""
        return self.layer(x) + self.scale * (x @ self.b.T) @ self.a.T


def lora(network: torch.nn.Module, rank: int, targets: Sequence[str]) -> list:
    """Freeze a network and wrap some of its linear layers, in place.

    Parameters
    ----------
    network : torch.nn.Module
    rank : int
    targets : sequence of str
        Ends of the names of the layers.

    Returns
    -------
    list of torch.nn.Parameter
        What is to be trained, in the order of the layers.

    Raises
    ------
    ValueError
        When the network has no such linear layer.
    """
    network.requires_grad_(False)
    found = [
        name
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Linear) and name.endswith(tuple(targets))
    ]
    if not found:
        raise ValueError(f"the network has no linear layer called {' or '.join(targets)}")
    trained = []
    for name in found:
        parent, _, own = name.rpartition(".")
        module = LoRA(network.get_submodule(name), rank)
        setattr(network.get_submodule(parent), own, module)
        trained += [module.b, module.a]
    return trained
