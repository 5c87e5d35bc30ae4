"""RMSE, MAE and pairwise accuracy: by hand, against scikit-learn, and whatever the input."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sklearn

from metarec.evaluation import mae, pairwise_accuracy, rmse

METRICS = [rmse, mae, pairwise_accuracy]


@st.composite
def users(draw):
    """Scores (small whole numbers, so that ties are common), ratings and a mask [users, q]."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 9)))
    scores = draw(hnp.arrays(float, shape, elements=st.integers(-3, 3)))
    ratings = draw(hnp.arrays(float, shape, elements=st.integers(1, 5)))
    return scores, ratings, draw(hnp.arrays(bool, shape))


def rows(scores, true, mask):
    """Each user's candidates without the padding."""
    return [(s[m], t[m]) for s, t, m in zip(scores, true, mask, strict=True)]


def by_pairs(scores, true):
    """Pairwise accuracy as its definition says: a loop over all pairs."""
    credit = [
        0.5 if si == sj else float((si > sj) == (ti > tj))
        for (si, ti), (sj, tj) in itertools.combinations(zip(scores, true, strict=True), 2)
        if ti != tj
    ]
    return np.mean(credit) if credit else np.nan


class TestErrors:
    def test_by_hand(self):
        # Errors of the first user: -1, 2, so the squares 1, 4 have mean 2.5, the sizes 1, 2 mean
        # 1.5. The second user has one rating (error 3); the 99 is padding. The third has none.
        predicted = [[3, 5], [4, 99], [1, 1]]
        true = [[4, 3], [1, 1], [1, 1]]
        mask = np.array([[True, True], [True, False], [False, False]])
        np.testing.assert_allclose(rmse(predicted, true, mask), [2.5**0.5, 3, np.nan])
        np.testing.assert_allclose(mae(predicted, true, mask), [1.5, 3, np.nan])

    @given(users())
    def test_equal_scikit_learn_user_by_user(self, data):
        for ours, theirs in [
            (rmse, sklearn.root_mean_squared_error),
            (mae, sklearn.mean_absolute_error),
        ]:
            expected = [theirs(t, s) if len(t) else np.nan for s, t in rows(*data)]
            np.testing.assert_allclose(ours(*data), expected, atol=1e-12)

    @given(users())
    def test_mae_is_never_above_rmse(self, data):
        big, small = rmse(*data), mae(*data)
        assert np.all((small <= big + 1e-12) | np.isnan(big))

    def test_pooled_and_per_user_differ_as_the_docstring_says(self):
        # Two users with the errors 0 and 1, one of them with nine ratings: the mean over users is
        # 1/2, the pooled value sqrt(9/10).
        predicted, true = np.zeros((2, 9)), np.array([[0.0] * 9, [1.0] * 9])
        mask = np.array([[True] + [False] * 8, [True] * 9])
        assert rmse(predicted, true, mask).mean() == 0.5
        assert np.sqrt(((predicted - true)[mask] ** 2).mean()) == pytest.approx(0.9**0.5)


