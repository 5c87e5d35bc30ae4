"""Each check lets sound methods pass, and catches a method that is broken in just that way."""

import dataclasses

import numpy as np
import pytest

from metarec.models import Method
from metarec.models.base import least_like, with_unseen
from metarec.models.parameters import Range
from metarec.testing import Trial, check_method, checks, made_up, small


class Sound(Method):
    """Item means plus the person's mean surplus, with every courtesy that a method may show."""

    ranges = {"shrinkage": Range(0)}

    def __init__(self, shrinkage: float = 3.0):
        self.shrinkage = shrinkage

    def fit(self, ratings):
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        self.means_ = with_unseen(
            ratings.item_means(self.shrinkage), ratings.table["rating"].mean()
        )
        return self

    def predict(self, episodes):
        support, query = self.rows(episodes)
        surplus = np.where(
            episodes.support_mask, episodes.support_ratings - self.means_[support], 0
        )
        person = surplus.sum(1) / (episodes.support_mask.sum(1) + 5)
        return self.means_[query] + person[:, None]


class Plain:
    """The least that a reader may write: no base class, no parameters, no scikit-learn."""

    def fit(self, ratings):
        self.means = dict(zip(ratings.items.index, ratings.item_means(3), strict=True))
        self.mean = ratings.table["rating"].mean()
        return self

    def predict(self, episodes):
        ids = episodes.items[episodes.query_items]
        means = [self.means.get(item, self.mean) for item in ids.ravel().tolist()]
        return np.array(means, dtype=float).reshape(ids.shape)


class ReturnsNothing(Sound):
    def fit(self, ratings):
        super().fit(ratings)


class ChangesTheRatings(Sound):
    def fit(self, ratings):
        ratings.table["rating"] -= 1
        return super().fit(ratings)


class ChangesTheEpisodes(Sound):
    def predict(self, episodes):
        episodes.support_ratings[episodes.support_mask] += 1
        return super().predict(episodes)


class NeedsASupport(Sound):
    def predict(self, episodes):
        shown = episodes.support_mask.sum(1)[:, None]
        with np.errstate(invalid="ignore"):
            return super().predict(episodes) * shown / shown


class AnswersOnce(Sound):
    def predict(self, episodes):
        return super().predict(episodes)[:, :1]


class SinglePrecision(Sound):
    def predict(self, episodes):
        return super().predict(episodes).astype(np.float32)


class ReadsTheQuery(Sound):
    def predict(self, episodes):
        return super().predict(episodes) + np.nan_to_num(episodes.query_ratings) / 10


class HasNoSeed(Sound):
    def predict(self, episodes):
        return super().predict(episodes) + np.random.default_rng().normal()


class LearnsByChance(Sound):
    def fit(self, ratings):
        super().fit(ratings)
        self.means_ = self.means_ + np.random.default_rng().normal()
        return self


class CountsPadding(Sound):
    def predict(self, episodes):
        return super().predict(episodes) + episodes.support_ratings.sum(1, keepdims=True) / 100


class LooksAtOthers(Sound):
    def predict(self, episodes):
        answer = super().predict(episodes)
        return answer - answer.mean() + 3


class CountsPositions(Sound):
    def predict(self, episodes):
        self.rows(episodes)
        return self.means_[episodes.query_items % len(self.means_)]


class CountsPeople(Sound):
    """Similarities for those whom it knows, numbers of people for all others."""

    predicts_ratings = False

    def fit(self, ratings):
        super().fit(ratings)
        self.counts_ = with_unseen(ratings.item_counts().astype(float), 0)
        return self

    def predict(self, episodes):
        _, query = self.rows(episodes)
        known = episodes.support_mask.any(1)[:, None]
        return np.where(known, super().predict(episodes) / 100, self.counts_[query])


class SaysNoRanges(Sound):
    ranges = {}


class DefaultOutOfRange(Sound):
    ranges = {"shrinkage": Range(0, 1)}


class TakesAnything(Sound):
    def check_parameters(self):
        pass


class RangeTooWide(Sound):
    ranges = {"shrinkage": Range()}

    def fit(self, ratings):
        super().fit(ratings)
        self.means_ = np.sqrt(self.shrinkage) + self.means_
        return self


class ForgetsOnSaving(Sound):
    def fit(self, ratings):
        self.bonus = 0.1
        return super().fit(ratings)

    def predict(self, episodes):
        return super().predict(episodes) + getattr(self, "bonus", 0)


