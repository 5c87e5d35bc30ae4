"""Catalogues, people and parameters that content methods must survive or refuse."""

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, Ratings
from metarec.models import ContentBayes, ContentRidge, HierarchicalLinear, Rocchio


@pytest.mark.parametrize("method", [HierarchicalLinear(), ContentRidge()])
def test_an_unknown_group_is_refused(made_up, method):
    with pytest.raises(ValueError, match="unknown feature group 'plot'; choose from genres"):
        method.set_params(features="plot").fit(made_up)


BY_CONTENT = [
    HierarchicalLinear(n_sweeps=5),
    ContentRidge(),
    ContentRidge(target="rating"),
    ContentBayes(n_factors=2, n_sweeps=5),
    Rocchio(),
]


@pytest.mark.parametrize("method", BY_CONTENT, ids=lambda method: type(method).__name__)
class TestBadInput:
    def test_somebody_who_rated_everything(self, made_up, method):
        everything = Episodes.of_one(made_up, dict.fromkeys(made_up.items.index, 4), query=[101])
        assert np.isfinite(method.fit(made_up).predict(everything)).all()

    def test_a_catalogue_without_genres_years_and_titles(self, made_up, method):
        bare = Ratings.from_table(made_up.table)
        person = Episodes.of_one(bare, {101: 5, 102: 1})
        method.fit(bare)
        for k in (0, 2):
            assert np.isfinite(method.predict(person.first(k))).all()
        if isinstance(method, HierarchicalLinear):  # then it is a user's mean, and no order
            assert np.ptp(method.predict(person)) < 1e-12

    def test_somebody_in_training_without_ratings_and_an_item_without(self, made_up, method):
        table = made_up.table[made_up.table["item"] != 101]
        quiet = pd.DataFrame(index=[*made_up.users.index, 999])
        ratings = Ratings.from_table(table, made_up.items, quiet)
        person = Episodes.of_one(ratings, {101: 5})
        assert np.isfinite(method.fit(ratings).predict(person)).all()

    def test_one_rating_alone(self, method):
        films = pd.DataFrame({"title": ["A", "B"], "year": [1990, None], "genres": ["War", None]})
        table = pd.DataFrame({"user": [1], "item": [0], "rating": [4]})
        ratings = Ratings.from_table(table, films)
        person = Episodes.of_one(ratings, {0: 2})
        assert np.isfinite(method.fit(ratings).predict(person)).all()
