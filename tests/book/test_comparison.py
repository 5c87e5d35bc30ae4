"""The tables of the great comparison: what they say, and that nobody is left out."""

import types

import fill_gaps
import numpy as np
import pandas as pd
import pytest

from metarec import evaluation
from metarec.book import comparison, families, leaderboard, paired_tests, plots
from metarec.data import newcomers
from metarec.evaluation import costs
from metarec.models import Bias, HierarchicalBayes, ItemNeighbours, registry


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    monkeypatch.delenv("METAREC_FRESH_RESULTS", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def result(made_up):
    methods = {"item + user bias": Bias(), "hierarchical Bayes": HierarchicalBayes(2, n_sweeps=3)}
    return evaluation.newcomers(methods | {"item kNN": ItemNeighbours()}, made_up, costs=True)


# ---------------------------------------------------------------- correction


def test_holm_by_hand():
    corrected = paired_tests.holm([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(corrected, [0.03, 0.06, 0.06, 0.02])


def test_holm_never_passes_one_and_leaves_a_single_test_alone():
    assert paired_tests.holm([0.7, 0.9]).tolist() == [1, 1]
    assert paired_tests.holm([0.03]).tolist() == [0.03]
    assert paired_tests.holm([]).tolist() == []


def test_holm_keeps_its_promise_where_nothing_differs():
    """In at most 5 % of the families there is a false alarm; without correction in most."""
    p = np.random.default_rng(0).random((2000, 40))
    alarms = np.mean([paired_tests.holm(row).min() < 0.05 for row in p])
    assert alarms < 0.065
    assert (p.min(1) < 0.05).mean() > 0.8


# ---------------------------------------------------------------- people


def test_people_come_back_as_they_were_saved(home, result):
    leaderboard.save("02", result)
    people = leaderboard.read().people["newcomers", "rmse", 5]
    for method in people:
        saved = result.values(method, "rmse", 5)
        pd.testing.assert_series_equal(people[method], saved, atol=6e-5, check_names=False)


def test_an_undefined_value_stays_undefined(home, result):
    table = result.table.copy()
    table.loc[table["metric"] == "rmse", "value"] = np.where(
        table.loc[table["metric"] == "rmse", "user"] == table["user"].iloc[0], np.nan, 1.0
    )
    leaderboard.save("02", evaluation.Result("newcomers", table, result.facts, 5))
    assert leaderboard.read().people["newcomers", "rmse", 5].isna().sum().eq(1).all()


def test_a_later_chapter_replaces_an_earlier(home, result):
    leaderboard.save("02", result)
    worse = result.table.assign(value=result.table["value"] + 1)
    leaderboard.save("04", evaluation.Result("newcomers", worse, result.facts, 5))
    people = leaderboard.read().people["newcomers", "rmse", 5]
    expected = result.values("item kNN", "rmse", 5) + 1
    pd.testing.assert_series_equal(people["item kNN"], expected, atol=6e-5, check_names=False)


# ---------------------------------------------------------------- tests between methods


def test_tests_are_those_of_the_result_and_corrected_together(home, result):
    leaderboard.save("02", result)
    table = paired_tests.paired_tests(leaderboard.read().people)
    row = table.query("k == 20 and metric == 'rmse' and method == 'item kNN'").iloc[0]
    assert row["rival"] == "item + user bias"
    own = result.difference("item kNN", "item + user bias", "rmse", 20)
    assert row["difference"].mean == pytest.approx(own.mean, abs=1e-4)
    np.testing.assert_allclose(table["corrected"], paired_tests.holm(table["p"]))
    assert set(table["verdict"]) <= {"better", "worse", "not told apart"}


@pytest.mark.parametrize(
    ("metric", "difference", "corrected", "verdict"),
    [("rmse", -0.1, 0.01, "better"), ("rmse", 0.1, 0.01, "worse"),
     ("ndcg@10", 0.1, 0.01, "better"), ("pairwise", -0.1, 0.01, "worse"),
     ("rmse", -0.1, 0.05, "not told apart")],
)  # fmt: skip
def test_better_means_better(metric, difference, corrected, verdict):
    assert paired_tests._verdict(metric, difference, corrected) == verdict


def test_two_that_never_differ_are_not_told_apart():
    values = np.random.default_rng(0).normal(size=20)
    same = pd.DataFrame({"item kNN": values, "rival": values, "SVD++": values + 1 + values**2})
    table = paired_tests.paired_tests({("p", "rmse", 0): same}, [("p", "rmse", 0, "rival")])
    verdicts = table.set_index("method")["verdict"]
    assert dict(verdicts) == {"item kNN": "not told apart", "SVD++": "worse"}


# ---------------------------------------------------------------- tables


def test_every_stored_method_of_the_page_has_a_family_of_the_book():
    board = leaderboard.read().rows
    named = set(board[board["protocol"].isin(comparison.METRICS)]["method"])
    assert not [label for label in named if families.family(label) == "yours"]


@pytest.mark.parametrize(
    ("label", "family"),
    [("EASE", "neighbours"), ("SVD++ (folds)", "factorization"), ("FOMAML", "meta"),
     ("hierarchical Bayes, pooled", "bayes"), ("language model, tuned", "pretrained"),
     ("linear on genres year text", "pretrained"), ("ridge on text", "pretrained"),
     ("transformer and closed form, averaged", "meta"), ("ridge head", "meta"),
     ("item + user bias, pooled", "baselines"), ("two towers", "content"),
     ("linear on Mars", "pretrained"), ("my method", "yours"), ("", "yours")],
)  # fmt: skip
def test_a_row_is_of_the_family_of_its_class(label, family):
    assert families.family(label) == family


def test_every_family_has_a_colour_and_a_marker_of_its_own():
    assert {row.family for row in registry.rows().values()} == set(families.ORDER) - {"yours"}
    looks = list(zip(plots.FAMILY_COLORS.values(), plots.FAMILY_MARKERS.values(), strict=True))
    assert len(set(looks)) == len(looks)


def test_every_rival_is_stored_and_every_test_is_made():
    people = leaderboard.read().people
    for protocol, metric, k, rival in paired_tests.RIVALS:
        assert rival in people[protocol, metric, k], (protocol, metric, k)


def test_the_matrix_names_chapter_gap_and_misfit(home, result):
    leaderboard.save("03", result)
    cells = comparison.matrix(leaderboard.read().rows)
    assert cells.loc["item kNN", "newcomers"] == "03"
    folds = evaluation.Result("classic ratings", result.table, result.facts, 1)
    leaderboard.save("04", folds.only(["item + user bias"]))
    cells = comparison.matrix(leaderboard.read().rows)
    assert cells.loc["item kNN", "classic ratings"] == "gap"
    assert cells.loc["item + user bias", "classic ratings"] == "04"


@pytest.mark.parametrize(
    ("label", "protocol", "cell"),
    [("hierarchical linear model", "classic ratings", "gap"),
     ("content ridge", "classic ratings", ""),  # only ranks
     ("content ridge, known at release", "newcomers", ""),  # a special case
     ("implicit ALS with dislikes", "newcomers", ""),
     ("a stranger's", "newcomers", "")],
)  # fmt: skip
def test_a_gap_is_what_fits_a_method_and_is_not_stored(label, protocol, cell):
    assert ("gap" if protocol in comparison._asked(label) else "") == cell


def test_a_method_of_a_readers_own_stands_in_every_table(home, result):
    """Nothing is dropped of what no class of the book made, registered or not."""
    table = result.table.replace({"method": {"item kNN": "mine"}})
    facts = result.facts.rename(index={"item kNN": "mine"})
    leaderboard.save("97", evaluation.Result("newcomers", table, facts, 5))
    board = leaderboard.read().rows
    assert comparison.matrix(board).loc["mine", "newcomers"] == "97"
    assert list(comparison.matrix(board).index)[-1] == "mine"
    assert comparison.newcomers(leaderboard.read()).loc["mine", "family"] == "yours"
    assert comparison.best_of_families(board).loc["mine", "family"] == "yours"
    assert "mine" in set(paired_tests.paired_tests(leaderboard.read().people)["method"])
    assert all(len(page) for page in comparison.report().values())


def test_no_gap_is_left():
    cells = comparison.matrix(leaderboard.read().rows)
    gaps = [(m, p) for m, row in cells.iterrows() for p, cell in row.items() if cell == "gap"]
    assert not gaps, f"run: python tools/fill_gaps.py; nobody has run {gaps}"


def test_what_was_run_once_has_the_settings_that_its_method_has_now():
    open_cells = fill_gaps.open_cells(leaderboard.read().rows)
    assert not open_cells, f"run: python tools/fill_gaps.py; to be run are {open_cells}"


def test_a_class_declares_the_settings_that_the_chapters_stored():
    own = fill_gaps.chapters_rows(leaderboard.read().rows)
    latest = own.drop_duplicates(["method", "protocol"], keep="last")
    said = {}
    for label, protocol, stored in latest[["method", "protocol", "parameters"]].values:
        name = families.plain(label)
        row = registry.row(name)
        if row and row.label == name and protocol in row.fits:
            declared = fill_gaps.settings(name, protocol)
            if declared != stored:
                said[label, protocol] = set(declared.items()) ^ set(stored.items())
    assert not said


@pytest.mark.parametrize("label", ["BPR", "FOMAML"])  # a method, and a special case
def test_another_setting_opens_the_cell_again(label, monkeypatch):
    kind = registry.row(label).kind
    other = {"regularization": 1e6} if label == "BPR" else {"inner_lr": 7.0}
    monkeypatch.setattr(kind, "book_settings", {**kind.book_settings, "": other})
    monkeypatch.setattr(kind, "variants", dict.fromkeys(kind.variants, other))
    opened = fill_gaps.open_cells(leaderboard.read().rows)
    assert label in {method for method, _ in opened}
    assert {registry.row(method).kind for method, _ in opened} == {kind}


def test_the_glance_has_error_and_price(home, result):
    leaderboard.save("02", result)
    glance = comparison.newcomers(leaderboard.read())
    row = glance.loc["item kNN"]
    assert row["family"] == "neighbours"
    assert row["RMSE k=5"] == f"{result.mean('item kNN', 'rmse', 5).mean:.3f}"
    assert float(row["numbers"].replace("\u202f", "")) > 0
    assert glance.loc["chance", "numbers"] == ""


def test_all_cells_of_the_report_are_texts():
    for title, table in comparison.report().items():
        assert table.map(lambda cell: isinstance(cell, str)).all(axis=None), title


def test_a_report_of_one_metric_holds_nothing_else():
    assert list(comparison.report("newcomers", "rmse")) == ["newcomers: rmse (lower is better)"]


# ---------------------------------------------------------------- costs


def test_memory_of_arrays_and_of_tensors_is_seen(made_up):
    import torch

    episodes = newcomers(made_up).test.episodes(0)

    def arrays(e):
        return np.ones(1_000_000)

    def tensors(e):
        one = torch.ones(1_000_000)
        two = one + one
        del one
        return two

    assert costs.of_one_person(arrays, episodes)[1] == pytest.approx(8e6, rel=0.01)
    assert costs.of_one_person(tensors, episodes)[1] == pytest.approx(8e6, rel=0.01)


def test_one_person_is_asked_about_twenty_films_at_most(made_up):
    seen = []
    costs.of_one_person(
        lambda e: seen.append((len(e), e.query_items.shape)), newcomers(made_up).test.episodes(0)
    )
    assert set(seen) == {(1, (1, 20))}


def test_numbers_that_a_method_keeps(made_up):
    model = HierarchicalBayes(2, n_sweeps=3).fit(made_up)
    size, rows = 3, made_up.n_items + 1  # a bias and two factors; one row for unseen films
    films, people = rows * (size + size**2), size + size**2
    assert costs.learned_numbers(model) == films + people + 2  # and global mean and noise
    wrapped = types.SimpleNamespace(inner=model)
    assert costs.learned_numbers(wrapped) == costs.learned_numbers(model)
