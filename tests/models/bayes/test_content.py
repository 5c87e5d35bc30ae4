"""Content as the prior mean of item factors."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from metarec.data import Episodes, item_features
from metarec.models import ContentBayes, HierarchicalBayes
from metarec.models.bayes.gaussian import Belief


@pytest.fixture(scope="module")
def train(ml100k):
    return ml100k.keep(~ml100k.table["item"].isin(ml100k.items.index[::5]))


def test_the_prior_of_items_is_scikit_learns_ridge_and_what_it_leaves(train):
    rated = train.item_counts() > 0
    base = HierarchicalBayes(n_factors=2, n_sweeps=3).fit(train)
    mean, covariance = base.item_mean_[:-1], base.item_covariance_[:-1]
    model = ContentBayes(features="genres year")
    prior = model._item_prior(train)(Belief(mean, covariance), rated)
    content = item_features(train, ["genres", "year"]).values
    peer = Ridge(alpha=model.regularization).fit(content[rated], mean[rated])
    np.testing.assert_allclose(prior.mean, peer.predict(content), atol=1e-8)
    average = peer.predict(np.zeros((1, content.shape[1])))[0]  # content is centred
    np.testing.assert_allclose(prior.mean.mean(0), average, atol=1e-8)
    left = (mean - prior.mean)[rated]
    spread = covariance[rated].mean(0) + left.T @ left / rated.sum()
    np.testing.assert_allclose(prior.covariance, spread, rtol=1e-6, atol=2e-6)


def test_unrated_items_are_what_their_content_says_and_equally_uncertain(train):
    rated = train.item_counts() > 0
    model = ContentBayes(n_factors=2, n_sweeps=3, features="genres").fit(train)
    content = item_features(train, ["genres"]).values[~rated]
    content = np.column_stack([np.ones(len(content)), content])
    mean, covariance = model.item_mean_[:-1][~rated], model.item_covariance_[:-1][~rated]
    slope = np.linalg.lstsq(content, mean, rcond=None)[0]
    np.testing.assert_allclose(content @ slope, mean, atol=1e-9)
    assert mean.std(0).min() > 0.01
    np.testing.assert_allclose(covariance, covariance[:1].repeat(len(content), 0))


def test_without_features_it_is_hierarchical_bayes(made_up):
    bare = HierarchicalBayes(n_factors=2, n_sweeps=20).fit(made_up)
    model = ContentBayes(n_factors=2, n_sweeps=20, features="genres").fit(made_up)
    person = Episodes.of_one(made_up, {101: 5, 120: 1})
    for ours, theirs in zip(model.predict(person, True), bare.predict(person, True), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_bad_parameters_are_refused(made_up):
    with pytest.raises(ValueError, match="unknown feature group 'plot'"):
        ContentBayes(features="plot", n_sweeps=1).fit(made_up)
    with pytest.raises(
        ValueError, match="regularization 0 of ContentBayes must be a number above 0"
    ):
        ContentBayes(regularization=0).fit(made_up)
