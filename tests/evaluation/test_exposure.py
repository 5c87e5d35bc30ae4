"""Coverage, novelty, Lorenz curve and Gini of exposure."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import auc
from sklearn.metrics.pairwise import cosine_similarity

from metarec.data import Ratings
from metarec.evaluation import (
    coverage,
    exposure_counts,
    gini,
    intra_list_similarity,
    lorenz,
    novelty,
    profile,
    top_k,
)
from metarec.evaluation.exposure import leaning

COUNTS = st.lists(st.integers(0, 50), min_size=2, max_size=12).filter(any)
LISTS = hnp.arrays(int, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.integers(-1, 6))


class TestCoverage:
    def test_by_hand(self):
        # Items 0, 1, 4 of six are shown, item 0 twice; the empty place is nobody's.
        lists = [[0, 1], [4, 0], [-1, -1]]
        np.testing.assert_array_equal(exposure_counts(lists, 6), [2, 1, 0, 0, 1, 0])
        assert coverage(lists, 6) == 0.5

    @given(LISTS)
    def test_equals_a_loop(self, lists):
        shown = [item for row in lists.tolist() for item in row if item >= 0]
        np.testing.assert_array_equal(exposure_counts(lists, 7), [shown.count(i) for i in range(7)])
        assert coverage(lists, 7) == len(set(shown)) / 7

    def test_chance_covers_more_than_popularity(self):
        popular = np.tile(np.arange(100.0), (50, 1))
        assert coverage(top_k(popular, 5), 100) == 0.05
        assert coverage(top_k(np.zeros((50, 100)), 5), 100) > 0.8


class TestNovelty:
    def test_by_hand(self):
        # Known to one half, one quarter, one eighth of the users: 1, 2 and 3 bits.
        value = novelty([[0, 2], [1, -1], [-1, -1]], [1 / 2, 1 / 4, 1 / 8])
        np.testing.assert_allclose(value, [2, 2, np.nan])

    @given(LISTS)
    def test_equals_a_loop(self, lists):
        popularity = np.linspace(0.1, 1, 7)
        expected = [
            np.mean([-np.log2(popularity[i]) for i in row if i >= 0] or [np.nan])
            for row in lists.tolist()
        ]
        np.testing.assert_allclose(novelty(lists, popularity), expected, atol=1e-12)

    @pytest.mark.parametrize("popularity", [[0.5, 0], [3, 1], [0.5, -1], [[0.5]], [np.nan, 1]])
    def test_popularity_must_be_shares(self, popularity):
        with pytest.raises(ValueError, match=r"\(counts \+ 1\) / \(n_users \+ 1\)"):
            novelty([[0]], popularity)


class TestConcentration:
    def test_by_hand(self):
        # Counts 1, 1, 2 sorted have 2i - n - 1 = -2, 0, 2: (-2 + 0 + 4) / (2 · 4) = 1/4.
        assert gini([1, 2, 1]) == 0.25
        items, share = lorenz([1, 2, 1])
        np.testing.assert_allclose(items, [0, 1 / 3, 2 / 3, 1])
        np.testing.assert_allclose(share, [0, 1 / 4, 1 / 2, 1])

    @given(COUNTS)
    def test_gini_is_the_mean_difference_of_two_items_over_twice_the_mean(self, counts):
        differences = [abs(a - b) for a, b in itertools.combinations(counts, 2)]
        assert gini(counts) == pytest.approx(np.mean(differences) / (2 * np.mean(counts)))

    @given(COUNTS)
    def test_gini_is_twice_the_area_between_lorenz_curve_and_diagonal(self, counts):
        n = len(counts)
        assert gini(counts) == pytest.approx((1 - 2 * auc(*lorenz(counts))) * n / (n - 1))

    @given(COUNTS, st.integers(1, 9), st.randoms(use_true_random=False))
    def test_neither_the_unit_nor_the_order_of_the_items_matters(self, counts, unit, random):
        other = [unit * count for count in counts]
        random.shuffle(other)
        assert gini(other) == pytest.approx(gini(counts))

    @given(COUNTS)
    def test_the_lorenz_curve_rises_and_hangs_below_the_diagonal(self, counts):
        items, share = lorenz(counts)
        assert (np.diff(share) >= 0).all()
        assert (share <= items + 1e-12).all()
        assert (share[0], share[-1]) == (0, 1)

    @given(st.integers(2, 50))
    def test_the_ends_of_the_scale(self, n):
        assert gini(np.full(n, 3)) == pytest.approx(0)
        assert gini(np.eye(n)[0]) == 1

    @pytest.mark.parametrize("function", [gini, lorenz])
    @pytest.mark.parametrize(
        ("counts", "words"),
        [([1, -1], "at least 0"), ([1, np.nan], "finite"), ([0, 0], "nothing"), ([[1]], "one")],
    )
    def test_bad_counts_say_what_is_wrong(self, function, counts, words):
        with pytest.raises(ValueError, match=words):
            function(counts)

    def test_one_item_has_no_inequality(self):
        with pytest.raises(ValueError, match="whole catalogue"):
            gini([5])


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ([[0, 7]], "position 7, but the catalogue has 3.*not ids"),
        ([[-2, 0]], "position -2"),
        ([0, 1], "shape"),
        ([[0.0, 1.0]], "whole numbers"),
    ],
)
def test_bad_lists_say_what_is_wrong(lists, words):
    for call in (lambda: coverage(lists, 3), lambda: novelty(lists, [0.5, 0.5, 0.5])):
        with pytest.raises(ValueError, match=words):
            call()


def test_an_empty_catalogue_is_refused():
    with pytest.raises(ValueError, match="n_items is 0"):
        coverage([[0]], 0)


class TestIntraListSimilarity:
    def test_it_is_the_mean_cosine_of_the_pairs(self):
        vectors = np.random.default_rng(0).normal(size=(6, 3))
        lists = [[0, 3, 5], [2, 1, -1]]
        cosine = cosine_similarity(vectors)
        pairs = [cosine[i, j] for i, j in itertools.combinations(lists[0], 2)]
        expected = [np.mean(pairs), cosine[2, 1]]
        np.testing.assert_allclose(intra_list_similarity(lists, vectors), expected)

    def test_one_item_has_no_pair_and_an_item_of_zeros_is_like_nothing(self):
        found = intra_list_similarity([[0, -1], [0, 1]], [[1, 0], [0, 0]])
        np.testing.assert_array_equal(found, [np.nan, 0])

    @pytest.mark.parametrize("vectors", [[1, 2], [[1, np.nan]]])
    def test_bad_vectors_say_what_is_wrong(self, vectors):
        with pytest.raises(ValueError, match="finite numbers"):
            intra_list_similarity([[0]], vectors)


def test_a_profile_puts_the_measures_of_several_lists_side_by_side():
    table = pd.DataFrame({"user": [1, 2, 3], "item": [7, 7, 8], "rating": [4, 4, 4]})
    train = Ratings.from_table(table, pd.DataFrame(index=[7, 8, 9]))
    lists = {"ours": np.array([[0, 1], [0, -1]])}
    found = profile(lists, train, [[1, 0], [1, 1], [0, 1]]).loc["ours"]
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["gini"] == pytest.approx(gini([2, 1, 0]))
    assert found["novelty"] == pytest.approx(np.mean([(-np.log2(3 / 4) + 1) / 2, -np.log2(3 / 4)]))
    assert found["similarity"] == pytest.approx(np.sqrt(0.5))


def test_leaning_by_hand():
    """Four places: film 0 three times, film 1 once; a half and a tenth of the people know them."""
    found = leaning(np.array([[0, 1], [0, -1], [0, -1]]), np.array([0.5, 0.1, 0.9]))
    assert found["known_by"] == pytest.approx((3 * 0.5 + 0.1) / 4)
    assert found["gini"] == gini([3, 1, 0])
