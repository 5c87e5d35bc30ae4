"""A method of a reader's own, without scikit-learn, is seen wherever methods are seen."""

import json
import textwrap

import numpy as np
import pytest
from typer.testing import CliRunner

import metarec as mr
from metarec.__main__ import app
from metarec.book import comparison, leaderboard
from metarec.models import registry
from metarec.testing import check_method


class Mine:
    """Item means, moved by how much the person's ratings lie above them."""

    def fit(self, ratings):
        self.means = dict(zip(ratings.items.index, ratings.item_means(3), strict=True))
        self.mean = ratings.table["rating"].mean()
        return self

    def predict(self, episodes):
        expected = self.of(episodes.items[episodes.support_items])
        surplus = np.where(episodes.support_mask, episodes.support_ratings - expected, 0)
        person = surplus.sum(1) / (episodes.support_mask.sum(1) + 5)
        return self.of(episodes.items[episodes.query_items]) + person[:, None]

    def of(self, ids):
        means = [self.means.get(item, self.mean) for item in ids.ravel().tolist()]
        return np.array(means, dtype=float).reshape(ids.shape)


@pytest.fixture
def mine():
    """The class while it is registered as readers do it."""
    yield mr.models.register(Mine)
    mr.models.unregister(Mine)


@pytest.fixture(scope="module")
def result(made_up):
    return mr.evaluation.newcomers({"mine": Mine()}, made_up, costs=True)


@pytest.fixture
def stored(result, tmp_path, monkeypatch):
    """Results in a folder of their own, as a chapter of the reader's saves them."""
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    leaderboard.save("99", result)
    return leaderboard.read()


def test_it_keeps_every_promise():
    check_method(Mine())


def test_it_takes_part_in_the_protocols(result):
    board = leaderboard.table(result.summary(), "newcomers", "rmse")
    assert {"chance", "item mean", "mine"} == set(board.index)
    assert board.loc["mine", 20] < board.loc["item mean", 20] < board.loc["chance", 20]


def test_it_takes_part_where_whole_histories_are_shown(made_up):
    for protocol in (mr.evaluation.next_item, mr.evaluation.classic_ratings):
        assert "mine" in set(protocol({"mine": Mine()}, made_up).summary()["method"])


def test_its_results_are_stored(stored):
    rows = stored.rows[stored.rows["method"] == "mine"]
    assert set(rows["chapter"]) == {"99"}
    assert {"rmse", "pairwise", "ndcg@5"} <= set(rows["metric"])
    assert "mine" in set(stored.costs["method"])
    assert "mine" in stored.people["newcomers", "rmse", 20]


@pytest.mark.parametrize("registered", [False, True])
def test_it_stands_in_the_comparison(stored, registered, request):
    """Whether it was registered or only took part; nowhere is a gap, since it says no `fits`."""
    if registered:
        request.getfixturevalue("mine")
    where = comparison.matrix(stored.rows)
    assert where.loc["mine", "newcomers"] == "99"
    assert "gap" not in where.loc["mine"].tolist()
    assert comparison.newcomers(stored).loc["mine", "family"] == "yours"
    assert comparison.best_of_families(stored.rows).loc["mine", "family"] == "yours"
    told = comparison.report()
    assert all("mine" in table.index for title, table in told.items() if "rmse" in title)


def test_what_it_says_to_fit_is_a_gap_until_it_is_stored(made_up, stored, monkeypatch):
    @mr.models.register
    class Promising(Mine):
        label = "mine"
        fits = ("newcomers", "next item")

    try:
        lists = mr.evaluation.next_item({"item mean": mr.models.ItemMean()}, made_up)
        leaderboard.save("98", lists)
        where = comparison.matrix(leaderboard.read().rows)
        assert where.loc["mine", "newcomers"] == "99"
        assert where.loc["mine", "next item"] == "gap"
    finally:
        mr.models.unregister(Promising)


def test_the_registry_lists_it_until_it_leaves():
    mr.models.register(Mine)
    assert registry.methods()["Mine"] is Mine
    assert registry.row("Mine").family == "yours"
    mr.models.unregister(Mine)
    assert "Mine" not in registry.methods()


def ask(*words):
    return CliRunner().invoke(app, ["recommend", "--rate", "Toy Story=5", *words, "--json"])


def test_the_command_line_asks_it_by_name(mine):
    done = ask("--method", "mine")
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["method"] == "mine"
    assert answer["predicts_ratings"]
    assert len(answer["films"]) == 10
    assert all("Toy Story" in film["reason"] for film in answer["films"])


def test_the_command_line_asks_a_class_in_a_file(tmp_path, monkeypatch):
    text = """
        class Fives:
            predicts_ratings = False
            def fit(self, ratings):
                return self
            def predict(self, episodes):
                return 5.0 + 0 * episodes.query_items
    """
    (tmp_path / "own_file_of_a_reader.py").write_text(textwrap.dedent(text))
    monkeypatch.chdir(tmp_path)
    done = ask("--method", "own_file_of_a_reader:Fives")
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert not answer["predicts_ratings"]
    assert [film["score"] for film in answer["films"]] == [5.0] * 10
