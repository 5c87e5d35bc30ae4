"""Networks that read a support: sums by hand, no order, no look at the answers."""

import numpy as np
import pytest
import torch

from metarec.models.meta import set_encoders as readers
from metarec.models.meta.tasks import Batch

NETWORKS = [
    readers.Matching,
    readers.Pooling,
    readers.Attending,
    readers.Ridge,
    readers.Transformer,
]
READ = 3  # numbers that a network reads of an item, here


@pytest.fixture
def batch():
    """Five tasks with supports of 0 to 4 ratings and queries of 6."""
    generator = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    mask = (torch.arange(4) < torch.arange(5)[:, None]).double()
    inputs, asked = draw(5, 4, READ), draw(5, 6, READ)
    return Batch(inputs, draw(5, 4) * mask, mask, asked, draw(5, 6), torch.ones(5, 6))


def made(network, *args):
    """A network whose every weight matters: those that are 0 at the start are random, too."""
    torch.manual_seed(0)
    made_ = network(READ, 8, *args).double()
    for weight in made_.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return made_


def shuffled(batch, order):
    return batch._replace(
        **{name: getattr(batch, name)[:, order] for name in ("inputs", "targets", "mask")}
    )


class TestNetworks:
    @pytest.mark.parametrize("network", NETWORKS)
    def test_the_order_of_the_support_does_not_matter(self, network, batch):
        net = made(network)
        with torch.no_grad():
            answers = net(shuffled(batch, [3, 0, 2, 1])), net(batch)
        torch.testing.assert_close(*answers, rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("network", NETWORKS)
    def test_a_query_is_answered_by_itself(self, network, batch):
        net = made(network)
        some = batch._replace(
            query_inputs=batch.query_inputs[:, 2:3],
            query_targets=batch.query_targets[:, 2:3] + 9,
            query_mask=batch.query_mask[:, 2:3],
        )
        with torch.no_grad():
            torch.testing.assert_close(net(some), net(batch)[:, 2:3], rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("network", NETWORKS)
    def test_padding_says_nothing(self, network, batch):
        net = made(network)
        hidden = batch.mask[..., None] == 0
        noisy = batch._replace(inputs=batch.inputs.masked_fill(hidden, 7.0))
        with torch.no_grad():
            torch.testing.assert_close(net(noisy), net(batch), rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("network", NETWORKS)
    def test_every_rating_of_the_support_counts(self, network, batch):
        net, targets = made(network), batch.targets.clone().requires_grad_()
        net(batch._replace(targets=targets)).sum().backward()
        np.testing.assert_array_equal(targets.grad != 0, batch.mask > 0)

    def test_votes_by_hand(self, batch):
        net = made(readers.Matching)
        net.embed = torch.nn.Identity()
        with torch.no_grad():
            net.sharpness.fill_(1.0)
            net.nobody.fill_(0.0)
            found = net(batch)[2, 0]
        weights = np.exp(batch.inputs[2, :2].numpy() @ batch.query_inputs[2, 0].numpy())
        by_hand = weights @ batch.targets[2, :2].numpy() / (weights.sum() + 1)
        assert float(found) == pytest.approx(by_hand, rel=1e-12)

    def test_the_ridge_is_the_one_that_numpy_solves(self, batch):
        x, y = batch.inputs[3, :3].numpy(), batch.targets[3, :3].numpy()
        weight = np.array([0.5, 1.0, 2.0])
        precision = np.eye(READ) + x.T @ (x * weight[:, None])
        padded = torch.tensor([*weight, 0.0], dtype=torch.float64)[None]
        mean, covariance = readers.solve(batch.inputs[3:4], batch.targets[3:4], padded)
        np.testing.assert_allclose(mean[0], np.linalg.solve(precision, x.T @ (weight * y)))
        np.testing.assert_allclose(covariance[0], np.linalg.inv(precision))

    def test_the_ridge_is_differentiated_through(self, batch):
        net = made(readers.Ridge)
        weight = net.features[0].weight
        slope = torch.autograd.grad(net(batch).square().sum(), weight)[0][0, 0]
        values = []
        for move in (1e-5, -1e-5):
            with torch.no_grad():
                weight[0, 0] += move
                values.append(float(net(batch).square().sum()))
                weight[0, 0] -= move
        assert float(slope) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5)
