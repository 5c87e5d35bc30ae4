"""Pretrained networks: found without the network, read without pickle, unpacked once."""

import json
import multiprocessing
import shutil
import socket
import subprocess
import sys
import time

import pytest
import torch
from chapters import ROOT

from metarec.data import AssetError, assets
from metarec.models import cache
from metarec.models.pretrained import loading as pretrained
from metarec.models.pretrained.loading import PretrainedError


@pytest.fixture
def no_network(monkeypatch):
    """Any try to reach another machine fails the test, whatever the environment says."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)

    def refuse(*_):
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "model")


def test_a_folder_gives_network_and_tokenizer(tiny_bert, no_network):
    model = pretrained.load(tiny_bert, device="cpu")
    assert not model.network.training
    assert next(model.network.parameters()).dtype == torch.float32
    assert model.window == 16
    assert len(model.tokenizer("a film")["input_ids"]) == 4  # [CLS] a film [SEP]


def test_the_head_that_predicts_tokens_comes_on_demand(tiny_llama):
    ids = torch.tensor([[0, 3, 5]])
    full = pretrained.load(tiny_llama, head=True, device="cpu")
    assert full.network(ids).logits.shape == (1, 3, 14)
    assert pretrained.load(tiny_llama, device="cpu").network(ids)[0].shape == (1, 3, 8)


def test_a_causal_tokenizer_gets_padding(tiny_llama):
    assert pretrained.load(tiny_llama, device="cpu").tokenizer.pad_token == "</s>"


@pytest.mark.parametrize("name", ["no/such-model", "bert-base-uncased", "not a name at all", ""])
def test_an_unknown_name_is_refused_without_asking_the_network(name, no_network, tmp_path):
    if name == "":
        name = tmp_path / "nowhere"
    with pytest.raises(PretrainedError, match=r"there is no model .* on this machine; pass"):
        pretrained.load(name)


def test_an_unknown_name_never_asks_the_network_in_a_fresh_process(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*_): print('ASKED')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from metarec.models.pretrained import loading as pretrained\n"
        "try: pretrained.load('no/such-model')\n"
        "except pretrained.PretrainedError as error: print(error)\n"
        f"pretrained.load({str(tmp_path)!r}, device='cpu'); print('loaded')\n"
    )
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert "there is no model 'no/such-model'" in done.stdout
    assert "ASKED" not in done.stdout
    assert "holds no model" in done.stderr  # the empty folder


def test_a_name_in_the_local_hub_cache_is_found(tiny_bert, tmp_path, monkeypatch, no_network):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    home = tmp_path / "models--me--tiny"
    shutil.copytree(tiny_bert, home / "snapshots" / "abc")
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("abc")
    found = pretrained.locate("me/tiny")
    assert found == home / "snapshots" / "abc"


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        ("tokenizer.json", "it has no tokenizer"),
        ("config.json", "config.json"),
        ("model.safetensors", "safetensors"),
    ],
)
def test_an_incomplete_folder_is_refused_with_the_reason(tiny_bert, tmp_path, lost, why):
    folder = copied(tiny_bert, tmp_path)
    (folder / lost).unlink()
    with pytest.raises(PretrainedError, match=rf"holds no model that can be read here \(.*{why}"):
        pretrained.load(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_damaged_file_is_refused(tiny_bert, tmp_path, name):
    folder = copied(tiny_bert, tmp_path)
    (folder / name).write_bytes(b"nonsense")
    with pytest.raises(PretrainedError, match="holds no model that can be read here"):
        pretrained.load(folder)


def test_pickled_weights_are_never_opened(tiny_bert, tmp_path):
    folder = copied(tiny_bert, tmp_path)
    weights = pretrained.load(folder, device="cpu").network.state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    with pytest.raises(PretrainedError, match="pickled ones are never opened"):
        pretrained.load(folder)


def test_code_that_comes_with_a_model_is_never_run(tiny_bert, tmp_path):
    folder = copied(tiny_bert, tmp_path)
    told = json.loads((folder / "config.json").read_text())
    told |= {"model_type": "mine", "auto_map": {"AutoConfig": "mine.C", "AutoModel": "mine.M"}}
    (folder / "config.json").write_text(json.dumps(told))
    (folder / "mine.py").write_text("raise SystemExit('run')")
    with pytest.raises(PretrainedError, match="holds no model"):
        pretrained.load(folder)


def test_weights_that_are_missing_are_not_made_up(tiny_bert, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = copied(tiny_bert, tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights.pop("encoder.layer.1.output.dense.weight")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(PretrainedError, match=r"no weights for encoder\.layer\.1\.output\.dense"):
        pretrained.load(folder)
    with pytest.raises(PretrainedError, match="no weights for"):
        pretrained.load(tiny_bert, head=True)  # it would have a random head


def test_pooling_follows_the_makers_then_the_kind_of_network(tiny_bert, tiny_llama, tmp_path):
    assert pretrained.pooling_of(tiny_bert) == "mean"
    assert pretrained.pooling_of(tiny_llama) == "last"
    folder = copied(tiny_bert, tmp_path)
    (folder / "1_Pooling").mkdir()
    path = folder / "1_Pooling" / "config.json"
    path.write_text(json.dumps({"pooling_mode_lasttoken": True, "pooling_mode_mean_tokens": False}))
    assert pretrained.pooling_of(folder) == "last"
    path.write_text(json.dumps({"pooling_mode_cls_token": True}))
    with pytest.raises(PretrainedError, match='asks for pooling_mode_cls_token; pass pooling="me'):
        pretrained.pooling_of(folder)
    path.write_text("[")
    assert pretrained.pooling_of(folder) == "mean"


def test_the_digest_sees_every_file_that_matters(tiny_bert, tmp_path):
    folder = copied(tiny_bert, tmp_path)
    first = pretrained.digest(folder)
    (folder / "README.md").write_text("nothing of importance")
    assert pretrained.digest(folder) == first
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    second = pretrained.digest(folder)
    (folder / "chat_template.jinja").write_text("{{ x }}")
    assert len({first, second, pretrained.digest(folder)}) == 3


def test_the_window_is_the_smallest_that_is_told(tiny_bert, tmp_path):
    folder = copied(tiny_bert, tmp_path)
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 12}')
    assert pretrained.load(folder, device="cpu").window == 12


def test_quiet_leaves_the_settings_as_they_were():
    from transformers.utils import logging

    for bars in (logging.disable_progress_bar, logging.enable_progress_bar):
        bars()
        before = logging.get_verbosity(), logging.is_progress_bar_enabled()
        with pytest.raises(ZeroDivisionError), pretrained.quiet():
            _ = 1 / logging.is_progress_bar_enabled()
        assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


# ---------------------------------------------------------------- unpacking, once


@pytest.fixture
def gguf(tmp_path):
    path = tmp_path / "small.gguf"
    path.write_bytes(b"GGUF as far as this test is concerned")
    return path


def pretend(folder, seconds=0.0):
    """Stand in for `_unpack`: leaves a line a call beside the folder."""
    with (folder.parent / "calls").open("a") as calls:
        calls.write("call\n")
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    time.sleep(seconds)
    (folder / "whole.json").write_text(json.dumps({"sha256": pretrained.digest(folder)}))


def n_calls(folder):
    return len((folder.parent / "calls").read_text().splitlines())


def test_a_gguf_file_is_unpacked_once(home, gguf, monkeypatch):
    monkeypatch.setattr(pretrained, "_unpack", lambda _, folder: pretend(folder))
    folder = pretrained.locate(gguf)
    assert folder == pretrained.locate(str(gguf))
    assert n_calls(folder) == 1


@pytest.mark.parametrize("harm", ["cut", "edited", "unmarked"])
def test_a_damaged_unpacked_model_is_made_anew(home, gguf, monkeypatch, harm):
    monkeypatch.setattr(pretrained, "_unpack", lambda _, folder: pretend(folder))
    folder = pretrained.locate(gguf)
    if harm == "unmarked":
        (folder / "whole.json").unlink()
    else:
        (folder / "model.safetensors").write_bytes(b"" if harm == "cut" else b"wights!")
    pretrained.locate(gguf)
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert n_calls(folder) == 2


def test_an_interrupted_unpacking_leaves_nothing_that_counts(home, gguf, monkeypatch):
    interrupted = [True]

    def unpack(_, folder):
        pretend(folder)
        if interrupted:
            raise KeyboardInterrupt

    monkeypatch.setattr(pretrained, "_unpack", unpack)
    with pytest.raises(KeyboardInterrupt):
        pretrained.locate(gguf)
    folders = [p for p in (home / "pretrained").glob("small-*") if p.is_dir()]
    assert [p.suffix for p in folders] == [".part"]
    interrupted.clear()
    assert pretrained.locate(gguf).is_dir()
    assert not list((home / "pretrained").glob("*.part"))


def test_other_code_that_unpacks_makes_another_folder(home, gguf, monkeypatch):
    monkeypatch.setattr(pretrained, "_unpack", lambda _, folder: pretend(folder))
    first = pretrained.locate(gguf)
    monkeypatch.setattr(pretrained, "_unpack", lambda _, folder: pretend(folder) and None)
    assert pretrained.locate(gguf) != first


def test_another_file_of_the_same_name_is_another_model(home, gguf, monkeypatch):
    monkeypatch.setattr(pretrained, "_unpack", lambda _, folder: pretend(folder))
    first = pretrained.locate(gguf)
    gguf.write_bytes(b"GGUF of another network")
    assert pretrained.locate(gguf) != first


def unpack_at_once(home, gguf, out):
    cache.folder = lambda: home
    pretrained._unpack = lambda _, folder: pretend(folder, seconds=1)
    out.put((pretrained._unpacked(gguf) / "model.safetensors").read_bytes())


def test_of_two_processes_at_once_one_unpacks_and_the_other_waits(home, gguf):
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    out = context.Queue()
    both = [context.Process(target=unpack_at_once, args=(home, gguf, out)) for _ in range(2)]
    for process in both:
        process.start()
    assert [out.get(timeout=100), out.get(timeout=100)] == [b"weights", b"weights"]
    for process in both:
        process.join()
    assert len((home / "pretrained" / "calls").read_text().splitlines()) == 1


def test_a_cache_that_cannot_be_written_is_named(home, gguf):
    home.write_text("a file stands where the folder should be")
    with pytest.raises(PretrainedError, match="cannot be unpacked"):
        pretrained.locate(gguf)


def test_a_file_that_is_no_gguf_is_refused(home, gguf):
    with pytest.raises(PretrainedError, match="cannot be unpacked"):
        pretrained.locate(gguf)


# ---------------------------------------------------------------- the book's own


def test_a_missing_model_of_the_book_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "_own_place", lambda asset: None)
    monkeypatch.delenv(assets.VARIABLE, raising=False)
    with pytest.raises(AssetError, match="requirements-assets"):
        pretrained.load("encoder")


def test_a_model_of_the_book_with_other_weights_is_refused(monkeypatch, tmp_path):
    folder = shutil.copytree(assets.find("encoder"), tmp_path / "all-MiniLM-L6-v2")
    weights = folder / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(-4, 2)
        file.write(b"\0\0\0\1")
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    with pytest.raises(AssetError, match=r"model\.safetensors is damaged"):
        pretrained.load("encoder")


def test_the_language_model_continues_a_sentence(no_network):
    model = pretrained.load("language-model", head=True, device="cpu")
    ids = model.tokenizer("The capital of France is", return_tensors="pt")
    with torch.inference_mode():
        best = int(model.network(**ids).logits[0, -1].argmax())
    assert model.tokenizer.decode([best]) == " Paris"
    assert model.window == 8192
