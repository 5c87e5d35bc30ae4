"""Fit and score stand apart, any class with both verbs takes part, and ablations retune."""

import os

import numpy as np
import pytest

from metarec import evaluation
from metarec.data import Ratings, newcomers, top_n
from metarec.evaluation import costs, experiment
from metarec.models import Bias, GlobalMean, Popularity


class Plain:
    """A reader's own method: no scikit-learn, no base class."""

    def __init__(self, level=0.0):
        self.level = level

    def fit(self, ratings):
        self.mean = ratings.table["rating"].mean()

    def predict(self, episodes):
        return np.full(episodes.query_items.shape, self.mean + self.level)


def rescaled(ratings, low, high):
    """The same opinions on another scale."""
    old_low, old_high = ratings.scale
    stars = (ratings.table["rating"] - old_low) / (old_high - old_low)
    table = ratings.table.assign(rating=low + (high - low) * stars)
    return Ratings.from_table(table, ratings.items, ratings.users, (low, high), "rescaled")


def test_a_plain_class_takes_part_in_protocols_and_tuning(made_up):
    mine = Plain()
    result = evaluation.newcomers({"mine": mine, "mean": GlobalMean()}, made_up)
    assert result.mean("mine", "rmse", 5).mean == pytest.approx(result.mean("mean", "rmse", 5).mean)
    assert not hasattr(mine, "mean")  # a copy was fitted
    assert result.facts.loc["mine", "parameters"] == {}
    assert "mine" in evaluation.classic_top_n({"mine": mine}, made_up).lists
    split = newcomers(made_up)
    tried = evaluation.tune(mine, {"level": [9.0, 0.0]}, split.train, split.validation)
    assert tried["level"][0] == 0
    with pytest.raises(ValueError, match="Plain has no parameter 'size'"):
        evaluation.tune(mine, {"size": [1]}, split.train, split.validation)


def test_a_protocol_is_fit_then_score(made_up):
    split = newcomers(made_up)
    fitted = evaluation.fit({"bias": Bias()}, split.train)
    apart = evaluation.score(fitted, split.train, split.test)
    assert apart.table.equals(evaluation.newcomers({"bias": Bias()}, made_up).table)
    assert fitted.seconds["bias"] == apart.facts.loc["bias", "relative_seconds"] > 0
    held = top_n(made_up)
    ranked = evaluation.score_lists(evaluation.fit({"p": Popularity()}, held.train), held, "lists")
    assert ranked.table.equals(experiment.ranking({"p": Popularity()}, held, "lists").table)


def test_what_was_fitted_is_scored_as_it_is_on_any_episodes(made_up):
    split = newcomers(made_up)
    model = Bias().fit(split.train)
    model.means_ = model.means_ + 1  # no protocol fits it again
    five = split.test.episodes(3).first(5)
    result = evaluation.score({"moved": model}, split.train, five)
    by_hand = np.clip(model.predict(five), *made_up.scale) - five.query_ratings
    by_hand = np.where(five.query_mask, by_hand**2, 0).sum(1) / five.query_mask.sum(1)
    np.testing.assert_allclose(result.values("moved", "rmse"), np.sqrt(by_hand))
    assert set(result.table["k"]) == {-1}
    both = evaluation.score({"moved": model}, split.train, split.test.episodes(3), ks=[0, 5])
    np.testing.assert_array_equal(both.values("moved", "rmse", 5), result.values("moved", "rmse"))


def test_costs_are_measured_only_where_asked(made_up):
    plain = evaluation.newcomers({"bias": Bias()}, made_up)
    assert not {"learned", "answer_seconds", "answer_bytes"} & set(plain.facts)
    asked = evaluation.newcomers({"bias": Bias()}, made_up, costs=True)
    assert (asked.facts.loc["bias", ["learned", "answer_seconds", "answer_bytes"]] > 0).all()
    assert asked.table.equals(plain.table)


