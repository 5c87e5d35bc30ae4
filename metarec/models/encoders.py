"""Texts as vectors, by a pretrained network whose weights stay as they are."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy

from metarec.models import cache, pretrained

FORMAT = 1  # raise it when the same texts would give other vectors


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
        See `metarec.models.pretrained.load`.
    pooling : {"mean", "last"}, optional
        How the vectors of the tokens become one: their mean, or the vector of the last token,
        which in a causal network is the only one that has seen the whole text. Default: what the
        model's makers say, else "last" for causal networks and "mean" for all others.
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
        When the pooling is unknown, or the network has no such layer.
    metarec.models.pretrained.PretrainedError
        When there is no such model here.

    References
    ----------
    Reimers and Gurevych (2019), Sentence-BERT: sentence embeddings using Siamese BERT-networks,
    EMNLP, doi:10.18653/v1/D19-1410.
    """
    texts = list(texts)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"text {place} is {text!r}, no text; write str(…), or '' for nothing")
    if pooling not in (None, "mean", "last"):
        raise ValueError(f'pooling {pooling!r} is unknown; pass "mean" or "last"')
    given = isinstance(model, pretrained.Pretrained)
    folder = model.folder if given else pretrained.locate(model)
    sha256 = model.sha256 if given else pretrained.digest(folder)
    asked = [FORMAT, sha256, pooling, layer, texts]
    path = cache.folder() / "vectors" / f"{_hash(asked)[:24]}.safetensors"
    if (kept := _read(path)) is not None:
        return kept
    network = model if given else pretrained.load(model, device=device)
    vectors = _encode(texts, network, pooling or network.pooling, layer, batch_size)
    _write(path, vectors)
    return vectors


def pool(hidden, mask, how: str):
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


def tokens(texts: list[str], model: pretrained.Pretrained) -> list[list[int]]:
    """The tokens of each text, cut at the model's window; a text without any gets one.

    Parameters
    ----------
    texts : list of str
    model : Pretrained

    Returns
    -------
    list of list of int
    """
    tokenizer = model.tokenizer
    rows = tokenizer(texts, truncation=False, verbose=False)["input_ids"] if texts else []
    too_long = sum(len(row) > model.window for row in rows)
    if too_long:
        warnings.warn(
            f"{too_long} of {len(texts)} texts are longer than {model.window} tokens and are cut",
            stacklevel=3,
        )
        rows = tokenizer(texts, truncation=True, max_length=model.window)["input_ids"]
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.pad_token_id
    return [row or [start] for row in rows]


def _encode(texts, model, pooling: str, layer: int, batch_size: int) -> np.ndarray:
    import torch
    from tqdm import tqdm

    n_layers = model.network.config.num_hidden_layers
    if not -n_layers - 1 <= layer <= n_layers:
        raise ValueError(f"layer {layer} is not among the {n_layers} layers and the table, 0")
    rows = tokens(texts, model)
    order = np.argsort([-len(row) for row in rows], kind="stable")  # the longest first: memory
    vectors = np.zeros((len(rows), model.network.config.hidden_size), np.float32)
    device = next(model.network.parameters()).device
    with torch.inference_mode():
        for start in tqdm(range(0, len(rows), batch_size), "texts", leave=False):
            batch = order[start : start + batch_size]
            longest = max(len(rows[i]) for i in batch)
            ids = torch.zeros((len(batch), longest), dtype=torch.long, device="cpu")
            mask = torch.zeros_like(ids)
            for place, i in enumerate(batch):
                ids[place, : len(rows[i])] = torch.tensor(rows[i])
                mask[place, : len(rows[i])] = 1
            out = model.network(
                input_ids=ids.to(device), attention_mask=mask.to(device), output_hidden_states=True
            )
            pooled = pool(out.hidden_states[layer], mask.to(device), pooling)
            vectors[batch] = pooled.float().cpu().numpy()
    return vectors


def _hash(thing) -> str:
    return hashlib.sha256(json.dumps(thing, ensure_ascii=False).encode()).hexdigest()


def _read(path: Path) -> np.ndarray | None:
    """What the cache holds, if it is whole."""
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            vectors, about = file.get_tensor("vectors"), file.metadata()
    except (safetensors.SafetensorError, OSError, KeyError):
        vectors, about = None, {}
    if vectors is not None and about.get("sha256") == hashlib.sha256(vectors.tobytes()).hexdigest():
        return vectors
    warnings.warn(f"{path} is damaged; the texts are encoded anew", stacklevel=3)
    return None


def _write(path: Path, vectors: np.ndarray) -> None:
    about = {"sha256": hashlib.sha256(vectors.tobytes()).hexdigest()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        safetensors.numpy.save_file({"vectors": vectors}, path, metadata=about)
    except OSError as error:
        warnings.warn(f"the vectors are not kept: {error}", stacklevel=3)
