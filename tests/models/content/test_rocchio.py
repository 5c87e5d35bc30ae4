"""Rocchio's profile by hand and against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from metarec.data import Episodes, Ratings, item_terms, movielens_100k
from metarec.models import Rocchio

FILMS = pd.DataFrame(
    {"genres": ["War", "Drama", "War", "Drama", "War|Drama", ""]}, index=range(1, 7)
)
TABLE = pd.DataFrame({"user": [1, 1], "item": [1, 2], "rating": [5, 1]})


@pytest.fixture
def ratings() -> Ratings:
    return Ratings.from_table(TABLE, FILMS)


def test_a_profile_by_hand(ratings):
    # War and Drama stand at right angles, and film 5 halfway: its cosines are √½.
    model = Rocchio(dislike_weight=0.5).fit(ratings)
    half, length = np.sqrt(0.5), np.sqrt(1.25)  # of the profile War − ½ Drama
    person = Episodes.of_one(ratings, {1: 5, 2: 1})
    expected = [1 / length, -0.5 / length, 0.5 * half / length, 0]
    np.testing.assert_allclose(model.predict(person)[0], expected, atol=1e-6)
    friend = Episodes.of_one(ratings, {1: 4, 3: 5})  # likes alone: the profile is War
    np.testing.assert_allclose(model.predict(friend)[0], [0, 0, half, 0], atol=1e-6)


def test_likes_and_dislikes_of_one_kind_leave_nothing(ratings):
    model = Rocchio(dislike_weight=1).fit(ratings)
    assert not model.predict(Episodes.of_one(ratings, {1: 5, 3: 1})).any()
    assert not model.predict(Episodes.of_one(ratings, {})).any()


@pytest.mark.parametrize("beta", [0, 0.7])
def test_it_is_scikit_learns_cosine_of_the_mean_tfidf_vectors(beta):
    ratings = movielens_100k()
    shown = {1: 5, 50: 4, 100: 3, 127: 5, 181: 2}
    texts = item_terms(ratings, ["genres", "year", "titles", "people"])
    vectors = TfidfVectorizer(analyzer=lambda text: text.split("|"), min_df=2)
    vectors = vectors.fit_transform(texts).toarray()
    place = ratings.items.index.get_indexer
    profile = vectors[place([1, 50, 127])].mean(0) - beta * vectors[place([100, 181])].mean(0)
    person = Episodes.of_one(ratings, shown)
    expected = cosine_similarity(profile[None], vectors[person.query_items[0]])[0]
    model = Rocchio(dislike_weight=beta).fit(ratings)
    np.testing.assert_allclose(model.predict(person)[0], expected, atol=1e-5)


def test_a_negative_weight_and_unknown_terms_are_refused(ratings):
    with pytest.raises(ValueError, match="dislike_weight -1 of Rocchio must be a number of"):
        Rocchio(dislike_weight=-1).fit(ratings)
    with pytest.raises(ValueError, match="unknown group of terms 'plot'; choose from genres"):
        Rocchio(terms="plot").fit(ratings)
