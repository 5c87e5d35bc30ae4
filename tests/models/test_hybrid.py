"""Content as the prior mean of item factors."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from metarec.data import Episodes, item_features
from metarec.models import ContentBayes, HierarchicalBayes
from metarec.models.hybrid import _ridge


def test_an_unrated_item_starts_from_scikit_learns_ridge(ml100k):
    hidden = ml100k.items.index[::5]
    train = ml100k.keep(~ml100k.table["item"].isin(hidden))
    rated = train.item_counts() > 0
    options = {"n_factors": 2, "n_sweeps": 3}
    base = HierarchicalBayes(**options).fit(train)
    model = ContentBayes(**options, features="genres year").fit(train)
    content = item_features(train, ["genres", "year"]).values
    peer = Ridge(alpha=model.regularization).fit(content[rated], base.item_mean_[:-1][rated])
    expected = peer.predict(content)
    np.testing.assert_allclose(
        _ridge(content, base.item_mean_[:-1], rated, model.regularization), expected, atol=1e-8
    )
    np.testing.assert_allclose(model.item_mean_[:-1][~rated], expected[~rated], atol=1e-8)
    left = (base.item_mean_[:-1] - expected)[rated]
    spread = base.item_covariance_[:-1][rated].mean(0) + left.T @ left / rated.sum()
    unrated = model.item_covariance_[:-1][~rated][0]
    np.testing.assert_allclose(unrated, spread, rtol=1e-6, atol=2e-6)


def test_without_features_it_is_one_more_sweep_of_hierarchical_bayes(made_up):
    bare = HierarchicalBayes(n_factors=2, n_sweeps=200).fit(made_up)
    model = ContentBayes(n_factors=2, n_sweeps=200, features="genres").fit(made_up)
    person = Episodes.of_one(made_up, {101: 5, 120: 1})
    np.testing.assert_allclose(model.predict(person), bare.predict(person), atol=2e-3)


def test_an_unknown_group_is_refused(made_up):
    with pytest.raises(ValueError, match="unknown feature group 'plot'"):
        ContentBayes(features="plot", n_sweeps=1).fit(made_up)
