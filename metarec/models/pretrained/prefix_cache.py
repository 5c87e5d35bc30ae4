"""Many continuations of one text: the text goes through the network once, and they share it."""

from __future__ import annotations

import copy
import inspect
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from metarec.models.pretrained.loading import Pretrained

Tokens = list[int]
PEOPLE = 8  # texts that go through the network together
WIDTH = 128  # tokens of continuations that stand side by side behind one text


class Part(NamedTuple):
    """Some continuations after they went through the network, all padding taken out.

    Attributes
    ----------
    places : list of (int, int)
        For each of the n continuations: the text, and the place among that text's continuations.
    owner : Tensor of int, shape [tokens]
        To which of the n each token belongs.
    ids : Tensor of int, shape [tokens]
    before, hidden : Tensors, shape [tokens, width]
        Last layer at the token in front, which predicts this one, and at the token itself.
    """

    places: list[tuple[int, int]]
    owner: torch.Tensor
    ids: torch.Tensor
    before: torch.Tensor
    hidden: torch.Tensor


def answers(
    model: Pretrained,
    texts: Sequence[Tokens],
    continuations: Sequence[Sequence[Tokens]],
    allowed: Sequence[int],
) -> list[np.ndarray]:
    """How likely each allowed token is to come next, after each continuation of each text.

    Parameters
    ----------
    model : Pretrained
        Loaded with its head.
    texts : sequence of n lists of tokens
        None of them empty.
    continuations : sequence of n sequences of lists of tokens
        None of them empty.
    allowed : sequence of int
        The tokens that count as answers.

    Returns
    -------
    list of n arrays, shapes [continuations of the text, allowed]
        Probabilities, which sum to 1 over the allowed tokens.
    """
    out = [np.zeros((len(own), len(allowed))) for own in continuations]
    for part in _continued(model, texts, continuations):
        last = part.owner.diff(append=part.owner[-1:] + 1) > 0  # the last token of each
        share = logits(model, part.hidden[last], allowed).double().softmax(-1).cpu().numpy()
        for (text, place), row in zip(part.places, share, strict=True):
            out[text][place] = row
    return out


def log_likelihoods(
    model: Pretrained, texts: Sequence[Tokens], continuations: Sequence[Sequence[Tokens]]
) -> list[np.ndarray]:
    """The logarithm of the probability that each text goes on like that.

    Parameters
    ----------
    model, texts, continuations
        As in `answers`.

    Returns
    -------
    list of n arrays, shapes [continuations of the text]
        Natural logarithms, summed over the tokens of the continuation.
    """
    out = [np.zeros(len(own)) for own in continuations]
    for part in _continued(model, texts, continuations):
        scores = logits(model, part.before)  # [tokens, vocabulary]
        told = scores.gather(1, part.ids[:, None])[:, 0] - scores.logsumexp(1)
        sums = np.bincount(part.owner.cpu().numpy(), told.double().cpu().numpy())
        for (text, place), value in zip(part.places, sums, strict=True):
            out[text][place] = value
    return out


def logits(
    model: Pretrained, hidden: torch.Tensor, allowed: Sequence[int] | None = None
) -> torch.Tensor:
    """The scores of the next token; of the allowed ones alone they cost next to nothing.

    Parameters
    ----------
    model : Pretrained
    hidden : Tensor [..., width]
    allowed : sequence of int, optional
        All of the vocabulary if not given.

    Returns
    -------
    Tensor [..., allowed]
    """
    head = model.network.get_output_embeddings()
    if allowed is None:
        return head(hidden)
    rows = torch.as_tensor(allowed, device=hidden.device)
    bias = None if head.bias is None else head.bias[rows]
    return torch.nn.functional.linear(hidden, head.weight[rows], bias)


