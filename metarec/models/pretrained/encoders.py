"""Texts as vectors, by a pretrained network whose weights stay as they are."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors
import safetensors.numpy

from metarec.models import cache
from metarec.models.pretrained import loading as pretrained

if TYPE_CHECKING:
    import torch

__all__ = ["encode"]

LIBRARIES = ("numpy", "torch", "transformers")  # which decide what a network gives


def encode(
    texts: Sequence[str],
    model: str | Path | pretrained.Pretrained = "encoder",
    pooling: str | None = None,
    layer: int = -1,
    batch_size: int = 64,
    device: str = "auto",
) -> np.ndarray:
    """One vector a text, from a frozen network.

    Texts of like length go through the network together. What was encoded before, by the same
    weights in the same way, comes from the reader's cache folder; a damaged cache file is made
    anew. Texts longer than the network's window are cut, with a warning. An empty text is
    encoded too: its vector says "nothing", and is the same for all of them.
    Introduced in chapter 07.

    Parameters
    ----------
    texts : sequence of str
    model : str, Path or Pretrained
        A name, a folder or a file, see `metarec.models.pretrained.load`; or a loaded network,
        whose vectors are never cached, since its weights may have been trained since.
    pooling : {"mean", "last"}, optional
        How the vectors of the tokens become one: their mean, or the vector of the last token,
        which in a causal network is the only one that has seen the whole text. Default: what the
        model's makers say, see `metarec.models.pretrained.loading.pooling_of`.
    layer : int
        Which layer's vectors to take; -1 is the last, 0 the table of token vectors.
    batch_size : int
        Texts that go through the network together.
    device : str
        "auto" takes CUDA, then MPS, then the CPU.

    Returns
    -------
    array of float32, shape [texts, width]
        Not normalised.

    Raises
    ------
    TypeError
        When something is no text.
    ValueError
        When the pooling is unknown, the network has no such layer, or `batch_size` is below 1.
    metarec.models.pretrained.loading.PretrainedError
        When there is no such model here.

    References
    ----------
    Reimers and Gurevych (2019), Sentence-BERT: sentence embeddings using Siamese BERT-networks,
    EMNLP, doi:10.18653/v1/D19-1410.
    """
    texts = _checked(texts, pooling, batch_size)
    if isinstance(model, pretrained.Pretrained):  # its weights may have been trained since
        return _encode(
            texts, model, pooling or pretrained.pooling_of(model.folder), layer, batch_size
        )
    folder = pretrained.locate(model)
    pooling = pooling or pretrained.pooling_of(folder)
    made_by = cache.made_by((_encode, pool, tokens), LIBRARIES)
    asked = json.dumps([made_by, pretrained.digest(folder), pooling, layer, texts])
    name = hashlib.sha256(asked.encode()).hexdigest()[:24]
    path = cache.folder() / "vectors" / f"{name}.safetensors"
    if (kept := _read(path)) is not None:
        return kept
    network = pretrained.load(folder, device=device)
    vectors = _encode(texts, network, pooling, layer, batch_size)
    _write(path, vectors)
    return vectors


def pool(hidden: torch.Tensor, mask: torch.Tensor, how: str) -> torch.Tensor:
    """One vector a text from the vectors of its tokens.

    Parameters
    ----------
    hidden : Tensor [texts, tokens, width]
    mask : Tensor [texts, tokens]
        1 for a token, 0 for padding.
    how : {"mean", "last"}

    Returns
    -------
    Tensor [texts, width]
    """
    import torch

    if how == "mean":
        weight = mask[..., None].to(hidden.dtype)
        return (hidden * weight).sum(1) / weight.sum(1)
    places = torch.arange(mask.shape[1], device=mask.device)
    last = (mask * places).argmax(1)  # wherever the tokenizer puts the padding
    return hidden[torch.arange(len(hidden), device=hidden.device), last]


def tokens(texts: Sequence[str], model: pretrained.Pretrained) -> list[list[int]]:
    """The tokens of each text, cut at the model's window, with a warning; never an empty list.

    Parameters
    ----------
    texts : sequence of str
    model : Pretrained

    Returns
    -------
    list of list of int
    """
    tokenizer, window = model.tokenizer, model.window
    rows = tokenizer(list(texts), verbose=False)["input_ids"] if len(texts) else []
    too_long = sum(len(row) > window for row in rows)
    if too_long:
        warnings.warn(
            f"{too_long} of {len(texts)} texts have more than {window} tokens and are cut there",
            stacklevel=4,
        )
        rows = tokenizer(list(texts), truncation=True, max_length=window)["input_ids"]
    special = (tokenizer.bos_token_id, tokenizer.pad_token_id, 0)
    nothing = next(token for token in special if token is not None)
    return [row or [nothing] for row in rows]


def _checked(texts: Sequence[str], pooling: str | None, batch_size: int) -> list[str]:
    if isinstance(texts, str):
        raise TypeError("texts is one text; pass a list of texts")
    texts = list(texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"text {place} is {text!r}, no text; write str(…), or '' for nothing")
    if pooling not in (None, "mean", "last"):
        raise ValueError(f'pooling {pooling!r} is unknown; pass "mean" or "last"')
    if batch_size < 1:
        raise ValueError(f"batch_size {batch_size} must be at least 1")
    return [str(text) for text in texts]


def _encode(
    texts: list[str], model: pretrained.Pretrained, pooling: str, layer: int, batch_size: int
) -> np.ndarray:
    import torch
    from torch.nn.utils.rnn import pad_sequence
    from tqdm import tqdm

    config = model.network.config
    depth = config.num_hidden_layers
    if not -depth - 1 <= layer <= depth:
        raise ValueError(f"layer {layer} does not exist; layers are 1 to {depth}, 0 is the table")
    rows = [torch.tensor(row) for row in tokens(texts, model)]
    order = np.argsort([-len(row) for row in rows], kind="stable")  # the longest first: memory
    vectors = np.zeros((len(rows), config.hidden_size), np.float32)
    device = next(model.network.parameters()).device
    with torch.inference_mode():
        for start in tqdm(range(0, len(rows), batch_size), "batches of texts", leave=False):
            batch = order[start : start + batch_size]
            ids = pad_sequence([rows[i] for i in batch], batch_first=True).to(device)
            mask = pad_sequence([torch.ones_like(rows[i]) for i in batch], batch_first=True)
            mask = mask.to(device)
            out = model.network(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            vectors[batch] = pool(out.hidden_states[layer], mask, pooling).float().cpu().numpy()
    return vectors


def _read(path: Path) -> np.ndarray | None:
    """What the cache holds, if it is whole."""
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            vectors, told = file.get_tensor("vectors"), file.metadata() or {}
        if told.get("sha256") == hashlib.sha256(vectors.tobytes()).hexdigest():
            return vectors
    except (safetensors.SafetensorError, OSError):
        pass
    warnings.warn(f"{path} is damaged; the texts are encoded anew", stacklevel=3)
    return None


def _write(path: Path, vectors: np.ndarray) -> None:
    """Keep the vectors; the file appears when it is whole."""
    about = {"sha256": hashlib.sha256(vectors.tobytes()).hexdigest()}
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        safetensors.numpy.save_file({"vectors": vectors}, part, metadata=about)
        part.replace(path)
    except (OSError, safetensors.SafetensorError) as error:
        warnings.warn(f"the vectors are not kept in the cache: {error}", stacklevel=3)
