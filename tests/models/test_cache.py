"""The cache of fitted methods is quick, and never trusted."""

import dataclasses
import importlib
import os
import stat
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from metarec.data import Ratings
from metarec.models import ItemMean, LanguageModelRecommender, TransferredBayes, cache


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


@pytest.mark.parametrize(
    "change",
    [
        lambda r: dataclasses.replace(r, items=r.items.assign(genres="War")),
        lambda r: dataclasses.replace(r, users=r.users.assign(age=20)),
        lambda r: dataclasses.replace(r, scale=(0.0, 10.0)),
        lambda r: dataclasses.replace(r, table=r.table.assign(rating=r.table["rating"] + 1e-9)),
    ],
    ids=["items", "users", "scale", "the ninth digit"],
)
def test_all_that_the_ratings_tell_is_part_of_the_question(home, made_up, change):
    """A method that reads facts of items or people, or where likes begin, learns something else."""
    cache.fitted(ItemMean(), made_up)
    cache.fitted(ItemMean(), change(made_up))
    assert len(list(home.iterdir())) == 2


def test_ratings_among_the_parameters_are_part_of_the_question(home, made_up, monkeypatch):
    few = made_up.keep(made_up.table["user"] > 50)
    first = cache.fitted(TransferredBayes(few, n_factors=2, n_sweeps=2), made_up)
    cache.fitted(TransferredBayes(made_up, n_factors=2, n_sweeps=2), made_up)
    assert len(list(home.iterdir())) == 2
    monkeypatch.setattr(TransferredBayes, "fit", lambda *_: pytest.fail("fitted twice"))
    again = cache.fitted(TransferredBayes(few, n_factors=2, n_sweeps=2), made_up)
    assert again.source is few
    np.testing.assert_array_equal(again.items_, first.items_)


# ---------------------------------------------------------------- the code that a fit went through

MINE = """
    import numpy as np
    from metarec.models import ItemMean

    class Mine(ItemMean):
        def fit(self, ratings):
            super().fit(ratings)
            self.means_ = np.full_like(self.means_, ANSWER)
            return self
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes and imports a module with a class of the reader's own."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(answer):
        source = textwrap.dedent(MINE).replace("ANSWER", str(answer))
        (tmp_path / "my_methods.py").write_text(source)
        sys.modules.pop("my_methods", None)
        importlib.invalidate_caches()
        return importlib.import_module("my_methods").Mine()

    yield write
    sys.modules.pop("my_methods", None)


def test_a_changed_class_is_fitted_anew(home, made_up, written):
    assert cache.fitted(written(1), made_up).means_[0] == 1
    assert cache.fitted(written(2), made_up).means_[0] == 2
    assert len(list(home.iterdir())) == 2
    assert cache.fitted(written(1), made_up).means_[0] == 1
    assert len(list(home.iterdir())) == 2, "what was undone is found again"


@pytest.mark.parametrize("changed", ["models/linalg.py", "data/sources/asset_list.toml"])
def test_a_change_in_the_package_is_fitted_anew(home, made_up, tmp_path, monkeypatch, changed):
    """A helper, a parent or the facts that were read: any file of the two packages may matter."""
    for name in ("models/linalg.py", "data/sources/asset_list.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((cache.PACKAGE / name).read_bytes())
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    cache.fitted(ItemMean(), made_up)
    cache.fitted(ItemMean(), made_up)
    assert len(list(home.iterdir())) == 1
    (tmp_path / changed).write_text("# changed\n")
    cache.fitted(ItemMean(), made_up)
    assert len(list(home.iterdir())) == 2


@pytest.mark.parametrize("library", ["numpy", "scipy", "torch"])
def test_another_version_of_a_library_is_fitted_anew(home, made_up, monkeypatch, library):
    cache.fitted(ItemMean(), made_up)
    real = cache.importlib.metadata.version
    monkeypatch.setattr(
        cache.importlib.metadata, "version", lambda name: "0" if name == library else real(name)
    )
    cache.fitted(ItemMean(), made_up)
    assert len(list(home.iterdir())) == 2


def test_old_fits_of_a_class_give_way(home, made_up):
    for shrinkage in range(cache.KEPT + 3):
        cache.fitted(ItemMean(shrinkage=shrinkage), made_up)
    assert len(list(home.iterdir())) == cache.KEPT


# ---------------------------------------------------------------- it never costs an answer


def answered(method, ratings, match):
    """The method is fitted, and there is one warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = cache.fitted(method, ratings)
    assert fitted.means_.tolist() == ItemMean().fit(ratings).means_.tolist()
    (one,) = [str(w.message) for w in caught]
    assert match in one, one
    return one