def _continued(
    model: Pretrained, texts: Sequence[Tokens], continuations: Sequence[Sequence[Tokens]]
) -> Iterator[Part]:
    """Read a few texts, keep what attention needs of them, then read what follows."""
    device = next(model.network.parameters()).device
    asked = [text for text in range(len(texts)) if len(continuations[text])]
    asked.sort(key=lambda text: len(texts[text]))  # little padding
    with torch.inference_mode():
        for start in range(0, len(asked), PEOPLE):
            batch = asked[start : start + PEOPLE]
            ids, mask = padded([texts[text] for text in batch], device, left=True)
            places = (mask.cumsum(1) - 1).clamp(min=0)
            out = _body(model, ids, attention_mask=mask, position_ids=places, use_cache=True)
            groups = [list(_groups(continuations[text])) for text in batch]
            for number in range(max(map(len, groups))):
                rows = [row for row, own in enumerate(groups) if number < len(own)]
                shown = [[(batch[row], place) for place in groups[row][number]] for row in rows]
                yield _follow(model, out, mask, rows, shown, continuations)


def _follow(
    model: Pretrained,
    out: Any,
    mask: torch.Tensor,
    rows: list[int],
    shown: list[list[tuple[int, int]]],
    continuations: Sequence[Sequence[Tokens]],
) -> Part:
    """Read the shown continuations of some texts, which stand side by side behind their text.

    Each token sees the text, and the tokens before it in its own continuation, and no other.
    """
    device = mask.device
    lists = [[continuations[text][place] for text, place in own] for own in shown]
    ids, real = padded([list(itertools.chain(*own)) for own in lists], device)
    owner, _ = padded([[n for n, c in enumerate(own) for _ in c] for own in lists], device)
    offset, _ = padded([[n for c in own for n in range(len(c))] for own in lists], device)
    alike = (owner[:, :, None] == owner[:, None]) & (real[:, :, None] == real[:, None])
    seen = mask[rows][:, None].bool().expand(-1, ids.shape[1], -1)
    seen = torch.cat([seen, alike.tril()], 2)[:, None]  # [texts, 1, tokens, text and tokens]
    kept = copy.deepcopy(_cache(out))
    kept.batch_select_indices(torch.tensor(rows, device=device))
    least = torch.finfo(out.last_hidden_state.dtype).min
    hidden = _body(
        model, ids, attention_mask=torch.zeros(seen.shape, device=device).masked_fill(~seen, least),
        position_ids=mask[rows].sum(1, keepdim=True) + offset, **{_cache_name(model): kept},
    ).last_hidden_state  # fmt: skip
    first = out.last_hidden_state[rows, -1:].expand_as(hidden)
    before = torch.where(offset[..., None] == 0, first, hidden.roll(1, 1))
    counts = torch.tensor([0] + [len(own) for own in shown[:-1]], device=device).cumsum(0)
    real = real.bool()
    flat = (owner + counts[:, None])[real]
    return Part(list(itertools.chain(*shown)), flat, ids[real], before[real], hidden[real])


def _groups(continuations: Sequence[Tokens]) -> Iterator[list[int]]:
    """Places of continuations that fit side by side."""
    group: list[int] = []
    used = 0
    for place, tokens in enumerate(continuations):
        if group and used + len(tokens) > WIDTH:
            yield group
            group, used = [], 0
        group.append(place)
        used += len(tokens)
    yield group


def _body(model: Pretrained, ids: torch.Tensor, **options: Any) -> Any:
    """The network without its head."""
    return model.network.base_model(input_ids=ids, **options)


def _cache_name(model: Pretrained) -> str:
    """How the network calls the cache that it is given; it depends on the release."""
    known = inspect.signature(model.network.base_model.forward).parameters
    return "cache" if "cache" in known else "past_key_values"


def _cache(out: Any) -> Any:
    """The cache that the network gives back; its name depends on the release too."""
    return out.cache if "cache" in out else out.past_key_values


def padded(
    lists: Sequence[Tokens], device: str | torch.device, left: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens as a rectangle with its mask.

    Parameters
    ----------
    lists : sequence of lists of int
    device : str or torch.device
    left : bool
        Whether the padding stands in front, so that all lists end in one column.

    Returns
    -------
    ids, mask : Tensors of int [lists, longest]
    """
    side = "left" if left else "right"
    rows = [torch.tensor(tokens) for tokens in lists]
    ids = pad_sequence(rows, batch_first=True, padding_side=side)
    ones = [torch.ones_like(row) for row in rows]
    mask = pad_sequence(ones, batch_first=True, padding_side=side)
    return ids.to(device), mask.to(device)
