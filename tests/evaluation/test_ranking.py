"""Top-k lists, nDCG, precision, recall, hit rate and MRR."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sklearn

from metarec.evaluation import (
    exponential_gain,
    hit_rate,
    mrr,
    ndcg,
    precision,
    recall,
    take,
    top_k,
)

BINARY = [precision, recall, hit_rate, mrr]
RANKING = [ndcg, *BINARY]


@st.composite
def users(draw, ties=False):
    """Scores, relevance and a mask [users, q]; every score different, unless ties are wanted."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 9)))
    if ties:
        scores = draw(hnp.arrays(float, shape, elements=st.integers(0, 2)))
    else:
        scores = np.array([draw(st.permutations(range(shape[1]))) for _ in range(shape[0])], float)
    return scores, draw(hnp.arrays(bool, shape)), draw(hnp.arrays(bool, shape))


def slowly(metric, scores, relevant, k):
    """The definitions, for one user without padding, by a loop over the sorted list."""
    if not relevant.any():
        return np.nan
    hits = [bool(relevant[i]) for i in sorted(range(len(scores)), key=lambda i: -scores[i])][:k]
    if metric is precision:
        return sum(hits) / k
    if metric is recall:
        return sum(hits) / sum(relevant)
    if metric is hit_rate:
        return float(any(hits))
    return 1 / (hits.index(True) + 1) if any(hits) else 0.0


class TestTopK:
    def test_by_hand(self):
        # The first user's best are columns 3 (8) and 0 (7); column 1 (9) is no candidate. The
        # second has one candidate only.
        mask = np.array([[True, False, True, True], [False, False, True, False]])
        top = top_k([[7, 9, 1, 8], [1, 2, 3, 4]], k=3, mask=mask)
        np.testing.assert_array_equal(top, [[3, 0, 2], [2, -1, -1]])

    @given(users(ties=True), st.integers(1, 12), st.integers(0, 5))
    def test_are_the_beginning_of_the_whole_sorted_list(self, data, k, seed):
        scores, _, mask = data
        users_, q = scores.shape
        lot = np.random.default_rng(seed).random((users_, q))
        cost = np.where(mask, -scores, np.inf)
        for row, top in enumerate(top_k(scores, k, mask, seed)):
            ranked = [i for i in np.lexsort((lot[row], cost[row])) if mask[row, i]][:k]
            assert top.tolist() == ranked + [-1] * (k - len(ranked))

    @given(users(ties=True), st.integers(1, 4))
    def test_a_longer_list_begins_with_the_shorter_one(self, data, k):
        scores, _, mask = data
        np.testing.assert_array_equal(top_k(scores, k + 3, mask)[:, :k], top_k(scores, k, mask))

    def test_ties_are_broken_evenly_and_differently_for_each_user(self):
        # 6 000 users with four equal candidates: each candidate leads a quarter of the lists
        # (standard deviation .0056), and the order of the file wins nothing.
        first = top_k(np.zeros((6000, 4)), k=1, seed=3)[:, 0]
        np.testing.assert_allclose(np.bincount(first) / 6000, 0.25, atol=0.025)

    def test_ties_at_the_edge_of_the_list_are_broken_evenly_too(self):
        # One clear winner, three candidates for the second place.
        second = top_k(np.tile([0.0, 1, 0, 0], (6000, 1)), k=2)[:, 1]
        np.testing.assert_allclose(np.bincount(second) / 6000, [1 / 3, 0, 1 / 3, 1 / 3], atol=0.03)

    def test_the_seed_decides(self):
        scores = np.zeros((5, 30))
        np.testing.assert_array_equal(top_k(scores, 10, seed=1), top_k(scores, 10, seed=1))
        assert (top_k(scores, 10, seed=1) != top_k(scores, 10, seed=2)).any()

    def test_take_reads_what_the_positions_name(self):
        np.testing.assert_array_equal(take([[70, 71, 72]], [[2, 0, -1]]), [[72, 70, -1]])
        np.testing.assert_array_equal(take([[0.5, 2]], [[1, -1]], missing=0.0), [[2, 0]])
        assert take(np.ones((2, 0)), [[-1], [-1]]).tolist() == [[-1], [-1]]
        with pytest.raises(ValueError, match="same users"):
            take([[1, 2]], [[0], [1]])


