"""Ridge regressions on content against scikit-learn's."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from metarec.data import Episodes
from metarec.models import ContentRidge


@pytest.mark.parametrize("weight", [1.0, 30.0])
def test_ridge_on_ratings_is_scikit_learns(simulated, weight):
    ratings = simulated[0].keep(simulated[0].table["user"] < 20)
    model = ContentRidge("genres", weight, "rating").fit(ratings)
    shown = {1: 53, 20: 49, 33: 51, 40: 47}
    rows = np.array(list(shown)) - 1
    peer = Ridge(alpha=weight, fit_intercept=False)
    peer.fit(model.content_[rows], np.array(list(shown.values())) - model.global_mean_)
    person = Episodes.of_one(ratings, shown)
    np.testing.assert_allclose(model.weights(person)[0], peer.coef_, rtol=1e-8)
    assert not model.weights(person.first(0)).any()


def test_ridge_on_likes_is_scikit_learns(ml100k):
    person = Episodes.of_one(ml100k, {1: 5, 50: 4, 100: 3})
    model = ContentRidge().fit(ml100k)
    likes = ml100k.items.index.isin([1, 50]).astype(float)
    peer = Ridge(alpha=model.regularization, fit_intercept=False)
    peer.fit(model.content_[:-1], likes)
    np.testing.assert_allclose(model.weights(person)[0], peer.coef_, rtol=1e-6, atol=1e-10)
    scores = model.content_[person.query_items[0]] @ peer.coef_
    np.testing.assert_allclose(model.predict(person)[0], scores, atol=1e-10)


def test_bad_parameters_are_refused(made_up):
    for settings, said in (
        ({"regularization": 0}, "regularization 0 of ContentRidge must be a number above 0"),
        ({"target": "stars"}, "target 'stars' of ContentRidge must be one of 'liked', 'rating'"),
    ):
        with pytest.raises(ValueError, match=said):
            ContentRidge(**settings).fit(made_up)
