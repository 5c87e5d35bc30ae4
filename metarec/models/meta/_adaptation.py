"""The inner loop: a small network and what a few gradient steps make of its parameters."""

from __future__ import annotations

from typing import NamedTuple

import torch

Parameters = dict[str, torch.Tensor]


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


def start(n_inputs: int, width: int, n_hidden: int) -> Parameters:
    """Random parameters of the network's body, and a head that predicts 0.

    Parameters
    ----------
    n_inputs, width, n_hidden : int
        Numbers of inputs, of units a hidden layer, and of hidden layers.

    Returns
    -------
    dict of str to tensor
        `weight1`, `bias1`, … and `head`, in float64.
    """
    sizes = [n_inputs] + [width] * n_hidden
    parameters = {}
    for layer in range(1, n_hidden + 1):
        shape = sizes[layer - 1 : layer + 1]
        parameters[f"weight{layer}"] = torch.randn(shape, dtype=torch.float64)
        parameters[f"bias{layer}"] = torch.zeros(shape[1], dtype=torch.float64)
    return parameters | {"head": torch.zeros(sizes[-1], dtype=torch.float64)}


def hidden(parameters: Parameters, inputs: torch.Tensor) -> list[torch.Tensor]:
    """What comes out of each hidden layer.

    Parameters
    ----------
    parameters : dict of str to tensor
        As `start` makes them.
    inputs : tensor, shape [..., d]
        With a mean squared length of 1.

    Returns
    -------
    list of tensors, shape [..., width]
    """
    layers = [inputs]
    for layer in range(1, len(parameters) // 2 + 1):
        scale = layers[-1].shape[-1] ** -0.5 if layer > 1 else 1.0
        mixed = scale * layers[-1] @ parameters[f"weight{layer}"] + parameters[f"bias{layer}"]
        layers.append(torch.tanh(mixed))
    return layers[1:]


def forward(parameters: Parameters, inputs: torch.Tensor) -> torch.Tensor:
    """The network: tanh layers, then a linear head; sums are divided by the root of the width.

    With this division one step size suits all layers and widths.

    Parameters
    ----------
    parameters : dict of str to tensor
    inputs : tensor, shape [..., d]

    Returns
    -------
    tensor, shape [...]
    """
    last = hidden(parameters, inputs)[-1]
    return last.shape[-1] ** -0.5 * last @ parameters["head"]


def adapt(
    parameters: Parameters,
    step_sizes: Parameters,
    task: Batch,
    n_steps: int,
    damping: float,
    first_order: bool = False,
) -> Parameters:
    """Some gradient steps on the support of one task.

    The loss is the sum of squared errors divided by k + `damping`, as if so many further ratings
    were predicted without error: few ratings move the parameters little.

    Parameters
    ----------
    parameters : dict of str to tensor
        The starting point θ.
    step_sizes : dict of str to tensor
        α, for the parameters that may move; each a scalar or of its parameter's shape.
    task : Batch
        One task, without the leading axis; its query is not read.
    n_steps : int
    damping : float
    first_order : bool
        Whether derivatives of the result with respect to θ leave out the second derivatives.

    Returns
    -------
    dict of str to tensor
        θ_u.
    """

    def loss(moving: Parameters, rest: Parameters) -> torch.Tensor:
        error = task.targets - forward(rest | moving, task.inputs)
        return (task.mask * error**2).sum() / (task.mask.sum() + damping)

    for _ in range(n_steps):
        moving = {name: parameters[name] for name in step_sizes}
        slope = torch.func.grad(loss)(moving, parameters)
        if first_order:
            slope = {name: value.detach() for name, value in slope.items()}
        moved = {name: moving[name] - step_sizes[name] * slope[name] for name in moving}
        parameters = parameters | moved
    return parameters


def query_loss(parameters: Parameters, task: Batch) -> torch.Tensor:
    """Mean squared error of one task's query.

    Parameters
    ----------
    parameters : dict of str to tensor
    task : Batch
        One task, without the leading axis.

    Returns
    -------
    tensor
        One number, in squared stars.
    """
    error = task.query_targets - forward(parameters, task.query_inputs)
    return (task.query_mask * error**2).sum() / task.query_mask.sum()
