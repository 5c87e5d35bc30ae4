"""The method of chapter 13 against answers by hand, by other formulas, and by other methods."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from metarec.data import Episodes, Ratings, movielens_2016
from metarec.models import ContentBayes, InformedBayes
from metarec.models.bayes.side_information import choice_vectors, guests, trait_names, traits
from metarec.models.linalg import design


@pytest.fixture(scope="module")
def camps() -> Ratings:
    """Two camps of 40 people, women and men; each watches other films, for 2 to 4 stars.

    Films 2 to 11 are those of the women, 12 to 21 those of the men, 22 and 23 nobody's. Film 0 gets
    five stars from women and one from men, film 1 the other way round.
    """
    rng, rows = np.random.default_rng(0), []
    for user in range(80):
        man = user % 2
        for film in rng.choice(np.arange(2, 12) + 10 * man, 6, replace=False):
            rows.append((user, film, float(rng.integers(2, 5))))
        rows += [(user, 0, 1.0 if man else 5.0), (user, 1, 5.0 if man else 1.0)]
    people = pd.DataFrame({"sex": ["F", "M"] * 40, "age": np.arange(80) + 10}, index=range(80))
    table = pd.DataFrame(rows, columns=["user", "item", "rating"])
    return Ratings.from_table(table, pd.DataFrame(index=range(24)), people)


@pytest.fixture(scope="module")
def model(camps) -> InformedBayes:
    return InformedBayes(n_factors=2, n_choices=3, traits="").fit(camps)


def test_knowing_no_more_it_is_content_bayes(camps):
    plain = InformedBayes(n_factors=2, n_sweeps=8, n_choices=0, traits="").fit(camps)
    other = ContentBayes(n_factors=2, n_sweeps=8).fit(camps)
    person = Episodes.of_one(camps, {0: 5, 3: 2}, [1, 4, 12])  # all are rated
    for ours, theirs in zip(plain.predict(person, True), other.predict(person, True), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8)


def test_each_answer_is_the_gaussian_conditional(camps, model):
    """With certain films: condition the joint Gaussian of (z, q) on stars and choices at once."""
    sure = InformedBayes(**model.get_params())
    vars(sure).update({name: value for name, value in vars(model).items() if name[-1] == "_"})
    sure.item_covariance_ = np.zeros_like(model.item_covariance_)
    sure.noise_, sure.user_covariance_ = 1.0, model.user_covariance_ + 0.1 * np.eye(6)
    person = Episodes.of_one(camps, {0: 4, 5: 2, 22: 3}, [1, 7, 15, 23])
    mean, std = sure.predict(person, return_std=True)
    m, s = sure.user_mean_, sure.user_covariance_
    a, y = design(sure.item_mean_), sure.choices_
    d, r = a.shape[1], y.shape[1]
    look = np.hstack([np.zeros((r, d)), np.eye(r)])  # q out of (z, q)
    rows, given = person.support_items[0], person.support_ratings[0]
    for place, asked in enumerate(person.query_items[0]):
        stars = np.hstack([a[rows], np.zeros((len(rows), r))])
        chosen = [film for film in (*rows, asked) if film < 22]
        seen = np.vstack([stars, *([look] * len(chosen))])
        told = np.concatenate(
            [given - sure.global_mean_ - sure.item_mean_[rows, 0], *(y[film] for film in chosen)]
        )
        noise = np.concatenate([[sure.noise_] * len(rows), np.ones(r * len(chosen))])
        gain = s @ seen.T @ np.linalg.inv(seen @ s @ seen.T + np.diag(noise))
        z, covariance = (m + gain @ (told - seen @ m))[:d], (s - gain @ seen @ s)[:d, :d]
        expected = sure.global_mean_ + sure.item_mean_[asked, 0] + a[asked] @ z
        spread = np.sqrt(sure.noise_ + a[asked] @ covariance @ a[asked])
        np.testing.assert_allclose([mean[0, place], std[0, place]], [expected, spread], rtol=1e-7)


def test_choices_tell_which_camp_whatever_the_stars(camps, model):
    """Three films of the women, at three stars like everybody's: she will like film 0."""
    woman, man = (dict.fromkeys(films, 3) for films in ((2, 3, 4), (12, 13, 14)))
    of_woman, of_man = (
        model.predict(Episodes.of_one(camps, shown, [0, 1]))[0] for shown in (woman, man)
    )
    assert of_woman[0] - of_woman[1] > 3
    assert of_man[1] - of_man[0] > 3
    assert not model.choices_[[22, 23, 24]].any()
    blind = InformedBayes(n_factors=2, n_choices=0, traits="").fit(camps)
    answer = blind.predict(Episodes.of_one(camps, woman, [0, 1]))[0]
    assert abs(answer[0] - answer[1]) < 1


def test_a_trait_moves_a_newcomer_without_ratings(camps):
    model = InformedBayes(n_factors=2, n_choices=0, traits="sex", trait_regularization=1).fit(camps)
    nobody = Episodes.of_one(camps, {}, [0, 1])
    told = {sex: pd.DataFrame({"sex": [sex]}) for sex in ("F", "M", None)}
    woman, man, unknown = (
        model.predict(dataclasses.replace(nobody, about=about))[0] for about in told.values()
    )
    assert woman[0] - woman[1] > 3
    assert man[1] - man[0] > 3
    np.testing.assert_allclose(unknown, model.predict(nobody)[0])
    np.testing.assert_allclose(unknown, (woman + man) / 2)  # half of the people are women


