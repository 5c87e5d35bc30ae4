"""Ranking by likes: worked cases, scikit-learn's cosine, and EASE as the regressions it solves."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity

from metarec.data import Episodes, Ratings
from metarec.evaluation import classic_top_n
from metarec.models import EASE, LikedItemNeighbours, LikedUserNeighbours

METHODS = [EASE, LikedItemNeighbours, LikedUserNeighbours]


@pytest.fixture
def likes(made_up):
    return (made_up.matrix() >= 4).toarray().astype(float)


def test_ease_is_one_ridge_regression_an_item_without_itself(made_up, likes):
    weights = EASE(regularization=7).fit(made_up).weights_[:-1, :-1]
    for item in (0, 11, 79):
        others = np.delete(np.arange(likes.shape[1]), item)
        ridge = Ridge(alpha=7, fit_intercept=False).fit(likes[:, others], likes[:, item])
        np.testing.assert_allclose(weights[others, item], ridge.coef_, atol=1e-6)
        assert weights[item, item] == 0


def test_ease_scores_are_likes_times_weights(made_up):
    model = EASE(regularization=7).fit(made_up)
    shown = Episodes.of_one(made_up, {101: 5, 105: 4, 110: 3}, query=[120, 121])
    expected = model.weights_[[0, 4]][:, [19, 20]].sum(0)  # 3 stars are no like
    np.testing.assert_allclose(model.predict(shown)[0], expected, rtol=1e-6)


def test_item_cosine_is_scikit_learns(made_up, likes):
    found = LikedItemNeighbours(1000, "cosine").fit(made_up).similarity_[:-1, :-1]
    expected = cosine_similarity(likes.T)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_tf_idf_weighs_people_by_how_choosy_they_are(made_up, likes):
    found = LikedItemNeighbours(1000, "tf-idf").fit(made_up).similarity_[:-1, :-1]
    weight = np.log(likes.shape[1] / (1 + likes.sum(1)))
    expected = cosine_similarity((likes * weight[:, None]).T)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("weighting", ["cosine", "tf-idf"])
def test_user_scores_are_those_of_a_loop(made_up, likes, weighting):
    model = LikedUserNeighbours(5, weighting).fit(made_up)
    weight = np.log(len(likes) / (1 + likes.sum(0))) if weighting == "tf-idf" else 1.0
    mine = np.zeros(likes.shape[1])
    mine[[0, 4, 9]] = 1
    similarity = cosine_similarity((mine * weight)[None], likes * weight)[0]
    best = np.argsort(-similarity)[:5]
    shown = Episodes.of_one(made_up, {101: 5, 105: 4, 110: 4}, query=made_up.items.index)
    np.testing.assert_allclose(
        model.predict(shown)[0], similarity[best] @ likes[best], rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize("n", [1, 3, 79])
def test_only_the_nearest_items_are_kept(made_up, n):
    kept = LikedItemNeighbours(n, "cosine").fit(made_up).similarity_
    whole = LikedItemNeighbours(1000, "cosine").fit(made_up).similarity_
    assert ((kept > 0).sum(1) <= n).all()
    np.testing.assert_allclose(kept.max(1), whole.max(1))


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("shown", [{}, {101: 1, 102: 3}])
def test_without_a_like_popularity_decides(kind, made_up, likes, shown):
    asked = Episodes.of_one(made_up, shown, query=made_up.items.index)
    np.testing.assert_allclose(kind().fit(made_up).predict(asked)[0], likes.sum(0))


@pytest.mark.parametrize("kind", METHODS)
def test_nobody_likes_anything(kind):
    table = pd.DataFrame({"user": [1, 1, 2], "item": [1, 2, 1], "rating": 2})
    ratings = Ratings.from_table(table)
    assert kind().fit(ratings).predict(Episodes.of_one(ratings, {1: 5})).tolist() == [[0]]


@pytest.mark.parametrize("kind", METHODS)
def test_a_user_who_likes_everything_is_served(kind, made_up):
    items = made_up.items.index
    asked = Episodes.of_one(made_up, dict.fromkeys(items, 5), query=items)
    assert np.isfinite(kind().fit(made_up).predict(asked)).all()


def test_wrong_parameters_are_refused(made_up):
    with pytest.raises(ValueError, match="regularization 0 must be positive"):
        EASE(regularization=0).fit(made_up)
    for kind in (LikedItemNeighbours, LikedUserNeighbours):
        with pytest.raises(ValueError, match="weighting 'bm25' is unknown"):
            kind(weighting="bm25").fit(made_up)
        with pytest.raises(ValueError, match="n_neighbours 0 must be at least 1"):
            kind(n_neighbours=0).fit(made_up)


def test_lists_of_movielens_reach_the_targets(ml100k):
    least = {EASE: 0.31, LikedItemNeighbours: 0.275, LikedUserNeighbours: 0.284}
    result = classic_top_n({kind.__name__: kind() for kind in least}, ml100k)
    for kind, ndcg in least.items():
        assert result.mean(kind.__name__, "ndcg@10").mean >= ndcg
