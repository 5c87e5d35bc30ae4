"""Prompts: what an item is called, how a person is told, and which ratings may be answered.

Introduced in chapter 09.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from metarec.models.optim import seeded, warm_up_then_cosine
from metarec.models.pretrained import loading as pretrained
from metarec.models.pretrained import prefix_cache
from metarec.models.pretrained.lora import lora

UNKNOWN = "an unknown film"
HISTORY, FILM = "<<history>>", "<<film>>"  # stand in for them in a chat template
TARGETS = ("q_proj", "v_proj")  # queries and values of attention


def film_texts(items: pd.DataFrame, about: str = "title") -> list[str]:
    """What a prompt calls each item: its title, in the order in which it is spoken, and facts.

    Parameters
    ----------
    items : pandas.DataFrame
        An item table; what it lacks is left out, and an item of which nothing is known is called
        "an unknown film".
    about : str
        Columns, separated by spaces: "title", "year", "genres"; all but the title in brackets.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        For another column.

    Examples
    --------
    >>> films = pd.DataFrame({"title": ["Postman, The (Postino, Il)"], "year": [1994]})
    >>> film_texts(films, "title year")
    ['The Postman (1994)']
    """
    unknown = set(about.split()) - {"title", "year", "genres"}
    if unknown or not about.split():
        raise ValueError(f'about {about!r}: pass some of "title", "year" and "genres"')
    told = {
        name: items[name].astype("string").fillna("") for name in about.split() if name in items
    }
    texts = [""] * len(items)
    for name, values in told.items():
        values = values.str.replace("|", ", ", regex=False)
        if name == "title":
            values = values.map(_spoken)
        else:
            values = values.where(values == "", "(" + values + ")")
        texts = [f"{text} {value}".strip() for text, value in zip(texts, values, strict=True)]
    return [text or UNKNOWN for text in texts]


def _spoken(title: str) -> str:
    """A title without other titles in brackets, and with its article in front."""
    bare = re.sub(r"\s*\([^()]*\)", "", title) or title
    return re.sub(r"^(.*), (The|A|An)$", r"\2 \1", bare)


class Form(NamedTuple):
    """How a person and a film are put into words.

    Attributes
    ----------
    opening : str
        What the prompt begins with.
    line : str
        A film that was rated; holds `{text}` and `{rating}`.
    ask : str
        A film that is asked about, up to where the rating should come; holds `{text}`.
    """

    opening: str
    line: str
    ask: str


def plain(ratings: Sequence[int] | np.ndarray = range(1, 6)) -> Form:
    """Lines of text, one a film.

    Parameters
    ----------
    ratings : sequence of int or array, shape [answers]
        What may be answered.

    Returns
    -------
    Form
    """
    opening = f"Film ratings from {min(ratings)} to {max(ratings)}.\n"
    return Form(opening, "{text}:{rating}\n", "{text}:")


PLAIN = plain()


def chat(tokenizer: Any, form: Form = PLAIN) -> Form:
    """A plain form as a question to an assistant, in the chat template of the model's makers.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizerBase
    form : Form

    Returns
    -------
    Form

    Raises
    ------
    PretrainedError
        When the model's makers gave no such template.
    """
    if tokenizer.chat_template is None:
        raise pretrained.PretrainedError('this model has no chat template; pass form="plain"')
    said = [{"role": "user", "content": form.opening + HISTORY + FILM + ":"}]
    text = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    opening, rest = text.split(HISTORY)
    return Form(opening, form.line, rest.replace(FILM, "{text}"))


class Story(NamedTuple):
    """One person's ratings as one sequence, in which each rating is a label.

    Attributes
    ----------
    ids : list of int
    places : list of int
        Where the token in front of each rating stands.
    labels : list of int
        Which answer each rating is.
    """

    ids: list[int]
    places: list[int]
    labels: list[int]


class Speaker:
    """A language model with the form in which it is asked, and the ratings that it may answer.

    Parameters
    ----------
    model : metarec.models.pretrained.loading.Pretrained
        Loaded with its head.
    form : Form
    ratings : sequence of int or array, shape [answers]
        What may be answered.

    Raises
    ------
    ValueError
        When a rating is more than one token, or two of them are the same one.
    """

    def __init__(
        self, model: pretrained.Pretrained, form: Form, ratings: Sequence[int] | np.ndarray
    ):
        self.model, self.form = model, form
        self.ratings = np.asarray(ratings)
        tokens = [self._ids(str(rating)) for rating in self.ratings]
        self.allowed = [own[0] for own in tokens]
        if any(len(own) > 1 for own in tokens) or len(set(self.allowed)) < len(tokens):
            raise ValueError(
                f"this model's tokens cannot tell the ratings {', '.join(map(str, ratings))} apart "
                "by one token each; rescale them, for instance to 1..5"
            )
        self.opening = model.tokenizer(form.opening)["input_ids"]

    def answers(self, histories: Sequence, asked: Sequence) -> list[np.ndarray]:
        """How likely each rating is for each film that is asked about.

        Parameters
        ----------
        histories : sequence of n lists of (text, rating)
        asked : sequence of n sequences of texts

        Returns
        -------
        list of n arrays, shapes [texts, ratings]
        """
        asks = [[self._ids(self.form.ask.format(text=text)) for text in own] for own in asked]
        space = self.model.window - max((len(ask) for own in asks for ask in own), default=0)
        lines = [[self._line(*film) for film in own] for own in histories]
        kept = [self._that_fit(own, space) for own in lines]
        lost = sum(len(own) > len(fit) for own, fit in zip(lines, kept, strict=True))
        if lost:
            warnings.warn(
                f"{lost} of {len(lines)} people have rated more films than the {space} tokens of "
                "the model's window can hold; the first ones are left out",
                stacklevel=4,
            )
        prompts = [[*self.opening, *itertools.chain(*own)] for own in kept]
        return prefix_cache.answers(self.model, prompts, asks, self.allowed)

    def story(self, texts: Sequence[str], ratings: np.ndarray) -> Story:
        """Films and ratings as one sequence; the first ones are left out if it is too long.

        Parameters
        ----------
        texts : sequence of str
        ratings : array, shape [texts]
            Fractions count as the next whole rating.

        Returns
        -------
        Story
        """
        near = np.abs(self.ratings - np.asarray(ratings, float)[:, None]).argmin(1)
        lines = [self._line(*film) for film in zip(texts, ratings, strict=True)]
        kept = self._that_fit(lines, self.model.window)
        texts, near = texts[len(lines) - len(kept) :], near[len(lines) - len(kept) :]
        ids, places = list(self.opening), []
        for line, text in zip(kept, texts, strict=True):
            places.append(len(ids) + len(self._ids(self.form.ask.format(text=text))) - 1)
            ids += line
        return Story(ids, places, near.tolist())

    def within(self, stories: Sequence[Story]) -> list[np.ndarray]:
        """How likely each rating is at each place of a story, given all before it.

        Parameters
        ----------
        stories : sequence of n Story

        Returns
        -------
        list of n arrays, shapes [ratings in the story, ratings]
        """
        out = []
        with torch.inference_mode():
            for start in range(0, len(stories), prefix_cache.PEOPLE):
                some = stories[start : start + prefix_cache.PEOPLE]
                share = self._scores(some).double().softmax(1).cpu().numpy()
                ends = np.cumsum([len(story.places) for story in some])
                out += np.split(share, ends[:-1])
        return out

    def adapt(self, rank: int, values: np.ndarray | None = None) -> list[torch.nn.Parameter]:
        """Put low-rank updates into attention, in the upper third of the layers.

        Gradients then go back through these alone, which saves most of the work of going back.

        Parameters
        ----------
        rank : int
        values : array, shape [trained numbers], optional
            Their numbers, if they were trained before.

        Returns
        -------
        list of torch.nn.Parameter
        """
        body = self.model.network.requires_grad_(False).base_model
        blocks = next(part for part in body.children() if isinstance(part, torch.nn.ModuleList))
        trained = lora(blocks[2 * len(blocks) // 3 :], rank, TARGETS)
        if values is not None:
            vector = torch.tensor(values, device=self._device)
            torch.nn.utils.vector_to_parameters(vector, trained)
        return trained

    def tune(
        self, stories: Sequence[Story], rank: int, lr: float, batch_size: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Train low-rank updates, each story once; the loss is that of the ratings alone.

        Parameters
        ----------
        stories : sequence of Story
        rank : int
        lr : float
            Largest step size.
        batch_size : int
            Stories a step.
        seed : int

        Returns
        -------
        updates, losses : arrays, shapes [trained numbers] and [steps]
            What `adapt` takes back, and the cross-entropy at each step before the step.
        """
        device, losses = self._device, []
        with seeded(seed, str(device)):
            trained = self.adapt(rank)
            optimizer = torch.optim.AdamW(trained, lr, weight_decay=0.0)
            for step, batch in self._steps(stories, batch_size):
                labels = [label for story in batch for label in story.labels]
                right = torch.tensor(labels, device=device)
                loss = torch.nn.functional.cross_entropy(self._scores(batch), right)
                optimizer.zero_grad()
                loss.backward()
                optimizer.param_groups[0]["lr"] = lr * warm_up_then_cosine(step)
                optimizer.step()
                losses.append(loss.item())
        vector = torch.nn.utils.parameters_to_vector(trained).detach()
        return vector.cpu().numpy(), np.array(losses)

    def _steps(
        self, stories: Sequence[Story], size: int
    ) -> Iterator[tuple[float, Sequence[Story]]]:
        """Progress from 0 to 1, and the stories of a step."""
        from tqdm import tqdm

        starts = range(0, len(stories), size)
        for start in tqdm(starts, "steps of tuning", leave=False):
            yield (start + size / 2) / len(stories), stories[start : start + size]

    def _scores(self, stories: Sequence[Story]) -> torch.Tensor:
        """Scores of the ratings at all places of the stories: [places, ratings]."""
        ids, mask = prefix_cache.padded([story.ids for story in stories], self._device)
        hidden = self.model.network.base_model(input_ids=ids, attention_mask=mask)
        rows = [row for row, story in enumerate(stories) for _ in story.places]
        places = [place for story in stories for place in story.places]
        at = hidden.last_hidden_state[torch.tensor(rows), torch.tensor(places)]
        return prefix_cache.logits(self.model, at, self.allowed)

    @property
    def _device(self) -> torch.device:
        return next(self.model.network.parameters()).device

    def _ids(self, text: str) -> list[int]:
        return self.model.tokenizer(text, add_special_tokens=False)["input_ids"]

    def _line(self, text: str, rating: float) -> list[int]:
        """Tokens of a rated film, cut where an ask is cut too."""
        whole = self.form.line.format(text=text, rating=f"{rating:g}")
        head = PLAIN.ask.format(text=text)
        return self._ids(head) + self._ids(whole.removeprefix(head))

    def _that_fit(self, lines: list[list[int]], space: int) -> list[list[int]]:
        """The last lines that fit behind the opening."""
        lengths = np.cumsum([len(self.opening), *(len(line) for line in lines[::-1])])
        fit = int(np.searchsorted(lengths, space, "right")) - 1
        return lines[len(lines) - max(0, fit) :]
