"""Transformers on histories: the parts against PyTorch and loops by hand, and what both share."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from torch.nn import functional

from metarec.data import Episodes, Ratings
from metarec.models import BERT4Rec, SASRec
from metarec.models.sequential.transformer import (
    NOTHING,
    Block,
    CatalogueLoss,
    ItemTransformer,
    cut,
    loss_of,
    newest,
    shuffled,
)
from tests.models.sequential.histories import SMALL, after, of_eight, people, sequences, some

BOTH = [SASRec(**SMALL), BERT4Rec(**SMALL)]


def network(causal: bool, window: int = 6, **other) -> ItemTransformer:
    torch.manual_seed(0)
    shape = {"n_tokens": 12, "width": 8, "n_blocks": 2, "n_heads": 2, "dropout": 0.0} | other
    net = ItemTransformer(window=window, causal=causal, **shape).eval()
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return net


def test_attention_of_a_block_equals_a_loop_by_hand():
    torch.manual_seed(1)
    block = Block(width=6, n_heads=2, dropout=0.0).eval()
    x, may_see = torch.randn(1, 4, 6), torch.ones(4, 4, dtype=torch.bool).tril()
    with torch.no_grad():
        q, k, v = block.project(block.before_attention(x[0])).split(6, dim=1)
        mixed = torch.zeros(4, 6)
        for head in (slice(0, 3), slice(3, 6)):
            for place in range(4):
                match = [
                    float(q[place, head] @ k[other, head]) / math.sqrt(3) for other in range(4)
                ]
                weight = [math.exp(m) if other <= place else 0 for other, m in enumerate(match)]
                for other in range(4):
                    mixed[place, head] += weight[other] / sum(weight) * v[other, head]
        y = x[0] + block.join(mixed)
        expected = y + block.network(block.before_network(y))
        torch.testing.assert_close(block(x, may_see)[0], expected)


def test_a_block_equals_the_layer_of_pytorch():
    torch.manual_seed(2)
    block = Block(width=8, n_heads=2, dropout=0.0).eval()
    layer = torch.nn.TransformerEncoderLayer(
        8, 2, 32, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    pairs = {
        "self_attn.in_proj_": block.project,
        "self_attn.out_proj.": block.join,
        "linear1.": block.network[0],
        "linear2.": block.network[2],
        "norm1.": block.before_attention,
        "norm2.": block.before_network,
    }
    layer.load_state_dict(
        {
            name + part: getattr(own, part)
            for name, own in pairs.items()
            for part in ("weight", "bias")
        }
    )
    x, may_see = torch.randn(3, 5, 8), torch.ones(5, 5, dtype=torch.bool).tril()
    with torch.no_grad():
        torch.testing.assert_close(block(x, may_see), layer(x, src_mask=~may_see))


@pytest.mark.parametrize("causal", [True, False])
def test_only_a_causal_network_ignores_what_comes_later(causal):
    net = network(causal)
    tokens = torch.tensor([[3, 1, 4, 1, 5, 9]])
    changed = tokens.clone()
    changed[0, 4] = 2
    with torch.no_grad():
        moved = (net(tokens) - net(changed)).abs().amax(2)[0]
    assert (moved[4:] > 1e-3).all()  # a place sees itself and what came before
    assert (moved[:4] == 0).all() if causal else (moved[:4] > 1e-4).all()


@pytest.mark.parametrize("causal", [True, False])
def test_padding_and_its_amount_change_nothing(causal):
    net = network(causal)
    with torch.no_grad():
        short = net(torch.tensor([[7, 3, 5]]))
        padded = net(torch.tensor([[0, 0, 0, 7, 3, 5]]))
    torch.testing.assert_close(padded[:, 3:], short)
    assert torch.isfinite(padded).all()  # where nothing may be seen, too


def test_the_order_of_the_past_matters():
    net = network(causal=True)
    with torch.no_grad():
        one, other = (net(torch.tensor([t]))[0, -1] for t in ([3, 1, 4, 5], [1, 3, 4, 5]))
    assert (one - other).abs().max() > 1e-3


def test_the_loss_and_its_slopes_equal_those_of_pytorch():
    torch.manual_seed(3)
    leaves = [torch.randn(23, 5), torch.randn(11, 5), torch.randn(11)]
    targets, found = torch.randint(11, (23,)), []
    for rows in (None, 1, 7, 23, 256):
        h, table, bias = (leaf.clone().requires_grad_() for leaf in leaves)
        if rows is None:
            loss = functional.cross_entropy(h @ table.T + bias, targets, reduction="sum")
        else:
            loss = CatalogueLoss.apply(h, table, bias, targets, rows)
        (loss / 3).backward()
        found.append([loss.detach(), h.grad, table.grad, bias.grad])
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])


def test_the_slope_of_the_loss_is_its_finite_difference():
    torch.manual_seed(4)
    args = [torch.randn(4, 3), torch.randn(5, 3), torch.randn(5)]
    args = [a.double().requires_grad_() for a in args]
    targets = torch.tensor([0, 4, 2, 2])
    assert torch.autograd.gradcheck(lambda *a: CatalogueLoss.apply(*a, targets, 3), args)


def test_a_hopeless_guess_costs_much_and_not_infinity():
    h, table = torch.tensor([[1.0]]), torch.tensor([[0.0], [300.0]])
    loss = CatalogueLoss.apply(h, table, torch.zeros(2), torch.tensor([0]))
    assert float(loss) == pytest.approx(300)


@pytest.mark.parametrize("causal", [True, False])
def test_the_loss_of_a_batch_is_the_sum_over_the_places_that_guess(causal):
    net = network(causal)
    n_items = 11 if causal else 10
    inputs = torch.tensor([[0, 0, 3, 1, 4, 1], [5, 9, 2, 6, 5, 3]])
    targets = torch.full((2, 6), NOTHING)
    targets[0, 3], targets[1, 0], targets[1, 5] = 2, 7, 9
    with torch.no_grad():
        logits = net(inputs) @ net.items.weight[1 : n_items + 1].T + net.bias[1 : n_items + 1]
        logarithms = logits.log_softmax(-1)
        expected = -(logarithms[0, 3, 2] + logarithms[1, 0, 7] + logarithms[1, 5, 9])
        loss, n = loss_of(net, inputs, targets)
    torch.testing.assert_close(loss, expected)
    assert n == 3


@given(
    st.lists(st.integers(0, 40), max_size=6),
    st.integers(1, 9),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_every_item_is_new_in_exactly_one_row_and_the_past_is_whole(lengths, step, more, seed):
    starts, histories = people(lengths)
    width = step + more
    tokens, new = cut(histories, width, step, np.random.default_rng(seed))
    assert tokens.shape == new.shape == (len(tokens), width)
    assert sorted(tokens[new & (tokens > 0)] - 1) == list(range(sum(lengths)))
    for row in tokens:
        filled = row[row > 0]
        assert (row[: width - len(filled)] == 0).all()  # filled from the right
        assert (np.diff(filled) == 1).all()  # what stands side by side was side by side
        assert len({np.searchsorted(starts, item, side="right") for item in filled - 1}) == 1


def test_only_the_order_of_one_second_is_random():
    ratings = of_eight([1, 2, 3, 4])
    table = ratings.table.assign(timestamp=[7, 8, 8, 9])
    tied = Ratings.from_table(table, items=ratings.items)
    generator = np.random.default_rng(0)
    seen = {tuple(shuffled(tied, generator)[0]) for _ in range(50)}
    assert seen == {(0, 1, 2, 3), (0, 2, 1, 3)}


def test_the_newest_items_are_kept_wherever_the_padding_is():
    tokens = np.array([[0, 3, 0, 5, 6], [1, 2, 0, 0, 0], [0, 0, 0, 0, 0]])
    assert newest(tokens, 2).tolist() == [[5, 6], [1, 2], [0, 0]]
    assert newest(tokens, 3).tolist() == [[3, 5, 6], [0, 1, 2], [0, 0, 0]]
    assert newest(tokens[:, :0], 2).tolist() == [[0, 0]] * 3
    assert newest(tokens, 6).shape == (3, 6)


@pytest.mark.parametrize("model", BOTH, ids=["SASRec", "BERT4Rec"])
class TestBoth:
    def test_one_seed_gives_one_network_and_another_another(self, model):
        ratings = some()
        one, same = (clone(model).fit(ratings).weights_ for _ in range(2))
        other = clone(model).set_params(seed=1).fit(ratings).weights_
        np.testing.assert_array_equal(one, same)
        assert np.abs(one - other).max() > 0.01

    def test_a_second_fit_forgets_the_first(self, model):
        twice = clone(model).fit(of_eight([1, 2, 3], [3, 2, 1])).fit(some())
        np.testing.assert_array_equal(twice.weights_, clone(model).fit(some()).weights_)

    def test_the_chance_of_the_reader_is_left_alone(self, model):
        torch.manual_seed(5)
        expected = torch.rand(3)
        torch.manual_seed(5)
        ratings = some()
        after(clone(model).fit(ratings), ratings, 1, 2)
        torch.testing.assert_close(torch.rand(3), expected)

    def test_fit_and_epochs_are_the_same(self, model):
        ratings = some()
        watched = clone(model)
        losses = list(watched.epochs(ratings))
        assert len(losses) == model.n_epochs
        np.testing.assert_array_equal(watched.weights_, clone(model).fit(ratings).weights_)

    def test_nothing_known_gives_popularity_and_unseen_items_are_passed_over(self, model):
        ratings = of_eight([1, 2, 3], [1, 2], [1, 4, 2, 5])
        model = clone(model).fit(ratings)
        popular = np.log1p([3, 3, 1, 1, 1, 0, 0, 0])
        assert after(model, ratings) == pytest.approx(popular)
        other = Ratings.from_table(pd.DataFrame({"user": 1, "item": [1, 99], "rating": 4}))
        known = model.predict(Episodes.of_one(other, {1: 4}, query=[1, 99]))[0]
        both = model.predict(Episodes.of_one(other, {1: 4, 99: 4}, query=[1, 99]))[0]
        np.testing.assert_array_equal(known, both)
        assert known[1] <= known[0]
        alone = model.predict(Episodes.of_one(other, {99: 4}, query=[1, 99]))[0]
        assert alone == pytest.approx([math.log(4), 0])

    def test_only_the_last_items_of_a_long_history_count(self, model):
        ratings = of_eight(list(range(1, 9)), list(range(8, 0, -1)))
        model = clone(model).fit(ratings)
        reads = model.window - (not model.causal)  # the mask takes a place
        whole = after(model, ratings, *range(1, 9))
        last = after(model, ratings, *range(9 - reads, 9))
        np.testing.assert_allclose(whole, last, rtol=1e-5)
        fewer = after(model, ratings, *range(10 - reads, 9))
        assert np.abs(whole - fewer).max() > 1e-6

    def test_histories_of_one_item_teach_nothing_and_break_nothing(self, model):
        ratings = of_eight([1], [2], [3])
        scores = after(clone(model).fit(ratings), ratings, 1)
        assert np.isfinite(scores).all()

    def test_ratings_without_people_or_of_one_value_are_served(self, model):
        ratings = of_eight([1, 2, 3], [3, 2, 1])
        empty = ratings.keep(np.zeros(len(ratings), dtype=bool))
        assert np.isfinite(after(clone(model).fit(empty), ratings, 1)).all()
        one_star = Ratings.from_table(ratings.table.assign(rating=1), items=ratings.items)
        np.testing.assert_array_equal(
            clone(model).fit(ratings).weights_, clone(model).fit(one_star).weights_
        )

    def test_saved_and_loaded_it_answers_alike(self, model, tmp_path):
        ratings = some()
        model = clone(model).fit(ratings)
        loaded = type(model).load(model.save(tmp_path / "model.safetensors"))
        np.testing.assert_array_equal(after(loaded, ratings, 1, 2), after(model, ratings, 1, 2))

    def test_what_cannot_work_is_refused(self, model):
        ratings = some()
        timeless = dataclasses.replace(ratings, table=ratings.table.drop(columns="timestamp"))
        with pytest.raises(ValueError, match="needs the order of time"):
            clone(model).fit(timeless)
        wrong = {"width": 7, "window": 0, "n_epochs": 0, "dropout": 1.0, "batch_size": 0, "lr": 0}
        for name, value in wrong.items():
            with pytest.raises(ValueError, match=name):
                clone(model).set_params(**{name: value}).fit(ratings)


@pytest.mark.parametrize("model", BOTH, ids=["SASRec", "BERT4Rec"])
def test_losses_are_those_of_training_person_by_person_without_dropout(model):
    ratings = of_eight([1, 2, 3, 4, 5, 6, 7, 8], [3, 2], [5])
    model = clone(model).set_params(dropout=0.5).fit(ratings)
    found = model.losses(ratings)
    pd.testing.assert_frame_equal(found, model.losses(ratings))
    assert found["guesses"].iloc[-1] == (0 if model.causal else 1)  # one item has no past
    generator, net = np.random.default_rng(model.seed), model.network()
    tasks = [model._task([h], generator) for h in shuffled(ratings, generator)]
    assert len(tasks) == len(found)
    other = model.losses(ratings.keep_users([1]))
    assert list(other.index) == [1]
    inputs, targets = (torch.tensor(part) for part in model._task([np.array([2, 1])], generator))
    if model.causal:
        logits = net(inputs)[:, -1] @ net.items.weight[1:].T + net.bias[1:]
        expected = functional.cross_entropy(logits, targets[:, -1]).item()
        assert other["nats"].item() == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match="another catalogue"):
        model.losses(sequences([1, 2], n_items=9))