class TestNdcg:
    def test_by_hand(self):
        # Gains in the order of the scores: 3, 1, 0; the best order of the candidates: 7, 3, 1 (the
        # film with 7 is ranked fourth). Cut at 2: (3 + 1/log2 3) / (7 + 3/log2 3) = 3.6309/8.8928.
        value = ndcg([[9, 8, 7, 6]], [[3, 1, 0, 7]], k=2)
        assert value == pytest.approx(0.40830, abs=1e-5)

    @given(users(), st.integers(1, 12))
    def test_equals_scikit_learn_user_by_user(self, data, k):
        scores, _, mask = data
        gains = exponential_gain(scores % 4)
        expected = [
            sklearn.ndcg_score([g[m]], [s[m]], k=k) if m.sum() > 1 and g[m].any() else np.nan
            for s, g, m in zip(scores, gains, mask, strict=True)
        ]
        ours = np.where(mask.sum(axis=1) > 1, ndcg(scores, gains, k, mask), np.nan)
        np.testing.assert_allclose(ours, expected)  # scikit-learn refuses a single candidate

    def test_random_ties_average_to_what_scikit_learn_averages(self):
        # scikit-learn gives tied candidates their mean gain; our random order has that mean.
        scores, gains = [2, 1, 1, 1, 1, 0], [3, 7, 0, 1, 0, 15]
        ours = ndcg(np.tile(scores, (4000, 1)), np.tile(gains, (4000, 1)), k=3)
        assert ours.mean() == pytest.approx(sklearn.ndcg_score([gains], [scores], k=3), abs=0.01)
        assert ours.std() > 0

    @given(users(), st.integers(1, 12))
    def test_the_perfect_order_is_one(self, data, k):
        scores, _, mask = data
        value = ndcg(scores, exponential_gain(scores), k, mask)
        np.testing.assert_allclose(value[~np.isnan(value)], 1)

    def test_the_ideal_comes_from_the_candidates_only(self):
        # The film with gain 7 is masked out, so showing the one with 3 first is perfect.
        assert ndcg([[1, 0, 2]], [[3, 0, 7]], k=1, mask=np.array([[True, True, False]])) == 1

    def test_no_gain_is_undefined_and_a_negative_one_an_error(self):
        assert np.isnan(ndcg([[1, 2]], [[0, 0]])).all()
        with pytest.raises(ValueError, match="exponential_gain"):
            ndcg([[1, 2]], [[-1, 0]])

    def test_exponential_gain(self):
        np.testing.assert_array_equal(exponential_gain([0, 1, 2, 5]), [0, 1, 3, 31])
        assert exponential_gain(4.5) == pytest.approx(16 * 2**0.5 - 1)
        with pytest.raises(ValueError, match="negative"):
            exponential_gain([3, -1])


class TestBinary:
    SCORES = [[9, 8, 7, 6, 5]]
    LIKED = np.array([[False, True, False, True, True]])

    def test_by_hand(self):
        # The list of three holds one of the three liked films, in second place.
        assert precision(self.SCORES, self.LIKED, k=3) == pytest.approx(1 / 3)
        assert recall(self.SCORES, self.LIKED, k=3) == pytest.approx(1 / 3)
        assert hit_rate(self.SCORES, self.LIKED, k=3) == 1
        assert mrr(self.SCORES, self.LIKED, k=3) == 0.5

    def test_by_hand_at_other_cuts(self):
        # k = 1 misses all; k = 10 is longer than the five candidates: precision still divides by
        # ten, recall is complete.
        for metric in BINARY:
            assert metric(self.SCORES, self.LIKED, k=1) == 0
        assert precision(self.SCORES, self.LIKED, k=10) == pytest.approx(0.3)
        assert recall(self.SCORES, self.LIKED, k=10) == 1
        assert mrr(self.SCORES, self.LIKED) == 0.5

    @pytest.mark.parametrize("metric", BINARY)
    @given(data=users(), k=st.integers(1, 12))
    def test_equals_the_definition_user_by_user(self, metric, data, k):
        expected = [slowly(metric, s[m], r[m], k) for s, r, m in zip(*data, strict=True)]
        np.testing.assert_allclose(metric(data[0], data[1], k, data[2]), expected)

    @given(users())
    def test_mrr_equals_scikit_learn_when_one_is_relevant(self, data):
        scores, _, mask = data
        if mask[0].any():
            relevant = np.zeros_like(mask[:1])
            relevant[0, np.flatnonzero(mask[0])[0]] = True
            theirs = sklearn.label_ranking_average_precision_score(
                relevant[:, mask[0]], scores[:1, mask[0]]
            )
            assert mrr(scores[:1], relevant, mask=mask[:1]) == pytest.approx(theirs)

    @pytest.mark.parametrize("metric", BINARY)
    @given(data=users(), k=st.integers(1, 12))
    def test_the_perfect_order_reaches_the_stated_maximum(self, metric, data, k):
        _, relevant, mask = data
        n = (relevant & mask).sum(axis=1)
        n = n[n > 0]
        best = {precision: np.minimum(1, n / k), recall: np.minimum(1, k / n)}.get(metric, 1.0)
        value = metric(relevant.astype(float), relevant, k, mask)
        np.testing.assert_allclose(value[~np.isnan(value)], best)

    @given(users(ties=True), st.integers(1, 12))
    def test_they_agree_where_they_must(self, data, k):
        scores, relevant, mask = data
        p, r, h, m = (metric(scores, relevant, k, mask) for metric in BINARY)
        np.testing.assert_allclose(p * k, r * (relevant & mask).sum(axis=1))
        np.testing.assert_array_equal(h, np.where(np.isnan(p), np.nan, p > 0))
        np.testing.assert_array_equal(h, np.where(np.isnan(m), np.nan, m > 0))

    def test_chance_is_the_share_of_relevant_candidates(self):
        # Ten candidates, five liked, any ranker that knows nothing: precision@5 is one half.
        liked = np.tile([True, False], (4000, 5))
        assert precision(np.zeros((4000, 10)), liked, k=5).mean() == pytest.approx(0.5, abs=0.02)
        assert recall(np.zeros((4000, 10)), liked, k=2).mean() == pytest.approx(0.2, abs=0.02)

    @pytest.mark.parametrize("metric", BINARY)
    def test_ratings_in_place_of_relevance_are_refused(self, metric):
        with pytest.raises(ValueError, match="ratings >= 4"):
            metric([[1, 2]], [[5, 3]], k=1)


