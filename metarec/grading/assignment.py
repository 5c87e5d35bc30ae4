"""What the grader knows of an assignment: questions, inputs, expected values, points, hints.

`make assignments` writes it as one JSON file, the only file that must be kept from students.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from metarec.grading import plain
from metarec.grading.compare import ATOL, RTOL
from metarec.grading.sandbox import Limits

FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Case:
    """One call: arguments, what it must return, and how near."""

    args: tuple
    expected: Any
    rtol: float = RTOL
    atol: float = ATOL


@dataclasses.dataclass(frozen=True)
class Aspect:
    """What a question looks at: cases that must all be right, what they are worth, a hint.

    A public one is an example from the notebook and worth nothing. One with `bars` is a
    leaderboard: the expected values are true ratings, `bars` lists (score, points).
    """

    name: str
    points: float
    hint: str
    cases: tuple[Case, ...]
    public: bool = False
    metric: str = ""
    bars: tuple[tuple[float, float], ...] = ()


@dataclasses.dataclass(frozen=True)
class Question:
    """A question; without a function it is answered in writing and marked by a person."""

    number: str
    title: str
    points: float
    function: str = ""
    aspects: tuple[Aspect, ...] = ()


@dataclasses.dataclass(frozen=True)
class Assignment:
    """An assignment as the grader reads it.

    Parameters
    ----------
    name : str
        As the notebooks are called.
    title : str
        For reports.
    seed : int
        From which the hidden inputs were made.
    libraries : tuple of str
        What submissions may import.
    questions : tuple of Question
        In their order.
    limits : Limits
        For each question.
    """

    name: str
    title: str
    seed: int
    libraries: tuple[str, ...]
    questions: tuple[Question, ...]
    limits: Limits = dataclasses.field(default_factory=Limits)

    @property
    def points(self) -> float:
        """All that can be reached, written answers included."""
        return sum(question.points for question in self.questions)

    def digest(self) -> str:
        """Changes when anything that decides a mark changes."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """The file's content."""
        document = dataclasses.asdict(self) | {"format": FORMAT}
        for question in document["questions"]:
            for aspect in question["aspects"]:
                for case in aspect["cases"]:
                    case["args"] = plain.encode(tuple(case["args"]))
                    case["expected"] = plain.encode(case["expected"])
        return json.dumps(document, indent=1) + "\n"

    def save(self, path: Path) -> None:
        """Write the file, readable by its owner only."""
        path.write_text(self.text(), encoding="utf-8")
        path.chmod(0o600)

    @classmethod
    def load(cls, path: Path) -> Assignment:
        """Read what `save` wrote.

        Parameters
        ----------
        path : Path
            The JSON file of the grader.

        Returns
        -------
        Assignment
            The same as was saved.

        Raises
        ------
        ValueError
            When the file is something else.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document.pop("format") != FORMAT:
                raise ValueError("another format")
            questions = tuple(map(_question, document.pop("questions")))
            limits, names = Limits(**document.pop("limits")), tuple(document.pop("libraries"))
            return cls(**document, limits=limits, libraries=names, questions=questions)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(
                f"{path} is no grader's file ({error}); make it with: make assignments"
            ) from None


def _question(document: dict) -> Question:
    aspects = tuple(map(_aspect, document.pop("aspects")))
    return Question(**document, aspects=aspects)


def _aspect(document: dict) -> Aspect:
    cases = tuple(
        Case(plain.decode(c["args"]), plain.decode(c["expected"]), c["rtol"], c["atol"])
        for c in document.pop("cases")
    )
    bars = tuple((score, points) for score, points in document.pop("bars"))
    return Aspect(**document, cases=cases, bars=bars)