def test_traits_by_hand():
    people = pd.DataFrame({"age": [10, 20, 30, 40, 50.0], "job": ["a", "b", "a", None, "a"]})
    names = trait_names(people, ["age", "job", "shoe"])
    assert names == ["age>10", "age>20", "age>30", "age>40", "job=a", "job=b"]
    one = pd.DataFrame({"age": [25.0, np.nan], "job": [None, "b"]})
    nan = np.nan
    expected = [[1, 1, 0, 0, nan, nan], [nan, nan, nan, nan, 0, 1]]
    np.testing.assert_array_equal(traits(one, names, 2), expected)
    np.testing.assert_array_equal(traits(None, names, 2), np.full((2, 6), nan))


def test_choices_of_one_person_have_covariance_one_and_mean_nothing_on_average(ml100k):
    seen = ml100k.matrix()
    seen.data[:] = 1
    y, counts = choice_vectors(seen, 5), np.diff(seen.indptr)
    assert y.shape == (ml100k.n_items, 5)
    np.testing.assert_allclose((seen @ y).sum(0) / seen.nnz, 0, atol=1e-10)
    around = y[seen.indices] - np.repeat((seen @ y) / counts[:, None], counts, axis=0)
    np.testing.assert_allclose(around.T @ around / (counts - 1).sum(), np.eye(5), atol=1e-8)


def test_choices_tell_the_camps_apart():
    seen = scipy.sparse.csr_array(
        np.kron(np.eye(2), np.ones((4, 3)))
    )  # two camps, three films each
    noisy = seen.toarray()
    noisy[0, 3] = noisy[4, 0] = 1
    y = choice_vectors(scipy.sparse.csr_array(noisy), 2)
    apart = np.linalg.norm(y[:, None] - y, axis=2)
    within, across = (apart[:3, :3], apart[3:, 3:]), apart[:3, 3:]
    assert max(part.max() for part in within) < across.min()
    assert choice_vectors(scipy.sparse.csr_array(np.ones((3, 1))), 4).shape == (1, 0)


def test_guests_rate_shared_films_that_somebody_here_has_rated(ml100k):
    others = movielens_2016()
    all_of_them = guests(ml100k, others)
    assert (all_of_them.shape, all_of_them.nnz) == ((669, 1682), 41331)
    toy_story = ml100k.items.index.get_loc(1)
    hidden = ml100k.keep(ml100k.table["item"] != 1)
    fewer = guests(hidden, others)
    assert all_of_them[:, [toy_story]].nnz == 247
    assert fewer[:, [toy_story]].nnz == 0
    assert fewer.nnz == all_of_them.nnz - 247
    assert guests(ml100k, None).shape == (0, 1682)


def named(ratings: Ratings, name: str) -> Ratings:
    """The same ratings of films that have titles, so that another population may rate them."""
    films = pd.DataFrame({"title": [f"Film {n}" for n in range(24)], "year": 1990}, range(24))
    return dataclasses.replace(ratings, items=films, name=name)


def test_people_of_ones_own_choice_inform_the_films(camps):
    """Two of the ten films' judges remain; those of another population know better."""
    here = named(camps.keep_users([0, 1]), "here")
    there = named(camps.keep_users(range(2, 80)), "there")
    nobody = Episodes.of_one(here, {}, here.table["item"].unique()[:5])
    before, after = (
        InformedBayes(n_factors=2, n_choices=0, traits="", others=others).fit(here)
        for others in (None, there)
    )
    exact = there.table.groupby("item")["rating"].mean()[nobody.items[nobody.query_items[0]]]
    error = [np.abs(m.predict(nobody)[0] - exact.to_numpy()).mean() for m in (before, after)]
    assert error[1] < error[0]


def test_a_saved_model_needs_the_others_no_more(camps, tmp_path):
    here, there = named(camps.keep_users(range(40)), "here"), named(camps, "there")
    there = there.keep_users(range(40, 80))
    model = InformedBayes(n_factors=1, n_choices=1, traits="", others=there).fit(here)
    again = InformedBayes.load(model.save(tmp_path / "model.safetensors"))
    person = Episodes.of_one(here, {0: 5})
    np.testing.assert_array_equal(again.predict(person), model.predict(person))
    assert again.others is None


def test_bad_parameters_are_refused(camps):
    with pytest.raises(ValueError, match=r"others 'ml' of InformedBayes must be Ratings of ano"):
        InformedBayes(others="ml").fit(camps)
    with pytest.raises(ValueError, match=r"others \(all\) hold the very ratings"):
        InformedBayes(others=named(camps, "all")).fit(named(camps.keep_users(range(9)), "some"))
    with pytest.raises(ValueError, match="trait_regularization 0 of InformedBayes must be a numb"):
        InformedBayes(trait_regularization=0).fit(camps)
