"""EASE as the regressions that it solves."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from metarec.data import Episodes
from metarec.models import EASE


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


def test_no_weight_on_the_diagonal_needs_a_penalty(made_up):
    with pytest.raises(ValueError, match="regularization 0 of EASE must be a number above 0"):
        EASE(regularization=0).fit(made_up)
