"""What every method promises: add a new method to `METHODS` and it is held to all of it."""

import copy
import dataclasses

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from metarec.data import Episodes, Ratings, newcomers
from metarec.models import (
    ALS,
    BPR,
    EASE,
    BERT4Rec,
    Bias,
    BiasedMF,
    ContentBayes,
    ContentRidge,
    GlobalMean,
    HierarchicalBayes,
    HierarchicalLinear,
    ImplicitALS,
    ItemMean,
    ItemNeighbours,
    LikedItemNeighbours,
    LikedUserNeighbours,
    MarkovChain,
    Method,
    Popularity,
    RandomScores,
    RecentItemNeighbours,
    Rocchio,
    SASRec,
    SVDPlusPlus,
    UserNeighbours,
)

METHODS = [
    RandomScores(),
    GlobalMean(),
    ItemMean(),
    Bias(),
    Popularity(),
    HierarchicalBayes(n_factors=3, n_sweeps=5),
    EASE(regularization=5),
    LikedItemNeighbours(n_neighbours=10),
    LikedUserNeighbours(n_neighbours=10),
    RecentItemNeighbours(),
    MarkovChain(),
    ALS(n_factors=3, n_sweeps=5),
    BiasedMF(n_factors=3, lr=0.05, n_epochs=20),
    SVDPlusPlus(n_factors=3, n_sweeps=5),
    ImplicitALS(n_factors=3, n_sweeps=5),
    BPR(n_factors=3, n_epochs=5),
    UserNeighbours(n_neighbours=3),
    ItemNeighbours(n_neighbours=3),
    ContentBayes(n_factors=3, n_sweeps=5),
    HierarchicalLinear(n_sweeps=5),
    ContentRidge(),
    ContentRidge(target="rating"),
    Rocchio(),
    SASRec(width=8, n_epochs=1, window=10),
    BERT4Rec(width=8, n_blocks=1, n_epochs=1, window=10),
]
KS = (0, 1, 5, 20)


@pytest.fixture(params=METHODS, ids=lambda method: type(method).__name__)
def method(request) -> Method:
    return clone(request.param)


@pytest.fixture
def split(made_up):
    return newcomers(made_up)


@pytest.fixture
def episodes(split) -> Episodes:
    return split.test.episodes(0)


class TestEveryMethod:
    def test_fit_returns_the_method(self, method, split):
        assert method.fit(split.train) is method

    @pytest.mark.parametrize("k", KS)
    def test_predictions_have_the_shape_of_the_query_and_are_finite(
        self, method, split, episodes, k
    ):
        predicted = method.fit(split.train).predict(episodes.first(k).blind())
        assert predicted.shape == episodes.query_items.shape
        assert predicted.dtype == np.float64
        assert np.isfinite(predicted[episodes.query_mask]).all()

    def test_the_query_ratings_are_never_read(self, method, split, episodes):
        method.fit(split.train)
        np.testing.assert_array_equal(method.predict(episodes), method.predict(episodes.blind()))

    def test_one_seed_gives_one_answer(self, method, split, episodes):
        first, second = (clone(method).fit(split.train).predict(episodes) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_inputs_are_left_as_they_were(self, method, split, episodes):
        table, before = split.train.table.copy(), copy.deepcopy(episodes)
        method.fit(split.train).predict(episodes)
        assert table.equals(split.train.table)
        for field in dataclasses.fields(Episodes):
            np.testing.assert_array_equal(
                getattr(episodes, field.name), getattr(before, field.name)
            )

    def test_padding_is_ignored(self, method, split, episodes):
        masked = episodes.support_mask.copy()
        masked[:, 5:] = False
        padded = dataclasses.replace(episodes, support_mask=masked)
        method.fit(split.train)
        np.testing.assert_allclose(
            method.predict(padded), method.predict(episodes.first(5)), rtol=1e-9
        )

    def test_an_item_that_training_never_saw_gets_a_prediction(self, method, split, made_up):
        seen = split.train.items.index[:-5]
        rows = split.train.table["item"].isin(seen)
        train = dataclasses.replace(split.train.keep(rows), items=split.train.items.loc[seen])
        person = Episodes.of_one(made_up, {made_up.items.index[-1]: 5, made_up.items.index[0]: 3})
        assert np.isfinite(method.fit(train).predict(person)).all()

    def test_an_item_of_the_catalogue_without_ratings_gets_a_prediction(
        self, method, split, made_up
    ):
        train = split.train.keep(split.train.table["item"] != 101)
        person = Episodes.of_one(made_up, {102: 4})
        assert np.isfinite(method.fit(train).predict(person)).all()

    def test_items_are_told_by_id_and_not_by_position(self, method, split, episodes):
        if isinstance(method, RandomScores):
            pytest.skip("draws anew for each question")
        order = np.random.default_rng(0).permutation(len(episodes.items))
        place = np.argsort(order)
        renumbered = dataclasses.replace(
            episodes,
            items=episodes.items[order],
            support_items=place[episodes.support_items],
            query_items=place[episodes.query_items],
        )
        method.fit(split.train)
        mask = episodes.query_mask
        np.testing.assert_allclose(
            method.predict(renumbered)[mask], method.predict(episodes)[mask], rtol=1e-9
        )

    def test_constant_ratings_are_learned(self, method, made_up):
        flat = Ratings.from_table(made_up.table.assign(rating=4.0))
        predicted = method.fit(flat).predict(newcomers(flat).test.episodes())
        if method.predicts_ratings:
            np.testing.assert_allclose(predicted, 4, atol=1e-3)

    def test_saved_and_loaded_it_answers_alike(self, method, split, episodes, tmp_path):
        method.fit(split.train)
        loaded = type(method).load(method.save(tmp_path / "method.safetensors"))
        assert loaded.get_params() == method.get_params()
        np.testing.assert_array_equal(loaded.predict(episodes), method.predict(episodes))

    def test_text_ids_survive_saving(self, method, made_up, tmp_path):
        text = Ratings.from_table(
            made_up.table.assign(item="film " + made_up.table["item"].astype(str))
        )
        episodes = newcomers(text).test.episodes()
        method.fit(text)
        loaded = type(method).load(method.save(tmp_path / "method.safetensors"))
        np.testing.assert_array_equal(loaded.predict(episodes), method.predict(episodes))

    def test_before_fit_it_says_so(self, method, episodes):
        with pytest.raises(NotFittedError, match="call fit"):
            method.predict(episodes)


def test_a_file_that_is_missing_damaged_or_of_another_method_is_refused(split, tmp_path):
    path = ItemMean().fit(split.train).save(tmp_path / "item_mean.safetensors")
    with pytest.raises(FileNotFoundError, match=r"write one with method.save"):
        ItemMean.load(tmp_path / "nothing.safetensors")
    with pytest.raises(ValueError, match=r"holds ItemMean, not Bias; load it with ItemMean.load"):
        Bias.load(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="content does not match its hash"):
        ItemMean.load(path)
    path.write_bytes(content[:100])
    with pytest.raises(ValueError, match="is not a saved method"):
        ItemMean.load(path)
