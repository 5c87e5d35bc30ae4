"""The README's table is what the stored results give."""

from chapters import ROOT
from readme_table import END, README, START, markdown, written

from metarec.book import comparison, leaderboard


def test_the_table_is_in_step_with_the_results():
    text = README.read_text(encoding="utf-8")
    assert text == written(text), "run: python tools/readme_table.py"


def test_another_result_makes_another_table(tmp_path, monkeypatch):
    stored = (ROOT / "data" / "results" / "02.json").read_text(encoding="utf-8")
    best = leaderboard.latest(leaderboard.read("02").rows, "newcomers", "rmse").query("k == 20")
    mean = str(best[best["method"] == "hierarchical Bayes"]["mean"].item())
    (tmp_path / "02.json").write_text(stored.replace(mean, "0.12345"), encoding="utf-8")
    monkeypatch.setenv("METAREC_RESULTS", str(tmp_path))
    text = written(f"before {START} old {END} after")
    assert text.startswith("before ")
    assert text.endswith(f"{END} after")
    assert "0.123" in text
    assert "old" not in text


def test_a_row_has_as_many_cells_as_the_head():
    lines = markdown(comparison.best_of_families(leaderboard.read().rows)).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| chance |")
