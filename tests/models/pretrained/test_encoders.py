"""Texts as vectors: equal to a hand computation, whatever the batch, and never from a bad cache."""

import shutil

import numpy as np
import pytest
import torch

from metarec.models import encode
from metarec.models.pretrained import encoders
from metarec.models.pretrained import loading as pretrained

TEXTS = ["a film", "the story of war and peace", "toy", "", "the toy of the film of the story"]


@pytest.fixture
def network(tiny_bert):
    return pretrained.load(tiny_bert, device="cpu")


def by_hand(texts, model, pooling, layer=-1):
    """One text at a time, so without any padding."""
    rows = []
    for text in texts:
        ids = model.tokenizer(text, return_tensors="pt")["input_ids"].long()
        if not ids.numel():
            ids = torch.tensor([[model.tokenizer.bos_token_id]])
        with torch.inference_mode():
            states = model.network(ids, output_hidden_states=True).hidden_states[layer][0]
        rows.append(states.mean(0) if pooling == "mean" else states[-1])
    return torch.stack(rows).numpy()


@pytest.mark.parametrize("layer", [-1, 0, 1])
@pytest.mark.parametrize("pooling", ["mean", "last"])
@pytest.mark.parametrize("kind", ["tiny_bert", "tiny_llama"])
def test_vectors_equal_those_by_hand(home, request, kind, pooling, layer):
    folder = request.getfixturevalue(kind)
    vectors = encode(TEXTS, folder, pooling, layer, device="cpu")
    assert vectors.dtype == np.float32
    model = pretrained.load(folder, device="cpu")
    np.testing.assert_allclose(vectors, by_hand(TEXTS, model, pooling, layer), atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
@pytest.mark.parametrize("kind", ["tiny_bert", "tiny_llama"])
def test_neither_batch_nor_order_changes_a_vector(request, kind, batch_size):
    model = pretrained.load(request.getfixturevalue(kind), device="cpu")
    whole = encode(TEXTS, model)
    order = [3, 0, 4, 2, 1]
    again = encode([TEXTS[i] for i in order], model, batch_size=batch_size)
    np.testing.assert_allclose(again, whole[order], atol=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("how", ["mean", "last"])
def test_pooling_does_not_care_where_the_padding_is(side, how):
    states = torch.arange(12.0).reshape(1, 4, 3)
    mask = torch.tensor([[0, 0, 1, 1]] if side == "left" else [[1, 1, 0, 0]])
    own = states[0][mask[0] > 0]
    expected = own.mean(0) if how == "mean" else own[-1]
    assert encoders.pool(states, mask, how).tolist() == [expected.tolist()]


def test_pooling_is_what_the_makers_say_unless_told(home, tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    mean, last = (encode(TEXTS, tiny_bert, how, device="cpu") for how in ("mean", "last"))
    assert np.array_equal(encode(TEXTS, folder, device="cpu"), mean)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_lasttoken": true}')
    assert np.array_equal(encode(TEXTS, folder, device="cpu"), last)
    assert np.array_equal(encode(TEXTS, pretrained.load(folder, device="cpu")), last)


def test_no_text_and_an_empty_text(network, tiny_llama):
    assert encode([], network).shape == (0, 8)
    causal = pretrained.load(tiny_llama, device="cpu")
    for model in (network, causal):
        nothing = encode(["", "toy", ""], model)
        assert np.isfinite(nothing).all()
        assert np.array_equal(nothing[0], nothing[2])
        assert not np.allclose(nothing[0], nothing[1])


def test_a_text_of_ten_thousand_words_is_cut_with_a_warning(network):
    with pytest.warns(UserWarning, match="1 of 2 texts have more than 16 tokens and are cut there"):
        long, _ = encode(["toy story " * 5000, "toy"], network)
    np.testing.assert_allclose(long, encode(["toy story " * 7], network)[0], atol=1e-5)


@pytest.mark.parametrize(
    ("texts", "options", "error", "match"),
    [
        ("a film", {}, TypeError, "pass a list of texts"),
        (["a", None], {}, TypeError, "text 1 is None, no text"),
        ([float("nan")], {}, TypeError, "text 0 is nan"),
        (
            ["a"],
            {"pooling": "max"},
            ValueError,
            'pooling \'max\' is unknown; pass "mean" or "last"',
        ),
        (["a"], {"layer": 3}, ValueError, "layer 3 does not exist; layers are 1 to 2"),
        (["a"], {"layer": -4}, ValueError, "layer -4 does not exist"),
        (["a"], {"batch_size": 0}, ValueError, "batch_size 0 must be at least 1"),
    ],
)
def test_bad_questions_are_answered_with_the_remedy(network, texts, options, error, match):
    with pytest.raises(error, match=match):
        encode(texts, network, **options)


# ---------------------------------------------------------------- the cache


def test_the_second_call_reads_what_the_first_one_wrote(home, tiny_bert, monkeypatch):
    first = encode(TEXTS, tiny_bert, device="cpu")
    monkeypatch.setattr(pretrained, "load", lambda *_, **__: pytest.fail("loaded again"))
    assert np.array_equal(encode(TEXTS, str(tiny_bert)), first)


def test_whatever_changes_the_vectors_changes_the_file(home, tiny_bert, tmp_path):
    folder = shutil.copytree(tiny_bert, tmp_path / "model")
    for options in ({}, {"pooling": "last"}, {"layer": 1}, {"texts": TEXTS[::-1]}):
        encode(**{"texts": TEXTS, "model": folder, "device": "cpu"} | options)
    assert len(list((home / "vectors").iterdir())) == 4
    model = pretrained.load(folder, device="cpu").network
    with torch.no_grad():
        model.embeddings.word_embeddings.weight *= -1
    before = encode(TEXTS, folder)
    model.save_pretrained(folder)
    assert not np.allclose(encode(TEXTS, folder, device="cpu"), before)


def test_a_loaded_network_may_have_been_trained_so_nothing_is_kept(home, network):
    before = encode(TEXTS, network)
    with torch.no_grad():
        network.network.embeddings.word_embeddings.weight *= -1
    assert not np.allclose(encode(TEXTS, network), before)
    assert not home.exists()


@pytest.mark.parametrize("content", [b"", b"nonsense", "other", "unmarked"])
def test_a_damaged_cache_file_is_made_anew_with_a_warning(home, tiny_bert, content):
    from safetensors.numpy import save_file

    first = encode(TEXTS, tiny_bert, device="cpu")
    (path,) = (home / "vectors").iterdir()
    if content == "unmarked":
        save_file({"vectors": first + 1}, path)
    elif content == "other":
        path.write_bytes(path.read_bytes()[:-8] + bytes(8))
    else:
        path.write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged; the texts are encoded anew"):
        assert np.array_equal(encode(TEXTS, tiny_bert, device="cpu"), first)
    assert np.array_equal(encoders._read(path), first)


def test_a_cache_that_cannot_be_written_gives_a_warning_and_vectors(home, tiny_bert):
    home.write_text("a file stands where the folder should be")
    with pytest.warns(UserWarning, match="are not kept in the cache"):
        assert len(encode(TEXTS, tiny_bert, device="cpu")) == len(TEXTS)


# ---------------------------------------------------------------- the book's encoder


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_the_real_encoder_knows_which_sentences_are_alike(home):
    model = pretrained.load("encoder", device="cpu")
    assert model.window == 256
    assert pretrained.pooling_of(model.folder) == "mean"
    sentences = [
        "That is a happy person",
        "That is a happy dog",
        "That is a very happy person",
        "Today is a sunny day",
    ]
    person, dog, very, day = encode(sentences, model)
    similar = cosine(person, dog), cosine(person, very), cosine(person, day)
    np.testing.assert_allclose(similar, (0.6946, 0.9429, 0.2569), atol=0.002)  # its model card
    texts = ["Toy Story (1995). Animation", "", "Fargo"]
    np.testing.assert_allclose(encode(texts, model), by_hand(texts, model, "mean"), atol=1e-5)
    with pytest.warns(UserWarning, match="more than 256 tokens"):
        assert np.isfinite(encode(["film " * 10_000], model)).all()


def test_the_real_language_model_sees_the_whole_text_in_its_last_token(home, monkeypatch):
    monkeypatch.undo()  # the cache that holds the unpacked model
    model = pretrained.load("language-model", device="cpu")
    assert pretrained.pooling_of(model.folder) == "last"
    texts = ["Toy Story (1995)", "", "Fargo (1996). Crime, Drama, Thriller"]
    for layer in (-1, 12):
        vectors = encode(texts, model, layer=layer)
        np.testing.assert_allclose(
            vectors, by_hand(texts, model, "last", layer), atol=1e-5 * np.abs(vectors).max()
        )
