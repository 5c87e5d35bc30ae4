"""Low-rank adaptation, against peft and by hand."""

import copy

import pytest
import torch
from peft import LoraConfig, get_peft_model

from metarec.models import LoRA, lora


@pytest.fixture
def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.Tanh(), torch.nn.Linear(5, 4))


def test_a_fresh_adapter_changes_nothing(network):
    x = torch.randn(3, 6)
    before = network(x)
    lora(network, 2, ["0", "2"])
    torch.testing.assert_close(network(x), before)


def test_it_adds_the_scaled_product():
    layer = torch.nn.Linear(3, 2)
    adapted = LoRA(layer, rank=1, scale=4.0)
    adapted.a.data, adapted.b.data = torch.tensor([[1.0], [2.0]]), torch.tensor([[1.0, 0.0, -1.0]])
    x = torch.tensor([[1.0, 5.0, 3.0]])  # B x = -2
    torch.testing.assert_close(adapted(x), layer(x) + 4.0 * torch.tensor([[-2.0, -4.0]]))


def test_training_steps_are_those_of_peft(network):
    mine, theirs = copy.deepcopy(network), copy.deepcopy(network)
    config = LoraConfig(r=2, lora_alpha=16, target_modules=["0", "2"], lora_dropout=0.0)
    theirs = get_peft_model(theirs, config)
    pairs = list(zip(lora(mine, 2, ["0", "2"]), _trained(theirs), strict=True))
    for own, other in pairs:
        own.data = other.data.clone()
    x, y = torch.randn(20, 6), torch.randn(20, 4)
    for model, weights in ((mine, [p for p, _ in pairs]), (theirs, [p for _, p in pairs])):
        optimiser = torch.optim.SGD(weights, lr=0.05)
        for _ in range(5):
            optimiser.zero_grad()
            (model(x) - y).square().mean().backward()
            optimiser.step()
    torch.testing.assert_close(mine(x), theirs(x))
    for own, other in pairs:
        torch.testing.assert_close(own, other)


def _trained(network):
    return [p for p in network.parameters() if p.requires_grad]


def test_only_the_adapters_are_trained(network):
    trained = lora(network, 2, ["2"])
    assert [id(p) for p in _trained(network)] == [id(p) for p in trained]
    assert sum(p.numel() for p in trained) == 2 * (5 + 4)


@pytest.mark.parametrize("rank", [0, 5])
def test_a_rank_that_does_not_fit_is_refused_and_nothing_is_wrapped(network, rank):
    with pytest.raises(ValueError, match="1 to 4"):
        lora(network, rank, ["2"])
    assert all(p.requires_grad for p in network.parameters())
    assert not any(isinstance(m, LoRA) for m in network.modules())


def test_unknown_layers_are_refused(network):
    with pytest.raises(ValueError, match="no linear layer whose name ends in query or value"):
        lora(network, 2, ["query", "value"])
