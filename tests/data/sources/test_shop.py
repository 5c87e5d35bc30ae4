"""The shop is what its data card says, and its truth is that of its ratings."""

import dataclasses
import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from metarec.data import assets, shop, shop_truth
from metarec.data.sources import shop as shopping
from metarec.data.sources.files import read_bytes

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def ratings():
    return shop()


@pytest.fixture(scope="module")
def truth():
    return shop_truth()


@pytest.fixture(scope="module")
def maker():
    path = ROOT / "tools" / "data" / "make_shop.py"
    spec = importlib.util.spec_from_file_location("make_shop", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_files_again(maker, tmp_path, capsys):
    maker.main(tmp_path)
    printed = capsys.readouterr().out
    for path in (ROOT / "data" / "shop").glob("*.csv*"):
        made = tmp_path / path.name
        assert read_bytes(made) == read_bytes(path), path.name  # Pythons pack the same differently
        assert hashlib.sha256(made.read_bytes()).hexdigest() in printed


def test_the_loader_and_the_script_agree_on_what_is_constant(maker):
    assert (shopping.MEAN, shopping.NOISE) == (maker.MEAN, maker.NOISE)
    assert list(shopping.DIRECTIONS) == maker.DIRECTIONS


def test_products_can_be_told_apart(ratings):
    items = ratings.items
    assert ratings.n_items == 312
    assert items["title"].is_unique
    assert items["text"].is_unique
    assert (items["text"].str.split(". ").str.len() >= 3).all()
    assert (items["price"] > 0).all()
    assert items["department"].value_counts().tolist() == [39] * 8


def test_what_is_expected_by_hand(truth):
    tastes, natures = truth.tastes.loc[7], truth.natures.loc[30]
    by_hand = 3.2 + tastes["generosity"] + natures["quality"]
    by_hand += sum(tastes[name] * natures[name] for name in shopping.DIRECTIONS)
    assert truth.expected([7])[0, 29] == pytest.approx(by_hand)


def test_ratings_are_the_truth_and_noise_away_from_the_ends(ratings, truth):
    users, items = ratings.positions()
    exact = truth.expected(ratings.users.index)[users, items]
    middle = (exact > 2.5) & (exact < 3.5)  # hardly any rating there is cut
    left = (ratings.table["rating"].to_numpy() - exact)[middle]
    assert left.mean() == pytest.approx(0, abs=0.02)
    assert left.var() == pytest.approx(truth.world.noise + 1 / 12, rel=0.04)


def test_customers_buy_what_they_like(ratings, truth):
    users, items = ratings.positions()
    exact = truth.expected(ratings.users.index)
    assert exact[users, items].mean() > exact.mean() + 0.3


def test_the_world_is_that_of_the_customers(truth):
    np.testing.assert_allclose(truth.world.user_mean, truth.tastes.mean())
    np.testing.assert_allclose(truth.world.user_covariance, truth.tastes.cov())
    assert truth.world.item_vectors.shape == (312, 5)


def test_the_text_tells_a_part_of_the_nature(ratings, truth):
    """Canvas and oak are natural, whatever the product is; carbon and chrome are not."""
    text = ratings.items["title"].str.lower()
    natural = truth.natures.loc[text[text.str.contains("canvas|oak|linen")].index, "natural"]
    technical = truth.natures.loc[text[text.str.contains("carbon|chrome|smart")].index, "natural"]
    assert natural.mean() > technical.mean() + 1


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    for path in (ROOT / "data" / "shop").glob("*.csv*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    target = tmp_path / "products.csv"
    target.write_bytes(target.read_bytes().replace(b"tent", b"tint"))  # the same size
    monkeypatch.setattr(assets, "data_folder", lambda: tmp_path.parent)
    moved = dataclasses.replace(assets.ASSETS["shop"], folder=tmp_path.name)
    monkeypatch.setitem(assets.ASSETS, "shop", moved)
    with pytest.raises(assets.AssetError, match=r"git checkout -- data"):
        shop()
