"""Readers of a support: sums by hand, no order, no look at the answers, and learning in context."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from metarec.data import Episodes, newcomers
from metarec.data.sources.simulated import world
from metarec.models import (
    AttentiveNeuralProcess,
    ConditionalNeuralProcess,
    ContentBayes,
    InContextTransformer,
    MatchingNetwork,
    RidgeHead,
)
from metarec.models.meta import set_encoders as readers
from metarec.models.meta.tasks import Batch, cross_fit

METHODS = [
    MatchingNetwork,
    ConditionalNeuralProcess,
    AttentiveNeuralProcess,
    RidgeHead,
    InContextTransformer,
]
NETWORKS = [method.network for method in METHODS]
SMALL = {"n_factors": 2, "n_folds": 2, "width": 8, "n_steps": 4}
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


@pytest.fixture(scope="module")
def people():
    """200 people of a world with one dimension of taste."""
    return world(n_items=60).people(n_users=200, n_ratings=30, seed=1)[0]


class TestMethods:
    @pytest.mark.parametrize("kind", METHODS)
    def test_it_learns_to_read_a_taste(self, kind, people):
        split = newcomers(people, min_ratings=25)
        model = kind(n_factors=1, n_folds=3, n_steps=120, lr=0.01).fit(split.train)
        episodes = split.test.episodes()
        errors = [
            np.sqrt(((model.predict(episodes.first(k)) - episodes.query_ratings) ** 2).mean())
            for k in (0, 20)
        ]
        assert errors[1] < 0.93 * errors[0]

    def test_an_untrained_correction_is_the_posterior_mean(self, made_up):
        known = cross_fit(made_up, 2, 1, 0, ContentBayes)
        model = InContextTransformer(correct=True, **SMALL)
        model.set_params(lr=1e-30).fit(made_up, known)
        episodes = newcomers(made_up).test.episodes()
        support, query = episodes.support_items[0], episodes.query_items[0]
        x, noise = known.features[0], known.noise[0][support]
        rest = episodes.support_ratings[0] - known.expected[0][support]
        precision = np.eye(3) + x[support].T @ (x[support] / noise[:, None])
        taste = np.linalg.solve(precision, x[support].T @ (rest / noise))
        by_hand = known.expected[0][query] + x[query] @ taste
        np.testing.assert_allclose(model.predict(episodes)[0], by_hand, atol=1e-4)

    def test_training_goes_on_where_another_has_ended(self, made_up):
        first = InContextTransformer(**SMALL).fit(made_up)
        second = InContextTransformer(**SMALL).set_params(lr=1e-30).fit(made_up, start=first)
        np.testing.assert_array_equal(first.weights_, second.weights_)

    def test_a_shuffled_support_is_the_same_support(self, made_up):
        model = InContextTransformer(**SMALL).fit(made_up)
        episodes = newcomers(made_up).test.episodes()
        parts = [f"support_{part}" for part in ("items", "ratings", "mask")]
        back = {part: getattr(episodes, part)[:, ::-1] for part in parts}
        backwards = dataclasses.replace(episodes, **back)
        np.testing.assert_allclose(model.predict(backwards), model.predict(episodes), atol=1e-5)

    @pytest.mark.parametrize("name", ["width", "lr", "n_steps", "n_folds"])
    def test_what_must_be_positive(self, name, made_up):
        with pytest.raises(ValueError, match=f"{name} 0 of "):
            RidgeHead(**SMALL).set_params(**{name: 0}).fit(made_up)


def test_noise_is_what_a_known_taste_leaves(made_up):
    """A rating varies by its noise and by the taste; together that is what `predict` says."""
    known = cross_fit(made_up, 2, 1, 0)
    from metarec.models import HierarchicalBayes

    model = HierarchicalBayes(2, seed=0).fit(made_up)
    stranger = Episodes.of_one(made_up, {})
    mean, std = model.predict(stranger, return_std=True)
    query = stranger.query_items[0]
    np.testing.assert_allclose(known.expected[0][query], mean[0])
    variance = known.noise[0] + (known.features[0] ** 2).sum(1)
    np.testing.assert_allclose(variance[query], std[0] ** 2)


def test_people_are_drawn_to_popular_items():
    here = dataclasses.replace(world(n_items=20), chances=np.arange(20.0))
    ratings, _ = here.people(n_users=500, n_ratings=5, seed=0)
    counts = pd.Series(ratings.item_counts())
    assert counts[0] == 0
    assert counts[15:].mean() > 2 * counts[1:6].mean()
    with pytest.raises(ValueError, match="n_ratings 20 is more than the 19 items"):
        here.people(n_users=1, n_ratings=20)
