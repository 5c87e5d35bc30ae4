"""Language models as recommenders: scores do not depend on how they are computed."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from metarec.data import Episodes, Ratings, newcomers
from metarec.models import LanguageModelRecommender
from metarec.models.pretrained import loading as pretrained
from metarec.models.pretrained import prefix_cache
from metarec.models.pretrained.prompting import (
    PLAIN,
    UNKNOWN,
    Form,
    Speaker,
    chat,
    film_texts,
)

FIVE = range(1, 6)


@pytest.fixture(params=["llama", "gpt2"])
def model(request, tiny_speakers):
    return pretrained.load(tiny_speakers[request.param], head=True, device="cpu")


@pytest.fixture
def llama(tiny_speakers):
    return pretrained.load(tiny_speakers["llama"], head=True, device="cpu")


def made_up_texts(seed=0, n=11):
    """Texts of several lengths, each with none to many continuations of several lengths."""
    draw = np.random.default_rng(seed)
    texts = [draw.integers(3, 90, draw.integers(1, 40)).tolist() for _ in range(n)]
    following = [
        [draw.integers(3, 90, draw.integers(1, 9)).tolist() for _ in range(draw.integers(0, 60))]
        for _ in range(n)
    ]
    return texts, following


def in_full(model, text, following):
    """Logits of the whole sequence at once, with no cache and no padding."""
    with torch.inference_mode():
        return model.network(torch.tensor([text + following])).logits[0].double()


ALLOWED = [5, 9, 20]


def test_answers_behind_a_shared_prefix_equal_those_of_whole_sequences(model):
    texts, following = made_up_texts()
    told = prefix_cache.answers(model, texts, following, ALLOWED)
    for text, own, shares in zip(texts, following, told, strict=True):
        assert shares.shape == (len(own), 3)
        for one, share in zip(own, shares, strict=True):
            expected = in_full(model, text, one)[-1, ALLOWED].softmax(0)
            np.testing.assert_allclose(share, expected, atol=1e-4)


def test_likelihoods_behind_a_shared_prefix_equal_those_of_whole_sequences(model):
    texts, following = made_up_texts(1)
    told = prefix_cache.log_likelihoods(model, texts, following)
    for text, own, values in zip(texts, following, told, strict=True):
        for one, value in zip(own, values, strict=True):
            steps = in_full(model, text, one)[len(text) - 1 : -1].log_softmax(1)
            expected = steps[torch.arange(len(one)), torch.tensor(one)].sum()
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("score", ["answers", "log_likelihoods"])
def test_neither_batch_nor_order_changes_a_score(model, monkeypatch, score):
    texts, following = made_up_texts(2)
    more = [ALLOWED] if score == "answers" else []
    whole = getattr(prefix_cache, score)(model, texts, following, *more)
    monkeypatch.setattr(prefix_cache, "PEOPLE", 3)
    monkeypatch.setattr(prefix_cache, "WIDTH", 20)
    order = np.random.default_rng(0).permutation(len(texts))
    turned = [following[n][::-1] for n in order]
    again = getattr(prefix_cache, score)(model, [texts[n] for n in order], turned, *more)
    for n, own in zip(order, again, strict=True):
        np.testing.assert_allclose(own[::-1], whole[n], rtol=1e-4, atol=1e-4)


def test_a_continuation_does_not_see_its_neighbours(llama):
    text, one = [5, 6, 7], [8, 9]
    alone = prefix_cache.log_likelihoods(llama, [text], [[one]])[0][0]
    beside = prefix_cache.log_likelihoods(llama, [text], [[[50] * 7, one, one]])[0]
    np.testing.assert_allclose(beside[1:], alone, atol=1e-4)


def test_no_text_and_no_continuation(llama):
    assert prefix_cache.answers(llama, [], [], ALLOWED) == []
    (told,) = prefix_cache.log_likelihoods(llama, [[5]], [[]])
    assert told.shape == (0,)


# ---------------------------------------------------------------- what is said


def test_a_film_is_called_as_people_call_it():
    films = pd.DataFrame({
        "title": ["Shining, The", "Postman, The (Postino, Il)", "(Once)", None],
        "year": [1980, 1994, None, 1950], "genres": ["Horror|Drama", None, "Musical", None],
    })  # fmt: skip
    assert film_texts(films) == ["The Shining", "The Postman", "(Once)", UNKNOWN]
    told = film_texts(films.convert_dtypes(), "title year genres")
    assert told[0] == "The Shining (1980) (Horror, Drama)"
    assert told[2:] == ["(Once) (Musical)", "(1950)"]
    assert film_texts(films[[]]) == [UNKNOWN] * 4
    with pytest.raises(ValueError, match="about 'plot': pass some of"):
        film_texts(films, "plot")
    with pytest.raises(ValueError, match="about '': pass some of"):
        film_texts(films, "")


def test_the_parts_of_a_prompt_are_the_tokens_of_the_whole(llama):
    speaker = Speaker(llama, PLAIN, FIVE)
    story = speaker.story(["Alien", "Fargo"], np.array([4.0, 5.0]))
    whole = llama.tokenizer("Film ratings from 1 to 5.\nAlien:4\nFargo:5\n")["input_ids"]
    assert story.ids == whole
    assert [llama.tokenizer.decode(story.ids[place + 1]) for place in story.places] == ["4", "5"]
    assert story.labels == [3, 4]


def test_a_story_gives_what_asking_one_by_one_gives(model):
    speaker = Speaker(model, PLAIN, FIVE)
    films, given = ["Alien", "Fargo", "Babe"], np.array([4, 5, 2])
    (within,) = speaker.within([speaker.story(films, given)])
    for k, film in enumerate(films):
        history = list(zip(films[:k], given[:k], strict=True))
        (asked,) = speaker.answers([history], [[film]])
        np.testing.assert_allclose(within[k], asked[0], atol=1e-4)


def test_half_stars_are_said_and_answered_with_the_nearest_whole_one(llama):
    story = Speaker(llama, PLAIN, FIVE).story(["Alien"], np.array([3.5]))
    assert llama.tokenizer.decode(story.ids).replace(" ", "").endswith("Alien:3.5Ċ")
    assert story.labels in ([2], [3])


def test_ratings_of_two_digits_are_refused(llama):
    with pytest.raises(ValueError, match=r"cannot tell the ratings .*, 10 apart"):
        Speaker(llama, PLAIN, range(1, 11))


def test_the_chat_form_follows_the_template(llama):
    with pytest.raises(pretrained.PretrainedError, match="has no chat template"):
        chat(llama.tokenizer)
    llama.tokenizer.chat_template = "<s>{{ messages[0]['content'] }}</s>!"
    form = chat(llama.tokenizer)
    assert form == Form("<s>" + PLAIN.opening, PLAIN.line, "{text}:</s>!")


# ---------------------------------------------------------------- the method


@pytest.fixture
def split(made_up):
    return newcomers(made_up)


@pytest.fixture
def episodes(split):
    return split.test.episodes().take([0, 1, 2])


def small(folder, **options):
    return LanguageModelRecommender(str(folder), device="cpu", **options)


def by_hand(model, film, shown, ratings):
    """The probabilities of five ratings, from one whole sequence."""
    lines = "".join(f"{title}:{given:g}\n" for title, given in shown)
    ids = model.tokenizer(f"Film ratings from 1 to 5.\n{lines}{film}:")["input_ids"]
    allowed = [model.tokenizer(str(rating))["input_ids"][-1] for rating in ratings]
    with torch.inference_mode():
        return model.network(torch.tensor([ids])).logits[0, -1, allowed].double().softmax(0).numpy()


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
def test_swapping_the_model_is_one_argument(tiny_speakers, split, episodes, made_up, kind):
    folder = tiny_speakers[kind]
    method = small(folder, n_calibration=0).fit(split.train)
    shown = episodes.first(2)
    told = method.probabilities(shown)
    model = pretrained.load(folder, head=True, device="cpu")
    titles = made_up.items["title"]
    person = [titles.iloc[i] for i in shown.support_items[1]]
    history = list(zip(person, shown.support_ratings[1], strict=True))
    for place in (0, 3):
        film = titles.iloc[shown.query_items[1, place]]
        np.testing.assert_allclose(told[1, place], by_hand(model, film, history, FIVE), atol=1e-4)
    np.testing.assert_allclose(method.predict(shown), told @ np.arange(1, 6))


def test_without_ratings_everybody_is_told_the_same(tiny_speakers, split, episodes):
    method = small(tiny_speakers["llama"]).fit(split.train)
    told = method.predict(episodes.first(0))
    values = pd.Series(told[episodes.query_mask], episodes.query_items[episodes.query_mask])
    assert (values.groupby(level=0).nunique() == 1).all()


def test_the_oldest_ratings_give_way_when_the_window_is_full(tiny_speakers, split, made_up):
    method = small(tiny_speakers["llama"], n_calibration=0).fit(split.train)
    items = made_up.items.index
    shown = dict.fromkeys(items[:70], 4) | {items[70]: 1}
    with pytest.warns(UserWarning, match="1 of 1 people have rated more films than the"):
        long = method.predict(Episodes.of_one(made_up, shown, items[75:]))
    assert np.isfinite(long).all()
    recent = dict(list(shown.items())[-40:])
    with pytest.warns(UserWarning, match="first ones are left out"):
        short = method.predict(
            Episodes.of_one(made_up, dict(list(shown.items())[-60:]), items[75:])
        )
    np.testing.assert_allclose(long, short, atol=1e-4)
    assert not np.allclose(long, method.predict(Episodes.of_one(made_up, recent, items[75:])))


def test_calibration_brings_the_mean_of_the_training_ratings(tiny_speakers, split):
    plain, calibrated = (
        small(tiny_speakers["llama"], n_calibration=n).fit(split.train) for n in (0, 30)
    )
    assert plain.calibration_.tolist() == [0, 1, 0]
    shown = split.validation.episodes()
    mean = split.train.table["rating"].mean()
    assert abs(calibrated.predict(shown)[shown.query_mask].mean() - mean) < 0.15


# ---------------------------------------------------------------- tuning


def tuned(folder, **options):
    settings = {"n_tuning": 30, "n_films": 20, "lr": 0.02, "batch_size": 5, "rank": 4}
    return small(folder, **settings | options)


def test_tuning_lowers_the_loss_of_the_ratings(tiny_speakers, split):
    method = tuned(tiny_speakers["llama"]).fit(split.train)
    assert len(method.losses_) == 6
    assert method.losses_[-2:].mean() < method.losses_[0] - 0.1
    assert method.updates_.dtype == np.float32


def test_only_the_low_rank_updates_are_trained(tiny_speakers, split):
    model = pretrained.load(tiny_speakers["llama"], head=True, device="cpu")
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    method = tuned(tiny_speakers["llama"]).set_params(model=model).fit(split.train)
    after = method._speaker.model.network.state_dict()
    for name, value in before.items():
        assert torch.equal(model.network.state_dict()[name], value)  # the owner's network
        kept = [new for old, new in after.items() if old.replace(".layer.", ".", 1) == name
                or old.replace("proj.layer.", "proj.") == name]  # fmt: skip
        assert len(kept) == 1
        assert torch.equal(kept[0], value)


def test_the_loss_counts_the_ratings_and_nothing_else(llama):
    speaker = Speaker(llama, PLAIN, FIVE)
    story = speaker.story(["Alien", "Fargo"], np.array([4, 2]))
    (share,) = speaker.within([story])
    expected = -np.log(share[[0, 1], [3, 1]]).mean()
    _, losses = speaker.tune([story], rank=2, lr=1e-3, batch_size=1, seed=0)
    np.testing.assert_allclose(losses, [expected], rtol=1e-4)


def test_a_tuned_model_is_saved_with_its_updates(tiny_speakers, split, episodes, tmp_path):
    method = tuned(tiny_speakers["llama"]).fit(split.train)
    loaded = LanguageModelRecommender.load(method.save(tmp_path / "tuned.safetensors"))
    np.testing.assert_array_equal(loaded.predict(episodes), method.predict(episodes))
    plain = tuned(tiny_speakers["llama"], n_tuning=0).fit(split.train)
    assert not np.allclose(plain.predict(episodes), method.predict(episodes), atol=1e-3)


def test_a_model_that_was_given_as_a_path_is_saved_with_it(
    tiny_speakers, split, episodes, tmp_path
):
    path = Path(tiny_speakers["llama"])
    method = small(path).set_params(model=path).fit(split.train)
    loaded = LanguageModelRecommender.load(method.save(tmp_path / "model.safetensors"))
    assert loaded.model == str(path)
    np.testing.assert_array_equal(loaded.predict(episodes), method.predict(episodes))


# ---------------------------------------------------------------- bad questions


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (
            {"form": "poem"},
            "form 'poem' of LanguageModelRecommender must be one of 'plain', 'chat'",
        ),
        ({"form": "chat"}, "pass n_tuning=0 and n_calibration=0"),
        ({"about": "plot"}, "about 'plot'"),
        ({"n_tuning": -1}, "n_tuning -1 .* must be a whole number of at least 0"),
        ({"rank": 0}, "rank 0 .* must be a whole number of at least 1"),
        ({"lr": 0.0}, "lr 0.0 .* must be a number above 0"),
    ],
)
def test_bad_parameters_are_refused(tiny_speakers, made_up, options, match):
    with pytest.raises(ValueError, match=match):
        small(tiny_speakers["llama"], **options).fit(made_up)


def test_the_prompt_names_the_scale_that_may_be_answered(tiny_speakers, made_up):
    table = made_up.table.assign(rating=made_up.table["rating"] * 2 - 2)
    wide = Ratings.from_table(table, made_up.items, scale=(0, 8))
    for ratings, opening in ((made_up, PLAIN.opening), (wide, "Film ratings from 0 to 8.\n")):
        method = small(tiny_speakers["llama"]).fit(ratings)
        assert method._speaker.form.opening == opening


def test_a_scale_with_two_digits_is_refused(tiny_speakers, made_up):
    table = made_up.table.assign(rating=made_up.table["rating"] * 2)
    with pytest.raises(ValueError, match="rescale them"):
        small(tiny_speakers["llama"]).fit(Ratings.from_table(table, scale=(1, 10)))


def test_a_model_that_is_not_there_and_one_without_a_head(made_up, tiny_bert):
    with pytest.raises(pretrained.PretrainedError, match="there is no model"):
        LanguageModelRecommender("no/such-model").fit(made_up)
    with pytest.raises(pretrained.PretrainedError, match="holds no model that can be read"):
        small(tiny_bert).fit(made_up)


def test_films_without_a_title_can_be_asked_about(tiny_speakers, made_up):
    blank = made_up.items.assign(title="")
    method = small(tiny_speakers["llama"]).fit(dataclasses.replace(made_up, items=blank))
    assert np.isfinite(method.predict(Episodes.of_one(made_up, {101: 4}))).all()


# ---------------------------------------------------------------- the book's model


def test_the_real_model_scores_alike_with_and_without_the_shared_prefix(ml100k):
    model = pretrained.load("language-model", head=True, device="cpu")
    speaker = Speaker(model, PLAIN, FIVE)
    titles = film_texts(ml100k.items)
    history = list(zip(titles[:6], (5, 3, 4, 3, 3, 5), strict=True))
    told = speaker.answers([history, history[:1]], [titles[10:14], titles[20:23]])
    for shown, asked, shares in zip(
        (history, history[:1]), (titles[10:14], titles[20:23]), told, strict=True
    ):
        for film, share in zip(asked, shares, strict=True):
            np.testing.assert_allclose(share, by_hand(model, film, shown, FIVE), atol=1e-4)