@pytest.mark.parametrize("metric", RANKING)
class TestEveryRankingMetric:
    @given(data=users(), k=st.integers(1, 12))
    def test_lies_between_zero_and_one(self, metric, data, k):
        value = metric(data[0], data[1], k, data[2])
        assert np.all(((value >= 0) & (value <= 1 + 1e-12)) | np.isnan(value))

    @given(data=users(ties=True), k=st.integers(1, 12))
    def test_only_the_order_of_the_scores_matters(self, metric, data, k):
        scores, relevant, mask = data
        np.testing.assert_array_equal(
            metric(np.exp(scores), relevant, k, mask), metric(scores, relevant, k, mask)
        )

    @given(data=users(), k=st.integers(1, 12), random=st.randoms(use_true_random=False))
    def test_the_order_of_the_columns_does_not_matter(self, metric, data, k, random):
        order = list(range(data[0].shape[1]))
        random.shuffle(order)
        scores, relevant, mask = (array[:, order] for array in data)
        np.testing.assert_allclose(
            metric(scores, relevant, k, mask), metric(data[0], data[1], k, data[2])
        )

    @given(data=users(ties=True), k=st.integers(1, 12))
    def test_padding_does_not_matter_whatever_it_holds(self, metric, data, k):
        scores, relevant, mask = data
        value = metric(np.where(mask, scores, np.nan), np.where(mask, relevant, np.nan), k, mask)
        np.testing.assert_array_equal(value, metric(scores, relevant, k, mask))

    @given(data=users(ties=True))
    def test_leaves_its_inputs_as_they_were(self, metric, data):
        before = [array.copy() for array in data]
        metric(data[0], data[1], 3, data[2])
        for array, copy in zip(data, before, strict=True):
            np.testing.assert_array_equal(array, copy)

    def test_a_user_without_relevant_candidates_is_undefined(self, metric):
        relevant, mask = [[True, False], [False, True]], np.array([[False, True], [True, True]])
        np.testing.assert_array_equal(metric([[1, 2], [1, 2]], relevant, 1, mask), [np.nan, 1])

    @pytest.mark.parametrize("shape", [(0, 3), (2, 0)])
    def test_nothing_to_judge_is_nan_and_no_error(self, metric, shape):
        value = metric(np.ones(shape), np.ones(shape), 2)
        assert value.shape == shape[:1]
        assert np.isnan(value).all()

    @pytest.mark.parametrize("k", [0, -1, 2.5, "5", True])
    def test_a_list_of_no_length_is_refused(self, metric, k):
        with pytest.raises(ValueError, match=r"k is .*at least 1"):
            metric([[1, 2]], [[1, 0]], k)

    @pytest.mark.parametrize(
        ("scores", "mask", "words"),
        [
            ([[1, np.nan]], None, r"scores\[0, 1\] is nan.*mask=False"),
            ([[-np.inf, 1]], None, r"scores\[0, 0\] is -inf.*mask=False"),
            ([[1, 2, 3]], None, "shape"),
            ([[1, 2]], [[True]], "mask has shape"),
        ],
    )
    def test_bad_input_says_what_and_what_to_do(self, metric, scores, mask, words):
        with pytest.raises(ValueError, match=words):
            metric(scores, [[1, 0]], 1, mask)


def test_full_ranking_of_movielens_takes_a_moment():
    rng = np.random.default_rng(0)
    scores, unseen = rng.normal(size=(943, 1682)), rng.random((943, 1682)) < 0.94
    liked = rng.random((943, 1682)) < 0.03
    seconds = []
    for _ in range(3):
        start = time.process_time()
        for metric in (ndcg, recall, hit_rate):
            metric(scores, liked, 10, unseen)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 2, "0.3 s of a processor are enough"
