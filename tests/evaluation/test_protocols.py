"""The protocols judge fairly, add chance and the trivial row, and give the numbers of TARGETS."""

import numpy as np
import pytest

from metarec import evaluation
from metarec.data import newcomers, rating_folds, top_n
from metarec.evaluation import experiment
from metarec.models import (
    Bias,
    GlobalMean,
    HierarchicalBayes,
    ItemMean,
    LikedItemNeighbours,
    Method,
    Popularity,
)


class Peeking(Method):
    """Cheats: returns the query ratings if it can see them."""

    def fit(self, ratings):
        return self

    def predict(self, episodes):
        return episodes.query_ratings


class Spy(GlobalMean):
    """Remembers what it was fitted on."""

    seen: list = []

    def fit(self, ratings):
        Spy.seen.append(ratings)
        return super().fit(ratings)


RATING_PROTOCOLS = ["newcomers", "both_new", "classic_ratings"]
RANKING_PROTOCOLS = ["new_items", "next_item", "classic_top_n"]


@pytest.mark.parametrize("name", RATING_PROTOCOLS + RANKING_PROTOCOLS)
def test_every_protocol_adds_chance_and_a_trivial_row_and_is_blind(made_up, name):
    protocol = getattr(evaluation, name)
    result = protocol({"bias": Bias()}, made_up)
    trivial = "item mean" if name in RATING_PROTOCOLS else "popularity"
    assert list(result.facts.index) == ["chance", trivial, "bias"]
    with pytest.raises(ValueError, match=r"cheat predicts \d+ numbers that are not finite"):
        protocol({"cheat": Peeking()}, made_up)
    with pytest.raises(ValueError, match=r"adds the rows .* itself; give your method another name"):
        protocol({trivial: Bias()}, made_up)


def test_a_protocol_fits_a_copy_on_the_training_part_alone(made_up):
    Spy.seen.clear()
    method = Spy()
    evaluation.newcomers({"spy": method}, made_up)
    (train,) = Spy.seen
    assert not hasattr(method, "mean_")
    assert set(train.table["user"]) == set(newcomers(made_up).train.table["user"])


def test_results_are_the_same_each_time(made_up):
    one, two = (evaluation.newcomers({"bias": Bias()}, made_up) for _ in range(2))
    assert one.table.equals(two.table)


def test_the_added_item_mean_is_the_method_of_that_name(made_up):
    result = evaluation.newcomers({"ours": ItemMean(shrinkage=3)}, made_up)
    for metric in ("rmse", "pairwise", "ndcg@5"):
        np.testing.assert_allclose(
            result.values("ours", metric, 5), result.values("item mean", metric, 5)
        )


def test_chance_orders_half_of_the_pairs_rightly(ml100k):
    result = evaluation.newcomers({}, ml100k)
    for k in (0, 5, 20):
        interval = result.mean("chance", "pairwise", k)
        assert interval.low < 0.505
        assert interval.high > 0.495


def test_predictions_are_clipped_for_errors_and_not_for_order(made_up):
    class Wild(GlobalMean):
        def predict(self, episodes):
            return 100.0 + episodes.query_items

    result = evaluation.newcomers({"wild": Wild()}, made_up)
    assert result.values("wild", "mae", 0).max() <= 4
    assert 0 not in result.mean("wild", "pairwise", 0)
    assert result.values("wild", "pairwise", 0).nunique() > 2


def test_scores_that_are_no_ratings_get_no_error(made_up):
    result = evaluation.newcomers({"popularity": Popularity()}, made_up)
    assert set(result.table[result.table["method"] == "popularity"]["metric"]) == {
        "pairwise",
        "ndcg@5",
    }


def test_newcomers_give_the_figures_of_the_prototypes(ml100k):
    methods = {"bias": Bias(), "bayes": HierarchicalBayes()}
    result = evaluation.newcomers(methods, ml100k)
    assert result.mean("bias", "rmse", 0).mean == pytest.approx(1.0029, abs=0.002)
    assert result.mean("bias", "rmse", 20).mean == pytest.approx(0.9370, abs=0.002)
    assert result.mean("bayes", "rmse", 5).mean == pytest.approx(0.9544, abs=0.002)
    assert result.mean("bayes", "ndcg@5", 20).mean == pytest.approx(0.747, abs=0.006)
    assert result.difference("bayes", "bias", "rmse", 20).high < 0


def test_classic_protocols_give_the_figures_of_the_peers(ml100k):
    top = evaluation.classic_top_n({}, ml100k)
    assert top.mean("popularity", "ndcg@10").mean == pytest.approx(0.148, abs=0.004)
    assert top.mean("popularity", "recall@10").mean == pytest.approx(0.103, abs=0.004)
    following = evaluation.next_item({}, ml100k)
    assert following.mean("popularity", "hit_rate@10").mean == pytest.approx(0.086, abs=0.004)
    assert evaluation.new_items({}, ml100k).mean("chance", "ndcg@10").mean == pytest.approx(
        0.070, abs=0.015
    )


