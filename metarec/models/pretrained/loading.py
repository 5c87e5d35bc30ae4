"""Pretrained networks by name or folder: found, loaded, and never fetched behind the reader's back.

A model is the name of an asset of the book ("encoder", "language-model"), a folder in the layout
of Hugging Face, a GGUF file, or a name that the local Hugging Face cache knows. Only safetensors
and GGUF are read: no pickle, and no code that came with a model. Weights in GGUF form take long to
unpack, so they are unpacked once, into the reader's cache folder. Introduced in chapter 07.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from metarec.data.device import pick_device
from metarec.data.sources import assets
from metarec.models import cache

with warnings.catch_warnings():  # in a notebook tqdm advises widgets, which the book cannot show
    warnings.filterwarnings("ignore", "IProgress not found")
    import tqdm.auto  # noqa: F401  (transformers and gguf import it)

ASSETS = ("encoder", "language-model")
KINDS = (".safetensors", ".json", ".jinja", ".model", ".txt")
POOLING = "1_Pooling/config.json"  # where Sentence-BERT's makers say how tokens become one vector
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")
LOCAL = {"local_files_only": True, "trust_remote_code": False}


class PretrainedError(RuntimeError):
    """A pretrained model cannot be used; the message says why and what to do."""


@dataclasses.dataclass(frozen=True, eq=False)
class Pretrained:
    """A network and its tokenizer.

    Attributes
    ----------
    network : torch.nn.Module
        In evaluation mode, float32.
    tokenizer : transformers.PreTrainedTokenizerBase
    folder : Path
        Where the files are.
    name : str
        What stored results call it: the name it was loaded by, or that of its folder.
    """

    network: Any
    tokenizer: Any
    folder: Path
    name: str = ""

    @property
    def window(self) -> int:
        """Longest text in tokens that the model was made for."""
        told = _json(self.folder / "sentence_bert_config.json").get("max_seq_length")
        limits = [told, self.tokenizer.model_max_length]
        limits.append(getattr(self.network.config, "max_position_embeddings", None))
        return min(int(limit) for limit in limits if limit)


def load(model: str | Path, head: bool = False, device: str = "auto") -> Pretrained:
    """Load a pretrained network with its tokenizer.

    Parameters
    ----------
    model : str or Path
        "encoder" or "language-model" (the book's), a folder, a GGUF file, or a name.
    head : bool
        With the layer that predicts the next token, for models that have one.
    device : str
        "auto" takes CUDA, then MPS, then the CPU.

    Returns
    -------
    Pretrained

    Raises
    ------
    PretrainedError
        When there is no such model here, or its files are no whole model.
    metarec.data.AssetError
        When a model of the book is missing or damaged.
    """
    import transformers

    folder = locate(model)
    kind = transformers.AutoModelForCausalLM if head else transformers.AutoModel
    wanted = {"use_safetensors": True, "output_loading_info": True, **LOCAL}
    if not any((folder / name).is_file() for name in VOCABULARIES):
        raise _no_model(folder, "it has no tokenizer")
    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **LOCAL)
            loaded: Any = kind.from_pretrained(folder, **wanted)
    except Exception as error:  # each of the libraries below has errors of its own
        raise _no_model(folder, str(error).strip().splitlines()[0]) from error
    network, told = loaded
    missing = [name for name in sorted(told["missing_keys"]) if "pooler" not in name]
    if missing:  # transformers would make them up; a pooler is of no use here
        raise _no_model(folder, f"it has no weights for {missing[0]}")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    network = network.float().eval().to(pick_device(device))
    return Pretrained(network, tokenizer, folder, Path(model).name)


def locate(model: str | Path) -> Path:
    """The folder that holds a model's files, a GGUF file unpacked first.

    Parameters
    ----------
    model : str or Path

    Returns
    -------
    Path

    Raises
    ------
    PretrainedError
        When there is no such model here; the network is not asked.
    """
    own = str(model) in ASSETS
    place = assets.find(str(model), verify=True) if own else Path(model).expanduser()
    if place.suffix == ".gguf" and place.is_file():
        return _unpacked(place)
    if place.is_dir():
        return place
    known = _in_hub_cache(str(model))
    if known is None:
        raise PretrainedError(
            f"there is no model {str(model)!r} on this machine; pass one of {', '.join(ASSETS)}, "
            "a folder in Hugging Face's layout, or a name that you have downloaded before"
        )
    return known


def pooling_of(folder: Path) -> str:
    """How a model's makers turn the vectors of tokens into one.

    Parameters
    ----------
    folder : Path
        From `locate`.

    Returns
    -------
    str
        "mean" or "last". Where the makers say nothing: "last" for causal networks, in which only
        the last token has seen the whole text, and "mean" for all others.

    Raises
    ------
    PretrainedError
        When they want another kind of pooling.
    """
    told = _json(folder / POOLING)
    modes = [key for key, value in told.items() if key.startswith("pooling_mode") and value is True]
    names = {"pooling_mode_mean_tokens": "mean", "pooling_mode_lasttoken": "last"}
    if modes and (len(modes) > 1 or modes[0] not in names):
        raise PretrainedError(
            f'{folder} asks for {" and ".join(modes)}; pass pooling="mean" or pooling="last"'
        )
    if modes:
        return names[modes[0]]
    named = " ".join(_json(folder / "config.json").get("architectures") or ())
    return "last" if "CausalLM" in named or "LMHeadModel" in named else "mean"


def _unpacked(gguf: Path) -> Path:
    """The folder in the reader's cache with a GGUF file's weights as safetensors.

    Made at the first call, which takes about 8 seconds for 135 million weights. Of several
    processes that ask at once one unpacks and the others wait; a folder appears when it is whole,
    and a damaged one is made anew.
    """
    made_by = cache.made_by((_unpack, _read_once), ("gguf", "torch", "transformers"))
    folder = cache.folder() / "pretrained" / f"{gguf.stem}-{_file_digest(gguf)[:16]}-{made_by}"
    if _whole(folder):
        return folder
    part = folder.with_name(folder.name + ".part")  # what an interrupted call has left, or nothing
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if not _whole(folder):
                for old in (part, folder):
                    shutil.rmtree(old, ignore_errors=True)
                _unpack(gguf, part)
                part.rename(folder)
    except Exception as error:  # of the file system, or of the library that reads GGUF
        raise PretrainedError(f"{gguf} cannot be unpacked into {folder}: {error}") from error
    return folder


def _unpack(gguf: Path, folder: Path) -> None:
    """Write network, tokenizer and, last, the hash of both."""
    import transformers

    source = {"gguf_file": gguf.name, **LOCAL}
    with quiet(), _read_once():
        tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, **source)
        network = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, **source)
        config = network.config
        del config.quantization_config  # the weights are plain numbers now
        plain = type(network)(config)
        plain.load_state_dict(network.state_dict())
        plain.half().save_pretrained(folder)  # 4-bit weights lose nothing that counts
        tokenizer.save_pretrained(folder)
    (folder / "whole.json").write_text(json.dumps({"sha256": digest(folder)}))


@contextlib.contextmanager
def _read_once() -> Iterator[None]:
    """Halve the time: transformers reads a file's header thrice and lists its names 400 times."""
    import gguf

    own = {name: getattr(gguf, name) for name in ("GGUFReader", "get_tensor_name_map")}
    try:
        for name, function in own.items():
            setattr(gguf, name, functools.cache(function))
        yield
    finally:
        for name, function in own.items():
            setattr(gguf, name, function)


def _whole(folder: Path) -> bool:
    """Whether nothing is missing and nothing was changed since it was unpacked."""
    return _json(folder / "whole.json").get("sha256") == digest(folder)


def digest(folder: Path) -> str:
    """SHA-256 over the files of a folder that decide what a model gives.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    str
        Another one after any change, so that no cached vector outlives its network.
    """
    together = hashlib.sha256()
    for path in [*sorted(folder.glob("*")), folder / POOLING]:
        if path.suffix in KINDS and path.name != "whole.json" and path.is_file():
            name = path.relative_to(folder).as_posix()
            together.update(f"{name} {_file_digest(path)}\n".encode())
    return together.hexdigest()


def _file_digest(path: Path) -> str:
    about = path.stat()
    return _digest_of(path, about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=256)
def _digest_of(path: Path, changed: int, size: int) -> str:
    """SHA-256 of a file; with time stamp and size, so that an edited file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(path: Path) -> dict:
    """What a file says; nothing when it is missing or damaged."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _in_hub_cache(name: str) -> Path | None:
    import huggingface_hub

    try:
        found = huggingface_hub.try_to_load_from_cache(name, "config.json")
    except ValueError:  # not even a possible name
        return None
    return Path(found).parent if isinstance(found, str) else None


def _no_model(folder: Path, why: str) -> PretrainedError:
    return PretrainedError(
        f"{folder} holds no model that can be read here ({why}); it needs config.json, "
        "all weights in safetensors form (pickled ones are never opened), and a tokenizer"
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Within it transformers gives no advice and draws no bar, but for that of a GGUF file."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
