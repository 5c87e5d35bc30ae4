"""The cache of fitted methods is quick, and never trusted."""

import dataclasses
import os
import stat

import pytest

from metarec.models import ItemMean, cache


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "metarec")
    return tmp_path / "metarec"


def test_the_second_call_reads_what_the_first_one_wrote(home, made_up, monkeypatch):
    first = cache.fitted(ItemMean(), made_up)
    monkeypatch.setattr(ItemMean, "fit", lambda *_: pytest.fail("fitted twice"))
    second = cache.fitted(ItemMean(), made_up)
    assert second.means_.tolist() == first.means_.tolist()


def test_other_ratings_or_parameters_are_fitted_anew(home, made_up):
    cache.fitted(ItemMean(), made_up)
    cache.fitted(ItemMean(shrinkage=1), made_up)
    cache.fitted(ItemMean(), made_up.keep(made_up.table["user"] > 5))
    assert len(list(home.iterdir())) == 3


def test_another_catalogue_is_fitted_anew(home, made_up):
    """Methods that read the content of items learn something else from the same ratings."""
    cache.fitted(ItemMean(), made_up)
    changed = dataclasses.replace(made_up, items=made_up.items.assign(genres="War"))
    cache.fitted(ItemMean(), changed)
    assert len(list(home.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_damaged_file_is_fitted_anew_and_mended(home, made_up, content):
    first = cache.fitted(ItemMean(), made_up)
    (path,) = home.iterdir()
    if content is None:
        content = path.read_bytes()[:-8] + bytes(8)
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="fitted anew"):
        assert cache.fitted(ItemMean(), made_up).means_.tolist() == first.means_.tolist()
    assert ItemMean.load(path).means_.tolist() == first.means_.tolist()


def test_a_folder_that_cannot_be_written_gives_a_warning_and_an_answer(home, made_up):
    home.parent.joinpath("metarec").write_text("a file stands where the folder should be")
    with pytest.warns(UserWarning, match="the fit is not kept"):
        assert cache.fitted(ItemMean(), made_up).means_.size


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="the superuser can write anywhere"
)
def test_a_read_only_folder_gives_a_warning_and_an_answer(home, made_up):
    home.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    with pytest.warns(UserWarning, match="the fit is not kept"):
        assert cache.fitted(ItemMean(), made_up).means_.size
