"""Pretrained networks by name or folder: found, loaded, and never fetched behind the reader's back.

A model is the name of an asset of the book ("encoder", "language-model"), a folder in the layout
of Hugging Face, a GGUF file, or a name that the local Hugging Face cache knows. Weights in GGUF
form take long to unpack, so they are unpacked once, into the reader's cache folder.
Introduced in chapter 07.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from metarec.data import assets
from metarec.data.device import pick
from metarec.models import cache

ASSETS = ("encoder", "language-model")


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
    sha256 : str
        Of all files that decide what the network gives.
    """

    network: Any
    tokenizer: Any
    folder: Path
    sha256: str

    @property
    def window(self) -> int:
        """Longest text in tokens that the model was made for."""
        told = _json(self.folder / "sentence_bert_config.json").get("max_seq_length")
        limits = [told, self.tokenizer.model_max_length]
        limits.append(getattr(self.network.config, "max_position_embeddings", None))
        return min(int(limit) for limit in limits if limit)

    @property
    def pooling(self) -> str:
        """How the model's makers turn token vectors into one: "mean" or "last"."""
        told = _json(self.folder / "1_Pooling" / "config.json")
        if told.get("pooling_mode_lasttoken"):
            return "last"
        unknown = [k for k, v in told.items() if k.startswith("pooling_mode") and v is True]
        if unknown and unknown != ["pooling_mode_mean_tokens"]:
            raise PretrainedError(
                f'{self.folder} asks for {unknown[0]}; pass pooling="mean" or pooling="last"'
            )
        named = " ".join(self.network.config.architectures or ())
        return "last" if "CausalLM" in named else "mean"


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
        When there is no such model here, or its files are no model.
    metarec.data.AssetError
        When a model of the book is missing or damaged.
    """
    import transformers

    folder = locate(model)
    kind = transformers.AutoModelForCausalLM if head else transformers.AutoModel
    try:
        with quiet():
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            network = kind.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        first = str(error).strip().splitlines()[0]
        raise PretrainedError(
            f"{folder} holds no model that transformers can read ({first}); it needs config.json, "
            "weights in safetensors form, and a tokenizer"
        ) from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    network = network.float().eval().to(pick(device))
    return Pretrained(network, tokenizer, folder, digest(folder))


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
        When there is no such model here.
    """
    place = assets.find(str(model)) if str(model) in ASSETS else Path(model).expanduser()
    if place.suffix == ".gguf" and place.is_file():
        return unpacked(place)
    if place.is_dir():
        return place
    known = _in_hub_cache(str(model))
    if known is None:
        raise PretrainedError(
            f"there is no model {str(model)!r} on this machine; pass one of {', '.join(ASSETS)}, "
            "a folder in Hugging Face's layout, or a name that you have downloaded before"
        )
    return known


def unpacked(gguf: Path) -> Path:
    """The folder with a GGUF file's weights as safetensors, made at the first call.

    Parameters
    ----------
    gguf : Path

    Returns
    -------
    Path
        In the reader's cache folder; a damaged one is made anew.
    """
    folder = cache.folder() / "pretrained" / f"{gguf.stem}-{_file_digest(gguf)[:16]}"
    if _json(folder / "whole.json").get("sha256") == digest(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        _unpack(gguf, Path(work))
        (Path(work) / "whole.json").write_text(json.dumps({"sha256": digest(Path(work))}))
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(work, folder, dirs_exist_ok=True)
    return folder


def _unpack(gguf: Path, folder: Path) -> None:
    import transformers

    source = {"gguf_file": gguf.name, "local_files_only": True}
    with quiet():
        tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, **source)
        network = transformers.AutoModelForCausalLM.from_pretrained(gguf.parent, **source)
        config = network.config
        del config.quantization_config  # the weights are plain numbers now
        plain = type(network)(config)
        plain.load_state_dict(network.state_dict())
        plain.half().save_pretrained(folder)  # 4-bit weights lose nothing that counts
        tokenizer.save_pretrained(folder)


def digest(folder: Path) -> str:
    """SHA-256 over the files of a folder that decide what a model gives.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    str
    """
    together = hashlib.sha256()
    kinds = (".safetensors", ".json", ".txt", ".model", ".bin")
    for path in sorted(folder.glob("*")):
        if path.suffix in kinds and path.name != "whole.json":
            together.update(f"{path.name} {_file_digest(path)}\n".encode())
    return together.hexdigest()


def _file_digest(path: Path) -> str:
    return _digest_of(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _digest_of(path: Path, changed: int) -> str:
    """SHA-256 of a file; `changed` is its time stamp, so that an edited file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _in_hub_cache(name: str) -> Path | None:
    import huggingface_hub

    try:
        found = huggingface_hub.try_to_load_from_cache(name, "config.json")
    except ValueError:  # not even a possible name
        return None
    return Path(found).parent if isinstance(found, str) else None


class quiet:
    """Within it transformers prints neither bars nor advice."""

    def __enter__(self):
        from transformers.utils import logging

        self.logging, self.level = logging, logging.get_verbosity()
        self.bars = os.environ.get("TQDM_DISABLE")
        logging.set_verbosity_error()
        logging.disable_progress_bar()

    def __exit__(self, *error):
        self.logging.set_verbosity(self.level)
        self.logging.enable_progress_bar()
