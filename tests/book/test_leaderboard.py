"""What a chapter saves is what tables and curves read back."""

import dataclasses
import json

import pytest

from metarec import evaluation
from metarec.book import leaderboard
from metarec.models import Bias


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    monkeypatch.delenv("METAREC_FRESH_RESULTS", raising=False)
    return tmp_path


@pytest.fixture
def result(made_up):
    return evaluation.newcomers({"bias": Bias()}, made_up, costs=True)


def test_saved_results_come_back(home, result):
    leaderboard.save("02", result)
    board = leaderboard.read().rows
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
    [
        "",
        "{",
        '{"chapter": "02"}',
        '{"chapter": "02", "versions": {}, "rows": [], "costs": 1}',
        '{"chapter": "02", "versions": {}, "rows": [{"k": 1}]}',
    ],
)
def test_a_damaged_file_is_named_with_its_remedy(home, content):
    (home / "02.json").write_text(content)
    with pytest.raises(ValueError, match=r"02.json is damaged .*run: python -m metarec run 02"):
        leaderboard.read()


def test_results_that_are_not_there_are_named(home, result):
    assert leaderboard.read().rows.empty
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


# ---------------------------------------------------------------- what was run once


def test_what_was_run_once_joins_what_is_kept(home, made_up, result):
    leaderboard.save("15", result, once=True)
    other = result.renamed({"bias": "rival"}).only(["rival"])
    path = leaderboard.save("15", other, once=True)
    worse = other.table.assign(value=other.table["value"] + 1)
    leaderboard.save("15", dataclasses.replace(other, table=worse), once=True)
    assert path == home / "full" / "15.json"
    stored = leaderboard.read()
    assert set(stored.rows["chapter"]) == {"15*"}
    assert not stored.rows.duplicated(["protocol", "method", "k", "metric"]).any()
    assert list(stored.costs["method"]) == ["bias", "rival"]
    people = stored.people["newcomers", "rmse", 5]
    assert (people["rival"] - people["bias"]).to_numpy() == pytest.approx(1, abs=1e-3)


def test_a_builds_own_row_wins_over_what_was_run_once(home, result):
    worse = dataclasses.replace(result, table=result.table.assign(value=9.0))
    leaderboard.save("15", worse, once=True)
    leaderboard.save("02", result)
    stored = leaderboard.read()
    assert leaderboard.latest(stored.rows, "newcomers", "rmse")["chapter"].eq("02").all()
    assert (stored.people["newcomers", "rmse", 5] < 9).all(axis=None)


def test_damage_to_what_only_some_readers_need_is_named_too(home, result):
    leaderboard.save("02", result)
    path = leaderboard.save("15", result, once=True)
    (home / "people" / "02.json.gz").write_bytes(b"no archive")
    stored = leaderboard.read()
    with pytest.raises(ValueError, match=r"02.json is damaged .*run: python -m metarec run 02"):
        stored.people  # noqa: B018
    path.write_text("{")
    with pytest.raises(ValueError, match=r"full/15.json is damaged .*run: python tools/fill_gaps"):
        leaderboard.read()