class GuessesBeforeFit(Sound):
    def predict(self, episodes):
        if not hasattr(self, "items_"):
            return np.full(episodes.query_items.shape, 3.0)
        return super().predict(episodes)


class CountsWithUsers(Sound):
    def fit(self, ratings):
        if ratings.table["user"].dtype.kind == "i":
            np.bincount(ratings.table["user"])
        return super().fit(ratings)


class WantsNumbers(Sound):
    def fit(self, ratings):
        ratings.table["item"].astype(int)
        return super().fit(ratings)


class LikesFour(Sound):
    """Counts likes, and takes four stars for one on every scale."""

    predicts_ratings = False
    ranges = {"shrinkage": Range(0), "at_least": Range(none=True)}

    def __init__(self, shrinkage: float = 3.0, at_least: float | None = None):
        super().__init__(shrinkage)
        self.at_least = at_least

    def fit(self, ratings):
        super().fit(ratings)
        least = least_like(4.0 if self.at_least is None else self.at_least, ratings)
        self.means_ = with_unseen(ratings.item_counts(least).astype(float), 0.0)
        return self

    def predict(self, episodes):
        _, query = self.rows(episodes)
        return self.means_[query]


class RefusesWithoutRemedy(Sound):
    def fit(self, ratings):
        if ratings.scale != (1, 5):
            raise ValueError("only stars please")
        return super().fit(ratings)


class BelievesInStars(Sound):
    def predict(self, episodes):
        return np.clip(super().predict(episodes), 1, 5)


class LosesUnseenItems(Sound):
    def predict(self, episodes):
        _, query = self.rows(episodes)
        return super().predict(episodes) + np.where(query < 0, np.nan, 0)


class LeavesUnseenItemsOut(Sound):
    def predict(self, episodes):
        support, _ = self.rows(episodes)
        known = dataclasses.replace(episodes, support_mask=episodes.support_mask & (support >= 0))
        return super().predict(known)


class TiesForUnseenItems(Sound):
    def predict(self, episodes):
        support, _ = self.rows(episodes)
        lost = episodes.support_mask.any(1) & ~(episodes.support_mask & (support >= 0)).any(1)
        return np.where(lost[:, None], 3.0, super().predict(episodes))


class PullsToThree(Sound):
    def predict(self, episodes):
        return 0.9 * super().predict(episodes) + 0.3


class NeedsAQuery(Sound):
    def predict(self, episodes):
        answer = super().predict(episodes)
        return np.minimum(answer, answer.max(1, keepdims=True))


class Divides(Sound):
    """Divides by something that may be 0 or missing."""

    def by(self, ratings):
        raise NotImplementedError

    def fit(self, ratings):
        super().fit(ratings)
        with np.errstate(all="ignore"):
            self.means_ = self.means_ + 0 / np.float64(self.by(ratings))
        return self


class NeedsTwoPeople(Divides):
    def by(self, ratings):
        return ratings.table["user"].nunique() - 1


class NeedsTwoItems(Divides):
    def by(self, ratings):
        return ratings.table["item"].nunique() - 1


class NeedsTwoRatings(Divides):
    def by(self, ratings):
        return len(ratings) - 1


class NeedsALike(Divides):
    def by(self, ratings):
        return (ratings.table["rating"] >= ratings.like_from).sum()


class NeedsADislike(Divides):
    def by(self, ratings):
        return (ratings.table["rating"] < ratings.like_from).sum()