class TestPairwiseAccuracy:
    def test_by_hand(self):
        # Ratings 5 4 4 1 make the pairs 5>4, 5>4, 5>1, 4>1, 4>1. Scores 3 3 4 1: the first pair
        # ties (1/2), the second is wrong, the other three are right: 3.5 of 5.
        assert pairwise_accuracy([[3, 3, 4, 1]], [[5, 4, 4, 1]]) == pytest.approx(0.7)

    @given(users())
    def test_equals_the_loop_over_all_pairs(self, data):
        expected = [by_pairs(s, t) for s, t in rows(*data)]
        np.testing.assert_allclose(pairwise_accuracy(*data), expected)

    @given(users())
    def test_equals_the_area_under_the_roc_curve_for_two_levels(self, data):
        scores, true, mask = data
        liked = (true >= 4).astype(float)
        expected = [
            sklearn.roc_auc_score(t, s) if len(set(t)) == 2 else np.nan
            for s, t in rows(scores, liked, mask)
        ]
        np.testing.assert_allclose(pairwise_accuracy(scores, liked, mask), expected)

    @given(users())
    def test_only_the_order_of_scores_and_of_ratings_matters(self, data):
        scores, true, mask = data
        stretched = pairwise_accuracy(np.exp(scores), true**3, mask)
        np.testing.assert_array_equal(stretched, pairwise_accuracy(scores, true, mask))

    @given(users())
    def test_turning_the_scores_round_mirrors_it_at_one_half(self, data):
        scores, true, mask = data
        np.testing.assert_allclose(
            pairwise_accuracy(-scores, true, mask), 1 - pairwise_accuracy(scores, true, mask)
        )

    @given(users(), st.randoms(use_true_random=False))
    def test_the_order_of_the_columns_does_not_matter(self, data, random):
        order = list(range(data[0].shape[1]))
        random.shuffle(order)
        moved = pairwise_accuracy(*(array[:, order] for array in data))
        np.testing.assert_allclose(moved, pairwise_accuracy(*data))

    @given(users())
    def test_the_truth_is_perfect_and_a_constant_is_chance(self, data):
        _, true, mask = data
        perfect = pairwise_accuracy(true, true, mask)
        constant = pairwise_accuracy(np.ones_like(true), true, mask)
        assert set(perfect[~np.isnan(perfect)]) <= {1.0}
        assert set(constant[~np.isnan(constant)]) <= {0.5}

    def test_a_user_with_one_rating_level_has_no_pairs(self):
        assert np.isnan(pairwise_accuracy([[1, 2, 3]], [[4, 4, 4]])).all()

    def test_ratings_that_are_all_different_work_too(self):
        rng = np.random.default_rng(0)
        scores, true = rng.normal(size=(2, 3, 40))
        expected = [by_pairs(s, t) for s, t in zip(scores, true, strict=True)]
        np.testing.assert_allclose(pairwise_accuracy(scores, true), expected)


@pytest.mark.parametrize("metric", METRICS)
class TestEveryMetric:
    @given(data=users())
    def test_padding_does_not_matter_whatever_it_holds(self, metric, data):
        scores, true, mask = data
        spoiled = np.where(mask, scores, np.nan), np.where(mask, true, np.inf), mask
        np.testing.assert_array_equal(metric(*spoiled), metric(*data))

    @given(data=users())
    def test_leaves_its_inputs_as_they_were(self, metric, data):
        before = [array.copy() for array in data]
        metric(*data)
        for array, copy in zip(data, before, strict=True):
            np.testing.assert_array_equal(array, copy)

    def test_no_mask_means_that_everything_counts(self, metric):
        predicted, true = [[3.0, 1.0]], [[4.0, 5.0]]
        np.testing.assert_array_equal(
            metric(predicted, true), metric(predicted, true, np.ones((1, 2), dtype=bool))
        )

    @pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 0)])
    def test_nothing_to_judge_is_nan_and_no_error(self, metric, shape):
        result = metric(np.ones(shape), np.ones(shape))
        assert result.shape == shape[:1]
        assert np.isnan(result).all()

    @pytest.mark.parametrize(
        ("predicted", "true", "mask", "words"),
        [
            ([[1, 2]], [[1]], None, r"shape \(1, 1\).*\(1, 2\)"),
            ([1, 2], [1, 2], None, r"one user"),
            ([[1, np.nan]], [[1, 2]], None, r"\[0, 1\] is nan.*mask"),
            ([[1, np.inf]], [[1, 2]], None, r"\[0, 1\] is inf"),
            ([[1, 2]], [[np.nan, 2]], None, r"true\[0, 0\] is nan"),
            ([[1, 2]], [[1, 2]], [[True]], r"mask has shape"),
            ([[1, 2]], [[1, 2]], [[1, 0]], r"astype\(bool\)"),
            ([["a", "b"]], [[1, 2]], None, r"array of numbers"),
            ([[1, 2], [1]], [[1, 2]], None, r"ragged"),
            (None, [[1, 2]], None, r"shape \(\)"),
        ],
    )
    def test_bad_input_says_what_and_what_to_do(self, metric, predicted, true, mask, words):
        with pytest.raises(ValueError, match=words):
            metric(predicted, true, mask)