def test_measuring_costs_leaves_the_error_stream_alone(made_up, capfd):
    import torch

    def complaining(episodes):
        os.write(2, b"something is wrong\n")
        return torch.ones(3).numpy()

    costs.of_one_person(complaining, newcomers(made_up).test.episodes())
    lines = set(capfd.readouterr().err.splitlines())
    assert lines == {"something is wrong"}  # and the profiler has nothing to say


@pytest.mark.parametrize("scale", [(0, 1), (0, 100), (1, 10), (-10, 10)])
def test_another_scale_gives_the_same_lists(made_up, scale):
    other = rescaled(made_up, *scale)
    for name in ("classic_top_n", "new_items"):
        protocol = getattr(evaluation, name)
        ours, theirs = (protocol({}, r).table["value"] for r in (made_up, other))
        np.testing.assert_allclose(ours, theirs)
    few = evaluation.newcomers({"bias": Bias()}, other)
    assert few.table["value"].notna().any()
    top = few.values("bias", "ndcg@5", 20)
    assert top.between(0, 1).all()


def test_likes_may_be_said(made_up):
    many = evaluation.classic_top_n({}, made_up, at_least=3)
    few = evaluation.classic_top_n({}, made_up, at_least=5)
    assert len(many.table) > len(few.table)


def test_the_gain_of_another_scale_is_that_of_its_place_in_stars():
    stars = evaluation.exponential_gain([0, 2.5, 5])
    np.testing.assert_allclose(evaluation.exponential_gain([-10, 0, 10], (-10, 10)), stars)
    np.testing.assert_allclose(evaluation.exponential_gain([0, 50, 100], (0, 100)), stars)
    for scale in ((1, 5), (0.5, 5)):
        np.testing.assert_array_equal(evaluation.exponential_gain([1, 5], scale), [1, 31])


class Wobbling(GlobalMean):
    """Learns the level of a person; without that part its knob adds nothing but noise."""

    asked: list = []

    def __init__(self, personal=True, knob=1.0):
        self.personal, self.knob = personal, knob

    def predict(self, episodes):
        Wobbling.asked.append((self.personal, self.knob, set(episodes.users)))
        mask = episodes.support_mask
        surplus = np.where(mask, episodes.support_ratings - self.mean_, 0).sum(1, keepdims=True)
        level = surplus / (mask.sum(1, keepdims=True) + 3)
        noise = np.where(episodes.query_items % 2, 2.0, -2.0)
        return self.mean_ + self.knob * (level + 0 * noise if self.personal else noise)


def test_an_ablation_that_does_not_retune_misleads(made_up):
    split = newcomers(made_up)
    Wobbling.asked.clear()
    result = evaluation.ablate(
        Wobbling(), {"impersonal": {"personal": False}}, {"knob": [0.0, 1.0]},
        split.train, split.validation, split.test,
    )  # fmt: skip
    whole, as_tuned, retuned = "whole", "impersonal, as tuned with it", "impersonal, retuned"
    assert result.facts.loc[whole, "parameters"] == {"personal": True, "knob": 1.0}
    assert result.facts.loc[as_tuned, "parameters"] == {"personal": False, "knob": 1.0}
    assert result.facts.loc[retuned, "parameters"] == {"personal": False, "knob": 0.0}
    truth = result.difference(retuned, whole, "rmse", 20)
    mismatch = result.difference(as_tuned, whole, "rmse", 20)
    assert truth.low > 0  # the part is worth something,
    assert mismatch.mean > 3 * truth.mean  # but far less than a rest left as it was says
    test_people = set(split.test.ratings.table["user"])
    shown_the_test = {(p, k) for p, k, users in Wobbling.asked if users & test_people}
    assert shown_the_test == {(True, 1.0), (False, 1.0), (False, 0.0)}
    with pytest.raises(KeyError):
        evaluation.ablate(Bias(), {}, {"n_sweeps": [1]}, split.train, split.validation,
                          split.test, metric="none")  # fmt: skip
