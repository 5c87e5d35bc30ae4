"""What a chapter saves is what tables and curves read back."""

import json

import pytest

from metarec import evaluation
from metarec.evaluation import leaderboard
from metarec.models import Bias


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def result(made_up):
    return evaluation.newcomers({"bias": Bias()}, made_up)


def test_saved_results_come_back(home, result):
    leaderboard.save("02", result)
    board = leaderboard.read()
    assert list(board.columns) == leaderboard.COLUMNS
    row = board[(board["method"] == "bias") & (board["metric"] == "rmse") & (board["k"] == 5)].iloc[
        0
    ]
    interval = result.mean("bias", "rmse", 5)
    assert (row["mean"], row["low"], row["high"]) == pytest.approx(
        (interval.mean, interval.low, interval.high), abs=1e-5
    )
    assert row["parameters"] == Bias().get_params()
    assert (row["n_users"], row["n_draws"]) == (12, 5)


def test_the_file_is_one_line_a_row_and_the_folder_is_the_readers(home, result):
    path = leaderboard.save("02", result)
    assert path == home / "02.json"
    assert len(path.read_text().splitlines()) == len(result.summary()) + 1 + 3  # a row of costs


def test_the_table_puts_the_best_first(result):
    table = leaderboard.table(result.summary(), "newcomers", "rmse")
    assert list(table.columns) == [0, 1, 2, 5, 10, 20]
    assert table[20].is_monotonic_increasing
    assert leaderboard.table(result.summary(), "newcomers", "pairwise")[20].is_monotonic_decreasing


def test_cells_can_show_intervals(result):
    cell = leaderboard.table(result.summary(), "newcomers", "rmse", interval=True).loc["bias", 20]
    mean = result.mean("bias", "rmse", 20)
    assert cell == f"{mean.mean:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"chapter": "02"}', '{"chapter": "02", "versions": {}, "rows": [{"k": 1}]}'],
)
def test_a_damaged_file_is_named_with_its_remedy(home, content):
    (home / "02.json").write_text(content)
    with pytest.raises(ValueError, match=r"02.json is damaged .*run: python -m metarec run 02"):
        leaderboard.read()


def test_results_that_are_not_there_are_named(home, result):
    assert leaderboard.read().empty
    with pytest.raises(
        FileNotFoundError, match="no results of chapter 07; run: python -m metarec run 07"
    ):
        leaderboard.read("07")
    with pytest.raises(
        ValueError, match=r"no results for 'newcomers' and 'weight'; there are .*rmse"
    ):
        leaderboard.table(result.summary(), "newcomers", "weight")


def test_saved_numbers_are_plain_json(home, result):
    saved = json.loads(leaderboard.save("02", result).read_text())
    assert saved["chapter"] == "02"
    assert set(saved["versions"]) == {"numpy", "pandas", "scipy"}
