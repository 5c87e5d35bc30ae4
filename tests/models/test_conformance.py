"""Every method of the book keeps every promise that `metarec.testing` lists.

Nothing is listed by hand but exceptions: methods come from the registry, promises from the suite.
"""

from pathlib import Path

import pytest

from metarec.models import (
    Bias,
    ContentRidge,
    InContextTransformer,
    ItemMean,
    LanguageModelRecommender,
    registry,
)
from metarec.testing import Trial, checks, made_up, small

# Settings that make another method of a class, beside its defaults.
FURTHER = {
    "InContextTransformer, correct": (InContextTransformer, {"correct": True}),
    "ContentRidge, rating": (ContentRidge, {"target": "rating"}),
}
# A random start is forgotten after some epochs, and three quick ones do not do it.
SETTINGS = {"BiasedMF": {"lr": 0.05, "n_epochs": 20, "batch_size": 256}}
KINDS = {
    name: (kind, SETTINGS.get(name, {})) for name, kind in registry.methods().items()
} | FURTHER

DRAWS = "draws anew for each question"
TOKENS = "a network of sequences reads tokens of the catalogue and passes over all others"
ALONE = "the_answer_does_not_depend_on_who_else_is_asked"
EACH = "unseen_items_of_a_support_each_count"
# What is not promised, and why. Each must be seen to break, or it has no place here.
EXCUSED = {
    "RandomScores": {ALONE: DRAWS},
    "BPR": {EACH: "pushes down what is in the catalogue and not liked"},
    "SASRec": {EACH: TOKENS},
    "BERT4Rec": {EACH: TOKENS},
}


@pytest.fixture(scope="module", params=KINDS)
def trial(request, tiny_speakers) -> Trial:
    """A method in a small size; all its tests share it, and with it one fit."""
    kind, settings = KINDS[request.param]
    if kind is LanguageModelRecommender:
        settings = {"model": Path(tiny_speakers["llama"]), "device": "cpu"}
    return Trial(small(kind, **settings))


@pytest.mark.parametrize("name", checks())
def test_every_method_keeps_every_promise(trial, name):
    if name in EXCUSED.get(trial.name, {}):
        with pytest.raises(AssertionError, match="breaks a promise"):
            checks()[name](trial)
    else:
        checks()[name](trial)


def test_what_is_excused_exists():
    assert set(EXCUSED) <= set(KINDS)
    assert {name for excused in EXCUSED.values() for name in excused} <= set(checks())


def test_a_file_that_is_missing_damaged_or_of_another_method_is_refused(tmp_path):
    path = ItemMean().fit(made_up()).save(tmp_path / "item_mean.safetensors")
    with pytest.raises(FileNotFoundError, match=r"write one with method.save"):
        ItemMean.load(tmp_path / "nothing.safetensors")
    with pytest.raises(ValueError, match=r"holds ItemMean, not Bias; load it with ItemMean.load"):
        Bias.load(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="content does not match its hash"):
        ItemMean.load(path)
    path.write_bytes(content[:100])
    with pytest.raises(ValueError, match="is not a saved method"):
        ItemMean.load(path)