def test_another_population_runs_with_and_without_target_users(ml100k, ml2016):
    methods = {"bias": Bias()}
    none, all_of_them = (
        evaluation.another_population(methods, ml100k, ml2016, n) for n in (0, None)
    )
    assert none.protocol == "another population, 0 target users"
    assert all_of_them.mean("bias", "rmse", 20).mean < none.mean("chance", "rmse", 20).mean


def test_tuning_tries_the_whole_grid_and_puts_the_best_first(made_up):
    split = newcomers(made_up)
    table = experiment.tune(
        Bias(),
        {"user_shrinkage": [1, 1000], "item_shrinkage": [1, 5]},
        split.train,
        split.validation,
    )
    assert len(table) == 4
    assert table["rmse"].is_monotonic_increasing
    assert table["user_shrinkage"][0] == 1  # people differ in the simulation
    ranked = experiment.tune(
        Bias(), {"item_shrinkage": [1, 5]}, split.train, split.validation, metric="pairwise"
    )
    assert ranked["pairwise"].is_monotonic_decreasing


def test_tuning_each_keeps_the_best_setting_and_shows_every_point(made_up):
    split = newcomers(made_up)
    entrants = {
        "bias": (Bias(n_sweeps=3), {"user_shrinkage": [1000, 1]}),
        "bayes": (HierarchicalBayes(n_sweeps=3), {"n_factors": [1, 2], "seed": [0, 1]}),
    }
    tuned, budget = experiment.tune_each(entrants, split.train, split.validation)
    assert tuned["bias"].get_params() == Bias(n_sweeps=3, user_shrinkage=1).get_params()
    assert list(budget.loc["bias"].index) == ["user_shrinkage = 1", "user_shrinkage = 1000"]
    assert len(budget.loc["bayes"]) == 4
    best = budget.loc["bayes"].index[0]
    kept = tuned["bayes"].get_params()
    assert best == f"n_factors = {kept['n_factors']}, seed = {kept['seed']}"
    assert entrants["bias"][0].user_shrinkage == 5  # the method handed in is as it was


def test_tuning_on_a_holdout_of_the_training_part_judges_rows_or_lists(made_up):
    fold = next(rating_folds(made_up, seed=1))
    grid = {"item_shrinkage": [1, 1000]}
    table = experiment.tune(Bias(), grid, fold.train, fold.test, "rmse")
    error = np.clip(Bias(item_shrinkage=1).fit(fold.train).predict(fold.test), 1, 5)
    error = (error - fold.test.query_ratings)[fold.test.query_mask]
    assert table["rmse"][0] == pytest.approx(np.sqrt((error**2).mean()))
    inner = top_n(made_up)
    grid = {"n_neighbours": [1, 50]}
    ranked = experiment.tune(LikedItemNeighbours(), grid, inner.train, inner.test, "ndcg@10")
    assert ranked["ndcg@10"].is_monotonic_decreasing
    direct = experiment.ranking({"best": LikedItemNeighbours(ranked["n_neighbours"][0])}, inner, "")
    assert ranked["ndcg@10"][0] == pytest.approx(direct.mean("best", "ndcg@10").mean)
    with pytest.raises(KeyError, match="ndcg@7"):
        experiment.tune(LikedItemNeighbours(), grid, inner.train, inner.test, "ndcg@7")


@pytest.mark.parametrize("name", RATING_PROTOCOLS + RANKING_PROTOCOLS)
def test_another_seed_is_another_split_or_another_order_of_equals(made_up, name):
    method = {"bias": GlobalMean()}  # equal scores everywhere
    one, two, again = (getattr(evaluation, name)(method, made_up, seed=s).table for s in (1, 2, 1))
    assert one.equals(again)
    assert not one.equals(two)


def test_a_ranking_says_what_it_recommended(made_up):
    holdout = top_n(made_up)
    result = evaluation.classic_top_n({"ours": Popularity()}, made_up)
    assert list(result.lists) == ["chance", "popularity", "ours"]
    shown, test = result.lists["ours"], holdout.test
    assert shown.shape == (len(test), 10)
    relevant = [set(i[m & (r > 0)]) for i, m, r in zip(
        test.query_items, test.query_mask, test.query_ratings, strict=True)]  # fmt: skip
    hits = [len(truth & set(row)) > 0 for truth, row in zip(relevant, shown, strict=True)]
    np.testing.assert_array_equal(result.values("ours", "hit_rate@10"), hits)
    assert evaluation.newcomers({}, made_up).lists == {}


def test_asking_for_a_row_that_is_not_there_lists_what_is(made_up):
    result = evaluation.newcomers({}, made_up)
    with pytest.raises(
        KeyError, match=r"no row for 'bias', 'rmse', k = 5; the result has .*chance"
    ):
        result.values("bias", "rmse", 5)


def test_a_part_of_a_result_keeps_rows_facts_and_lists_of_what_was_named(made_up):
    whole = evaluation.classic_top_n({"ours": Popularity()}, made_up)
    part = whole.only(["ours", "a method that is not there"], metrics=["ndcg@10"])
    assert set(part.table["method"]) == set(part.facts.index) == set(part.lists) == {"ours"}
    assert set(part.table["metric"]) == {"ndcg@10"}
    assert part.mean("ours", "ndcg@10") == whole.mean("ours", "ndcg@10")
    assert whole.only().table.equals(whole.table)
