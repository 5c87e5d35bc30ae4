"""MAML and its relatives: their gradients are right, and each moves what it should."""

import numpy as np
import pandas as pd
import pytest
import torch

from metarec.data import Episodes, Ratings, newcomers
from metarec.models import ANIL, MAML, MeLU, MetaSGD, Reptile
from metarec.models.meta.maml import adapt, hidden, query_loss, start
from metarec.models.meta.tasks import Batch

SMALL = {"n_factors": 2, "n_folds": 2, "n_outer": 3, "width": 6}


@pytest.fixture
def theta():
    torch.manual_seed(0)
    parameters = start(3, width=4, n_hidden=2)
    return parameters | {"head": torch.randn(4, dtype=torch.float64)}


@pytest.fixture
def batch():
    """Five tasks with supports of 0 to 4 ratings and queries of 6."""
    generator = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    mask = (torch.arange(4) < torch.arange(5)[:, None]).double()
    return Batch(draw(5, 4, 3), draw(5, 4), mask, draw(5, 6, 3), draw(5, 6), torch.ones(5, 6))


def one(batch, row):
    return Batch(*(part[row] for part in batch))


def after(parameters, task, first_order=False, lr=0.3):
    steps = {name: torch.tensor(lr, dtype=torch.float64) for name in parameters}
    return query_loss(adapt(parameters, steps, task, 3, 1.0, first_order), task)


def slope(parameters, task, **options):
    return torch.func.grad(after)(parameters, task, **options)


def finite_difference(parameters, task, name, at, width=1e-5):
    values = []
    for move in (width, -width):
        moved = parameters[name].clone()
        moved[at] += move
        values.append(after(parameters | {name: moved}, task))
    return float(values[0] - values[1]) / (2 * width)


class TestInnerLoop:
    def test_one_step_on_the_head_is_the_step_by_hand(self, theta, batch):
        task, lr = one(batch, 3), 0.25
        moved = adapt(theta, {"head": torch.tensor(lr).double()}, task, 1, damping=2.0)
        units = hidden(theta, task.inputs)[-1].numpy() / 2  # root of the width, 4
        error = task.targets.numpy() - units @ theta["head"].numpy()
        by_hand = theta["head"].numpy() + lr * 2 * units[:3].T @ error[:3] / (3 + 2)
        np.testing.assert_allclose(moved["head"], by_hand, rtol=1e-12)

    def test_only_what_has_a_step_size_moves(self, theta, batch):
        moved = adapt(theta, {"head": torch.tensor(0.2)}, one(batch, 3), 2, damping=2.0)
        assert {n for n in theta if not torch.equal(theta[n], moved[n])} == {"head"}

    def test_an_empty_support_moves_nothing(self, theta, batch):
        steps = dict.fromkeys(theta, torch.tensor(0.2))
        moved = adapt(theta, steps, one(batch, 0), 3, damping=2.0)
        assert all(torch.equal(theta[name], moved[name]) for name in theta)


class TestOuterGradient:
    @pytest.mark.parametrize("name", ["weight1", "bias2", "head"])
    def test_it_is_the_finite_difference(self, theta, batch, name):
        at = (0,) * theta[name].ndim
        exact = slope(theta, one(batch, 4))[name][at]
        assert exact == pytest.approx(finite_difference(theta, one(batch, 4), name, at), rel=1e-6)

    def test_the_first_order_gradient_is_another_one(self, theta, batch):
        exact, cheap = (slope(theta, one(batch, 4), first_order=f)["head"] for f in (False, True))
        assert (exact - cheap).norm() > 0.05 * exact.norm()

    def test_the_first_order_gradient_is_that_of_the_query_at_the_end(self, theta, batch):
        task = one(batch, 4)
        steps = {name: torch.tensor(0.3, dtype=torch.float64) for name in theta}
        end = adapt(theta, steps, task, 3, 1.0)
        expected = torch.func.grad(query_loss)(end, task)["head"]
        torch.testing.assert_close(slope(theta, task, first_order=True)["head"], expected)

    def test_mapped_over_tasks_it_equals_a_loop(self, theta, batch):
        mapped = torch.func.vmap(torch.func.grad(after), in_dims=(None, 0))(theta, batch)
        for row in range(5):
            for name, alone in slope(theta, one(batch, row)).items():
                torch.testing.assert_close(mapped[name][row], alone, rtol=1e-9, atol=1e-12)

    def test_reptile_walks_to_where_the_task_ends(self, theta, batch):
        model = Reptile(inner_lr=0.3, inner_steps=2, damping=1.0)
        start_ = {name: value.clone().requires_grad_() for name, value in theta.items()}
        logs = {name: torch.full_like(v, np.log(0.3)) for name, v in theta.items()}
        model._outer_gradient(start_, logs, Batch(*(part[4:] for part in batch)))
        task = one(batch, 4)
        seen = [torch.cat(p) for p in zip(task[:3], task[3:], strict=True)]
        steps = dict.fromkeys(theta, torch.tensor(0.3, dtype=torch.float64))
        end = adapt(theta, steps, Batch(*seen, *seen), 2, 1.0)
        for name, value in start_.items():
            torch.testing.assert_close(value.grad, theta[name] - end[name])


class TestMethods:
    def test_anil_moves_the_head_and_melu_what_lies_behind_the_embedding(self, made_up):
        split = newcomers(made_up)
        for model, still in (
            (ANIL(**SMALL), {"weight1", "bias1"}),
            (MeLU(**SMALL), {"weight1", "bias1"}),
        ):
            moved, _ = model.fit(split.train).adapted(split.test.episodes())
            theta, _ = model.parameters()
            same = {n for n in theta if torch.equal(moved[n], theta[n].expand_as(moved[n]))}
            assert same == still

    def test_step_sizes_are_learned_by_meta_sgd_only(self, made_up):
        train = newcomers(made_up).train
        fixed, learned = (cls(**SMALL, inner_lr=0.4).fit(train) for cls in (MAML, MetaSGD))
        np.testing.assert_allclose(fixed.step_sizes_, 0.4)
        assert np.ptp(learned.step_sizes_) > 0.001
        assert (learned.step_sizes_ > 0).all()

    def test_inner_steps_may_change_after_fit(self, made_up):
        split = newcomers(made_up)
        model, episodes = MAML(**SMALL).fit(split.train), split.test.episodes()
        stranger = model.predict(episodes.first(0))
        np.testing.assert_allclose(model.set_params(inner_steps=0).predict(episodes), stranger)

    def test_it_learns_a_taste_that_is_there(self):
        """Half of the people love the first ten films and hate the others, half the reverse."""
        generator = np.random.default_rng(0)
        side = generator.integers(2, size=60)
        table = pd.DataFrame(
            [
                (u, i, (4.0 if (i < 10) == side[u] else 1.0) + generator.integers(2))
                for u in range(60)
                for i in range(20)
            ],
            columns=["user", "item", "rating"],
        )
        ratings = Ratings.from_table(table)
        model = MetaSGD(n_factors=2, n_folds=3, n_outer=100, n_query=8).fit(ratings)
        told = model.predict(Episodes.of_one(ratings, {0: 5, 1: 5}, [2, 12]))[0]
        assert told[0] - told[1] > 2

    @pytest.mark.parametrize("name", ["inner_lr", "inner_steps", "n_folds", "n_outer"])
    def test_what_must_be_positive_is_said_to_be(self, made_up, name):
        with pytest.raises(ValueError, match=f"{name} 0 of MAML must be"):
            MAML(**{name: 0}).fit(made_up)
