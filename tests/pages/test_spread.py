"""The tool that shows how far claims move from seed to seed."""

import sys
from pathlib import Path

import pytest

import metarec
import metarec.book

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import spread

TWIN = """# %% tags=["parameters"]
seed = 0

# %%
import metarec as mr
mr.check("the seed is small", float(seed), high=1.5)
mr.check("an interval", mr.evaluation.bootstrap([1.0, 2.0 + seed, 3.0]), low=0)
mr.say(f"seed {seed}")
"""


def test_a_chapter_is_played_with_another_seed(tmp_path, monkeypatch, capsys):
    twin = tmp_path / "03_made_up.py"
    twin.write_text(TWIN)
    monkeypatch.setattr(spread, "chapters", lambda numbers: [twin.with_suffix(".ipynb")])
    monkeypatch.chdir(tmp_path)
    for place in (metarec, metarec.book):
        for name in ("check", "say"):
            monkeypatch.setattr(place, name, getattr(place, name))  # put back afterwards
    spread.play("03", 7, full=False)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "claim\tthe seed is small\t-inf\t1.5\t7.0\t7.0"
    _, text, low, high, smallest, largest = second.split("\t")
    assert (text, low, high) == ("an interval", "0.0", "inf")
    assert float(smallest) < float(largest)


@pytest.mark.parametrize(
    ("rows", "broken"),
    [
        ([[0, 1, 0.2, 0.2], [0, 1, 0.9, 0.9]], 0),
        ([[0, 1, 0.2, 0.2], [0, 1, 1.1, 1.1]], 1),  # a seed leaves the band
        ([[0, 1, 0.2, 0.2]], 1),  # a seed does not make the claim
    ],
)
def test_a_claim_must_be_made_and_hold_on_every_seed(rows, broken, capsys):
    assert spread.show({"text": rows}, n_seeds=2) == broken
    assert "0.2 to" in capsys.readouterr().out
