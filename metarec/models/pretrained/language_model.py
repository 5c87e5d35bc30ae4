"""Language models as recommenders: a person is a prompt, and a film is how the prompt goes on."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from metarec.data.episodes import Episodes
from metarec.data.ratings import Ratings
from metarec.data.splits.few_shot import people
from metarec.models.base import Method
from metarec.models.parameters import SEED, OneOf, Range
from metarec.models.pretrained import loading as pretrained
from metarec.models.pretrained import prefix_cache
from metarec.models.pretrained.prompting import UNKNOWN, Speaker, Story, chat, film_texts, plain

__all__ = ["LanguageModelRecommender"]

LONGEST = 21  # films in a story for calibration: from nothing known to twenty ratings


def log_likelihoods(
    model: pretrained.Pretrained, texts: Sequence[str], continuations: Sequence[Sequence[str]]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """How likely a language model finds it that a text goes on in each of several ways.

    Each text goes through the network once, however many ways there are. Introduced in chapter 09.

    Parameters
    ----------
    model : Pretrained
        Loaded with its head.
    texts : sequence of n str
        None of them empty.
    continuations : sequence of n sequences of str
        None of them empty; each is cut into tokens alone.

    Returns
    -------
    sums, lengths : lists of n arrays, shapes [continuations of the text]
        Natural logarithms of the probabilities, and numbers of tokens.
    """
    starts = model.tokenizer(list(texts))["input_ids"]
    plain = {"add_special_tokens": False}
    following = [
        model.tokenizer(list(own), **plain)["input_ids"] if len(own) else []
        for own in continuations
    ]
    sums = prefix_cache.log_likelihoods(model, starts, following)
    return sums, [np.array([len(tokens) for tokens in own]) for own in following]


class LanguageModelRecommender(Method):
    r"""Ask a language model which rating comes next, and read the answer off its probabilities.

    The prompt lists the films that a person has rated, one a line, and ends with the film in
    question. With :math:`P(r)` the probability of the token of rating r, given that one of the
    ratings comes, the expected rating is :math:`e = \sum_r r P(r)`. Nothing is generated and
    nothing is parsed. The prompt goes through the network once, whatever the number of films
    that are asked about. Predictions are :math:`\chi_0 + \chi_1 e + \chi_2 / (1 + k)`, with
    weights learned from some training people, since a language model's own level is arbitrary.

    With `n_tuning` above 0 low-rank updates of the attention layers are first trained on the
    ratings of that many training people: one sequence a person, in which each rating is a label.
    Introduced in chapter 09.

    Parameters
    ----------
    model : str, Path or Pretrained
        A name, a folder or a file, see `metarec.models.pretrained.load`: what `save` writes, so
        the model must lie there when the recommender is loaded. Or a loaded model with its head,
        which is left as it is; it cannot be saved.
    form : {"plain", "chat"}
        Lines of text, or a question in the chat template of the model's makers.
    about : str
        What is said of a film, see `metarec.models.pretrained.film_texts`.
    n_tuning : int
        Training people for the low-rank updates; 0 leaves the weights as they are.
    n_films : int
        Ratings of each of them that are used.
    rank : int
        Of the updates.
    lr : float
        Largest step size of AdamW.
    batch_size : int
        People a step.
    n_calibration : int
        Other training people, from whom the weights χ are learned; 0 gives e itself.
    seed : int
    device : str
        "auto" takes CUDA, then MPS, then the CPU.

    Attributes
    ----------
    texts_ : array of str, shape [items + 1]
        What the prompt calls each item; the last one stands for an unseen one.
    answers_ : array of int
        The ratings that can be answered: the whole numbers of the scale.
    calibration_ : array, shape [3]
        The weights above.
    updates_ : array of float32
        The trained numbers of the low-rank updates; empty when there are none.
    losses_ : array, shape [steps]
        Cross-entropy of the ratings at each step of the tuning, before the step.

    Raises
    ------
    ValueError
        By `fit`, when a parameter is out of its range, a chat is to be tuned or calibrated, or the
        scale holds ratings that are more than one token.
    metarec.models.pretrained.loading.PretrainedError
        By `fit`, when there is no such model here, or it has no head.

    References
    ----------
    Brown et al. (2020), Language models are few-shot learners, NeurIPS.
    Bao et al. (2023), TALLRec: an effective and efficient tuning framework to align large
    language model with recommendation, RecSys, doi:10.1145/3604915.3608857.
    """

    label = "language model"
    ranges = {
        "form": OneOf(("plain", "chat")),
        "n_tuning": Range(0, whole=True),
        "n_films": Range(1, whole=True),
        "rank": Range(1, whole=True),
        "lr": Range(0, above=True),
        "batch_size": Range(1, whole=True),
        "n_calibration": Range(0, whole=True),
        "seed": SEED,
    }
    at_prompt = False

    def __init__(
        self,
        model: str | Path | pretrained.Pretrained = "language-model",
        form: str = "plain",
        about: str = "title",
        n_tuning: int = 0,
        n_films: int = 5,
        rank: int = 8,
        lr: float = 2e-3,
        batch_size: int = 16,
        n_calibration: int = 12,
        seed: int = 0,
        device: str = "auto",
    ):
        self.model = model
        self.form = form
        self.about = about
        self.n_tuning = n_tuning
        self.n_films = n_films
        self.rank = rank
        self.lr = lr
        self.batch_size = batch_size
        self.n_calibration = n_calibration
        self.seed = seed
        self.device = device

    def check_parameters(self) -> None:
        """As for every method; and a chat, which holds one question, has no stories to learn from.

        Raises
        ------
        ValueError
            Names the parameter and what it may be.
        """
        super().check_parameters()
        if self.form == "chat" and (self.n_tuning or self.n_calibration):
            raise ValueError(
                "a chat holds one question, and tuning and calibration need stories with many; "
                'pass n_tuning=0 and n_calibration=0, or form="plain"'
            )

    def fit(self, ratings: Ratings) -> Self:
        self.check_parameters()
        self.items_ = ratings.items.index.to_numpy()
        self.texts_ = np.array([*film_texts(ratings.items, self.about), UNKNOWN])
        low, high = ratings.scale
        self.answers_ = np.arange(int(np.ceil(low)), int(np.floor(high)) + 1)
        self.calibration_ = np.array([0.0, 1.0, 0.0])
        self.updates_, self.losses_ = np.zeros(0, np.float32), np.zeros(0)
        self._speaker = speaker = self._load()
        generator = np.random.default_rng(self.seed)
        ids = generator.permutation(np.unique(ratings.table["user"]))
        if self.n_tuning:
            stories = self._stories(ratings, ids[: self.n_tuning], self.n_films, generator)
            how = self.rank, self.lr, self.batch_size, self.seed
            self.updates_, self.losses_ = speaker.tune(stories, *how)
        if self.n_calibration:
            others = ids[self.n_tuning :][: self.n_calibration]
            others = others if len(others) else ids  # hardly any people: the same ones again
            stories = self._stories(ratings, others, LONGEST, generator)
            self.calibration_ = self._calibrated(stories, ratings.table["rating"].mean())
        return self

    def predict(self, episodes: Episodes) -> np.ndarray:
        expected = self.probabilities(episodes) @ self.answers_
        shown = episodes.support_mask.sum(1)[:, None]
        level, slope, blank = self.calibration_
        return level + slope * expected + blank / (1 + shown)

    def probabilities(self, episodes: Episodes) -> np.ndarray:
        """How likely the model finds each rating, given that one of them comes next.

        Parameters
        ----------
        episodes : Episodes
            Of supports that do not fit into the model's window the first ones are left out, with
            a warning.

        Returns
        -------
        array, shape [users, q, answers]
            Sums to 1 over the answers; padding holds zeros.
        """
        support, query = self.rows(episodes)
        if not hasattr(self, "_speaker"):  # read from a file
            self._speaker = self._load()
        own: dict[tuple, list[int]] = {}
        for u in range(len(episodes)):  # who shows the same, such as nothing, shares a prompt
            mask = episodes.support_mask[u]
            told = zip(support[u, mask], episodes.support_ratings[u, mask], strict=True)
            own.setdefault(tuple(told), []).append(u)
        asked = {
            shown: np.unique(query[users][episodes.query_mask[users]])
            for shown, users in own.items()
        }
        answered = self._speaker.answers(
            [[(self.texts_[item], rating) for item, rating in shown] for shown in own],
            [self.texts_[items] for items in asked.values()],
        )
        out = np.zeros((*query.shape, len(self.answers_)))
        for (shown, users), probabilities in zip(own.items(), answered, strict=True):
            for u in users:
                mask = episodes.query_mask[u]
                out[u, mask] = probabilities[np.searchsorted(asked[shown], query[u, mask])]
        return out

    def _load(self) -> Speaker:
        """The language model in its form, with its updates if it has any."""
        model = self.model
        if not isinstance(model, pretrained.Pretrained):
            model = pretrained.load(model, head=True, device=self.device)
        elif self.n_tuning:  # its owner's weights stay as they are
            model = dataclasses.replace(model, network=copy.deepcopy(model.network))
        form = plain(self.answers_)
        form = chat(model.tokenizer, form) if self.form == "chat" else form
        speaker = Speaker(model, form, self.answers_)
        if len(self.updates_):
            speaker.adapt(self.rank, self.updates_)
        return speaker

    def _stories(
        self, ratings: Ratings, ids: np.ndarray, n: int, generator: np.random.Generator
    ) -> list[Story]:
        """Up to n ratings of each of these people, in random order."""
        told = {
            user: (items, given) for user, items, given in people(ratings.keep_users(list(ids)))
        }
        stories = []
        for user in ids:
            items, given = told[user]
            some = generator.permutation(len(items))[:n]
            stories.append(self._speaker.story(self.texts_[items[some]], given[some]))
        return stories

    def _calibrated(self, stories: list[Story], mean: float) -> np.ndarray:
        """Ridge regression of ratings on e and 1 / (1 + k), its mean that of all ratings."""
        told = self._speaker.within(stories)
        x = np.column_stack([
            np.concatenate([share @ self.answers_ for share in told]),
            np.concatenate([1 / (1 + np.arange(len(share))) for share in told]),
        ])  # fmt: skip
        y = self.answers_[np.concatenate([story.labels for story in stories]).astype(int)]
        centred = x - x.mean(0)
        slope = np.linalg.solve(centred.T @ centred + np.eye(2), centred.T @ (y - y.mean()))
        return np.array([mean - x.mean(0) @ slope, *slope])