SCALE = "ratings_may_be_on_any_scale"
LITTLE = "it_learns_from_very_little"
BROKEN = {
    "fit_returns_the_method": [ReturnsNothing],
    "inputs_are_left_as_they_were": [ChangesTheRatings, ChangesTheEpisodes],
    "predictions_are_finite_and_have_the_shape_of_the_query": [
        NeedsASupport, AnswersOnce, SinglePrecision,
    ],
    "the_query_ratings_are_never_read": [ReadsTheQuery],
    "one_seed_gives_one_answer": [HasNoSeed, LearnsByChance],
    "padding_is_ignored": [CountsPadding],
    "the_answer_does_not_depend_on_who_else_is_asked": [LooksAtOthers],
    "items_are_told_by_id_and_not_by_position": [CountsPositions],
    "an_only_rating_moves_no_more_than_the_range_of_scores": [CountsPeople],
    "parameters_have_ranges": [SaysNoRanges, DefaultOutOfRange],
    "parameters_out_of_range_are_refused": [TakesAnything, RangeTooWide],
    "saved_and_loaded_it_answers_alike": [ForgetsOnSaving],
    "before_fit_it_says_so": [GuessesBeforeFit],
    "user_ids_may_be_negative": [CountsWithUsers],
    "ids_may_be_texts_and_survive_saving": [WantsNumbers, ForgetsOnSaving],
    f"{SCALE}: 0 to 1": [LikesFour, RefusesWithoutRemedy],
    f"{SCALE}: 0 to 100": [LikesFour, RefusesWithoutRemedy, BelievesInStars],
    f"{SCALE}: 1 to 10": [LikesFour, RefusesWithoutRemedy],
    f"{SCALE}: -10 to 10": [RefusesWithoutRemedy],
    "unseen_items_get_a_prediction": [LosesUnseenItems],
    "unseen_items_of_a_support_each_count": [LeavesUnseenItemsOut],
    "who_likes_only_unseen_items_is_not_answered_with_ties": [TiesForUnseenItems],
    "constant_ratings_are_learned": [PullsToThree],
    "whoever_rated_everything_can_still_be_asked": [NeedsAQuery],
    f"{LITTLE}: one person": [NeedsTwoPeople],
    f"{LITTLE}: one item": [NeedsTwoItems],
    f"{LITTLE}: one rating": [NeedsTwoRatings],
    f"{LITTLE}: no like": [NeedsALike],
    f"{LITTLE}: no dislike": [NeedsADislike],
}  # fmt: skip


@pytest.mark.parametrize("kind", [Sound, Plain])
def test_sound_methods_pass(kind):
    check_method(kind())
    check_method(kind(), made_up(n_users=20, n_items=50, seed=1, times=False))


@pytest.mark.parametrize(("name", "kind"), [(n, k) for n, kinds in BROKEN.items() for k in kinds])
def test_each_check_catches_what_breaks_its_promise(name, kind):
    said = f"{kind.__name__} breaks a promise: .+ Found: .+ To keep it: .+"
    with pytest.raises(AssertionError, match=said):
        checks()[name](Trial(kind()))
    with pytest.raises(AssertionError, match=said):
        check_method(kind())


def test_every_check_was_seen_to_catch_something():
    assert set(BROKEN) == set(checks())


def test_what_is_excused_is_not_run():
    check_method(
        TiesForUnseenItems(), excused=["who_likes_only_unseen_items_is_not_answered_with_ties"]
    )
    with pytest.raises(ValueError, match=r"no checks are called \['politeness'\]; there are"):
        check_method(Sound(), excused=["politeness"])


def test_checks_share_one_fit():
    fits = []

    class Counts(Sound):
        def fit(self, ratings):
            fits.append(len(ratings))
            return super().fit(ratings)

    trial = Trial(Counts())
    alone = [
        "fit_returns_the_method",
        "inputs_are_left_as_they_were",
        "the_query_ratings_are_never_read",
        "padding_is_ignored",
        "items_are_told_by_id_and_not_by_position",
        "an_only_rating_moves_no_more_than_the_range_of_scores",
        "saved_and_loaded_it_answers_alike",
        "whoever_rated_everything_can_still_be_asked",
    ]
    for name in alone:
        checks()[name](trial)
    assert fits == [len(trial.train)]


def test_a_refusal_may_name_what_to_set():
    class AsksForLikes(Sound):
        ranges = {"shrinkage": Range(0), "at_least": Range()}

        def __init__(self, shrinkage: float = 3.0, at_least: float = 4.0):
            super().__init__(shrinkage)
            self.at_least = at_least

        def fit(self, ratings):
            if not (ratings.table["rating"] >= self.at_least).any() and len(ratings) > 500:
                raise ValueError(f"nobody gave {self.at_least}; pass at_least=1")
            return super().fit(ratings)

    checks()[f"{SCALE}: 0 to 1"](Trial(AsksForLikes()))


def test_small_cuts_sizes_and_leaves_what_it_is_told():
    class Sized(Sound):
        def __init__(self, n_factors: int = 64, width: int = 2, lr: float = 0.5):
            self.n_factors, self.width, self.lr = n_factors, width, lr

    method = small(Sized, lr=0.1)
    assert (method.n_factors, method.width, method.lr) == (3, 2, 0.1)
    assert small(Sized, n_factors=50).n_factors == 50