def foreign(path):
    safetensors.numpy.save_file({"a": np.zeros(2)}, path, metadata={"metarec": "{}"})


@pytest.mark.parametrize(
    "put",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"nonsense"),
        lambda path: path.write_bytes(path.read_bytes()[:-8] + bytes(8)),
        foreign,
    ],
    ids=["empty", "nonsense", "damaged", "foreign"],
)
def test_a_file_of_no_use_is_fitted_anew_and_mended(home, made_up, put):
    first = cache.fitted(ItemMean(), made_up)
    (path,) = home.iterdir()
    put(path)
    answered(ItemMean(), made_up, "fitted anew")
    assert ItemMean.load(path).means_.tolist() == first.means_.tolist()
    assert [p.name for p in home.iterdir()] == [path.name]


def test_a_folder_in_the_place_of_the_file(home, made_up):
    cache.fitted(ItemMean(), made_up)
    (path,) = home.iterdir()
    path.unlink()
    path.mkdir()
    said = answered(ItemMean(), made_up, "fitted anew")
    assert "the fit is not kept" in said
    assert list(home.iterdir()) == [path]


def test_a_file_in_the_place_of_the_folder(home, made_up):
    home.write_text("a file stands where the folder should be")
    answered(ItemMean(), made_up, "the fit is not kept")


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="the superuser can write anywhere"
)
@pytest.mark.parametrize("mode", [stat.S_IRUSR | stat.S_IXUSR, 0], ids=["read only", "closed"])
def test_a_folder_that_lets_nothing_in(home, made_up, mode):
    home.mkdir(mode=mode)
    try:
        answered(ItemMean(), made_up, "the fit is not kept")
    finally:
        home.chmod(stat.S_IRWXU)


def test_a_full_disk_leaves_no_half_a_file(home, made_up, monkeypatch):
    def full(arrays, path, metadata):
        Path(path).write_bytes(b"half a file")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    answered(ItemMean(), made_up, "the fit is not kept ([Errno 28] No space left on device)")
    assert not list(home.iterdir())


class WithMore(ItemMean):
    def __init__(self, shrinkage=3.0, more=None):
        super().__init__(shrinkage)
        self.more = more


def test_a_parameter_that_no_file_can_hold(home, made_up):
    answered(WithMore(more=object()), made_up, "parameter of type object")
    assert not home.exists()


def test_what_is_no_method_of_the_package_is_fitted_each_time(home, made_up):
    class Plain:
        fits = 0

        def fit(self, ratings):
            self.fits += 1
            return self

    method = Plain()
    assert cache.fitted(cache.fitted(method, made_up), made_up).fits == 2
    assert not home.exists()


# ---------------------------------------------------------------- parameters in a file


def test_a_path_is_saved_and_a_live_network_is_refused(tmp_path):
    method = LanguageModelRecommender(model=tmp_path / "my model", rank=np.int64(4))
    method.items_ = np.arange(3)
    loaded = LanguageModelRecommender.load(method.save(tmp_path / "saved.safetensors"))
    assert (loaded.model, loaded.rank) == (str(tmp_path / "my model"), 4)
    method.model = object()
    with pytest.raises(TypeError, match=r"type object cannot be saved; pass .* folder of a model"):
        method.save(tmp_path / "live.safetensors")


def test_the_ratings_that_a_method_has_learned_from_are_not_needed_again(made_up, tmp_path):
    method = TransferredBayes(made_up, n_factors=2, n_sweeps=2).fit(made_up)
    loaded = TransferredBayes.load(method.save(tmp_path / "saved.safetensors"))
    assert loaded.source is None
    assert isinstance(method.source, Ratings)
