"""MeLU: it reads people, and asks about popular items that would move it."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from metarec.data import Episodes, newcomers
from metarec.models import MeLU
from metarec.models.meta.melu import evidence_candidates, person_facts

SMALL = {"n_factors": 2, "n_folds": 2, "n_outer": 3, "width": 6}


def test_melu_reads_facts_about_people(made_up):
    split = newcomers(made_up)
    people = pd.DataFrame({"old": np.arange(made_up.n_users) % 2}, made_up.users.index)
    model = MeLU(**SMALL | {"n_outer": 30}, lr=0.05).fit(split.train, people=people)
    answers = [
        model.predict(dataclasses.replace(Episodes.of_one(made_up, {}), users=np.array([u])))
        for u in made_up.users.index[:2]
    ]
    assert not np.allclose(*answers)


def test_facts_are_one_sex_one_age_group_and_one_occupation():
    users = pd.DataFrame(
        {"age": [17, 18, 60], "sex": ["F", "M", "F"], "occupation": ["artist"] * 3}, [7, 8, 9]
    )
    facts = person_facts(users)
    assert (facts.sum(axis=1) == 3).all()
    assert list(facts.index) == [7, 8, 9]
    assert facts.loc[[7, 8], "sex_F"].tolist() == [1, 0]
    assert not facts.filter(like="age").loc[7].equals(facts.filter(like="age").loc[8])


def test_evidence_wants_popular_items_with_large_gradients(made_up):
    train = newcomers(made_up).train.keep(newcomers(made_up).train.table["item"] != 101)
    score = evidence_candidates(MeLU(**SMALL).fit(train), train)
    assert score[train.items.index.get_loc(101)] == 0
    assert ((score >= 0) & (score <= 1)).all()
    assert np.corrcoef(score, train.item_counts())[0, 1] > 0


def test_melu_without_decision_layers_is_refused(made_up):
    with pytest.raises(ValueError, match="n_hidden 1 of MeLU must be a whole number of at least 2"):
        MeLU(n_hidden=1).fit(made_up)
