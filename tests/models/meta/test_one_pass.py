"""Learning in one forward pass: tastes are read, and a correction starts from the closed form."""

import dataclasses

import numpy as np
import pytest

from metarec.data import newcomers
from metarec.data.sources.simulated import world
from metarec.models import (
    AttentiveNeuralProcess,
    ConditionalNeuralProcess,
    ContentBayes,
    InContextTransformer,
    MatchingNetwork,
    RidgeHead,
)
from metarec.models.meta.tasks import cross_fit

METHODS = [
    MatchingNetwork,
    ConditionalNeuralProcess,
    AttentiveNeuralProcess,
    RidgeHead,
    InContextTransformer,
]
SMALL = {"n_factors": 2, "n_folds": 2, "width": 8, "n_steps": 4}


@pytest.fixture(scope="module")
def people():
    """200 people of a world with one dimension of taste."""
    return world(n_items=60).people(n_users=200, n_ratings=30, seed=1)[0]


class TestMethods:
    @pytest.mark.parametrize("kind", METHODS)
    def test_it_learns_to_read_a_taste(self, kind, people):
        split = newcomers(people, min_ratings=25)
        model = kind(n_factors=1, n_folds=3, n_steps=120, lr=0.01).fit(split.train)
        episodes = split.test.episodes()
        errors = [
            np.sqrt(((model.predict(episodes.first(k)) - episodes.query_ratings) ** 2).mean())
            for k in (0, 20)
        ]
        assert errors[1] < 0.93 * errors[0]

    def test_an_untrained_correction_is_the_posterior_mean(self, made_up):
        known = cross_fit(made_up, 2, 1, 0, ContentBayes)
        model = InContextTransformer(correct=True, **SMALL)
        model.set_params(lr=1e-30).fit(made_up, known)
        episodes = newcomers(made_up).test.episodes()
        support, query = episodes.support_items[0], episodes.query_items[0]
        x, noise = known.features[0], known.noise[0][support]
        rest = episodes.support_ratings[0] - known.expected[0][support]
        precision = np.eye(3) + x[support].T @ (x[support] / noise[:, None])
        taste = np.linalg.solve(precision, x[support].T @ (rest / noise))
        by_hand = known.expected[0][query] + x[query] @ taste
        np.testing.assert_allclose(model.predict(episodes)[0], by_hand, atol=1e-4)

    def test_training_goes_on_where_another_has_ended(self, made_up):
        first = InContextTransformer(**SMALL).fit(made_up)
        second = InContextTransformer(**SMALL).set_params(lr=1e-30).fit(made_up, start=first)
        np.testing.assert_array_equal(first.weights_, second.weights_)

    def test_a_shuffled_support_is_the_same_support(self, made_up):
        model = InContextTransformer(**SMALL).fit(made_up)
        episodes = newcomers(made_up).test.episodes()
        parts = [f"support_{part}" for part in ("items", "ratings", "mask")]
        back = {part: getattr(episodes, part)[:, ::-1] for part in parts}
        backwards = dataclasses.replace(episodes, **back)
        np.testing.assert_allclose(model.predict(backwards), model.predict(episodes), atol=1e-5)

    @pytest.mark.parametrize("name", ["width", "lr", "n_steps", "n_folds"])
    def test_what_must_be_positive(self, name, made_up):
        with pytest.raises(ValueError, match=f"{name} 0 of RidgeHead must be"):
            RidgeHead(**SMALL).set_params(**{name: 0}).fit(made_up)


def test_a_width_that_the_heads_cannot_share_is_refused(made_up):
    with pytest.raises(ValueError, match="width 6 is not a multiple of 4, the heads"):
        InContextTransformer(**SMALL | {"width": 6}).fit(made_up)
