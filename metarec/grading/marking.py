"""Mark one submission, or a folder of two hundred: what is right, what it is worth, what to say."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import traceback
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from tqdm import tqdm

from metarec.evaluation import bootstrap
from metarec.grading import plain, submissions
from metarec.grading.assignment import Aspect, Assignment, Question
from metarec.grading.board import per_person, unusable
from metarec.grading.compare import difference
from metarec.grading.sandbox import Outcome, Sandbox

VERSION = 2  # a higher number marks everything anew


def mark_question(question: Question, cells: tuple[str, ...], sandbox: Sandbox) -> dict:
    """Run one question of one submission in a process of its own, and judge what came back.

    Parameters
    ----------
    question : Question
        With a function.
    cells : tuple of str
        The code of the submission.
    sandbox : Sandbox
        Where it runs.

    Returns
    -------
    dict
        `points`, what was said of each aspect, and why it stopped, if it did.
    """
    calls = [case.args for aspect in question.aspects for case in aspect.cases]
    outcome = sandbox.call(list(cells), question.function, calls)
    rows, first, main = [], 0, None
    for aspect in question.aspects:
        answers = [outcome.answers.get(first + i) for i in range(len(aspect.cases))]
        first += len(aspect.cases)
        row = judge(aspect, answers, outcome)
        if not aspect.public:
            main = row["right"] if main is None else main
            if not main:  # edge cases are worth nothing in a function that misses its purpose
                row["points"] = 0
        rows.append(row)
    return {
        "number": question.number, "points": sum(row["points"] for row in rows), "aspects": rows,
        "ended": outcome.ended, "missing": outcome.missing, "trouble": outcome.trouble,
    }  # fmt: skip


def judge(aspect: Aspect, answers: list, outcome: Outcome) -> dict:
    """Points and words for one aspect; every case must be right.

    Parameters
    ----------
    aspect : Aspect
        What is looked at.
    answers : list
        For each case a pair (value or error, what), or None.
    outcome : Outcome
        How the run went.

    Returns
    -------
    dict
        Of plain data.
    """
    row = {"name": aspect.name, "out_of": aspect.points, "public": aspect.public, "score": None}
    pairs = list(zip(answers, aspect.cases, strict=True))
    why = next(filter(None, (_said(a, case, outcome, aspect.metric) for a, case in pairs)), "")
    points = 0 if why else aspect.points
    if aspect.metric and not why:
        calls = [(a[1], case.expected) for a, case in pairs]
        people = per_person(aspect.metric, calls)
        over = bootstrap(people)
        row |= {"score": over.mean, "low": over.low, "high": over.high, "people": people.tolist()}
        points = max((p for bar, p in aspect.bars if over.mean >= bar), default=0)
        left = [bar for bar, _ in aspect.bars if over.mean < bar]
        odd = next(filter(None, (unusable(*call) for call in calls)), "")
        why = f"{odd and odd + '; '}the next bar is at {min(left):.4f}" if left else ""
    hint = aspect.hint if why else ""
    return row | {"points": points, "right": not why or points > 0, "said": why, "hint": hint}


def _said(answer, case, outcome: Outcome, metric: str) -> str:
    """What is wrong with one answer; empty when it is right."""
    if outcome.missing:
        return "there is no such function in the notebook"
    if answer is None:
        return f"no answer: {outcome.ended or 'the run ended before'}"
    how, value = answer
    if how == "error":
        return {"NotImplementedError": "not answered yet",
                plain.UNPLAIN: "what comes back is no plain number, array, list or text",
                }.get(value, f"raises {value}")  # fmt: skip
    if metric:
        return ""
    return difference(value, case.expected, case.rtol, case.atol)


def mark(submission: submissions.Submission, assignment: Assignment, sandbox: Sandbox) -> dict:
    """The record of one submission; whatever happens, there is one.

    Parameters
    ----------
    submission : Submission
        Where it lies.
    assignment : Assignment
        What was asked.
    sandbox : Sandbox
        Where it runs.

    Returns
    -------
    dict
        As it is stored: student, state, questions, points.
    """
    record: dict[str, Any] = {
        "student": submission.student, "label": submission.label, "file": submission.path.name,
        "state": "marked", "questions": [], "written": {}, "isolated": not sandbox.why,
    }  # fmt: skip
    try:
        content = submissions.read(submission)
        record["written"] = content.written
        asked = [question for question in assignment.questions if question.function]
        record["questions"] = [mark_question(q, content.cells, sandbox) for q in asked]
    except submissions.Unreadable as error:
        record["state"] = str(error)
    except Exception:  # a defect of the grader: never the end of the run
        record["state"] = "the grader failed; the teacher knows"
        record["fault"] = traceback.format_exc()
    return record | {"points": sum(q["points"] for q in record["questions"])}


@dataclasses.dataclass(frozen=True)
class Store:
    """Records on disk, so that an interrupted run goes on where it stopped."""

    folder: Path
    assignment: Assignment
    isolated: bool

    def key(self, submission: submissions.Submission) -> str:
        """Changes when the mark could change."""
        try:
            data = submissions.content_bytes(submission)
        except submissions.Unreadable as error:
            data = str(error).encode()
        parts = [str(VERSION), self.assignment.digest(), str(self.isolated)]
        return hashlib.sha256("\0".join(parts).encode() + data).hexdigest()

    def path(self, submission: submissions.Submission) -> Path:
        """Where the record of a submission lies."""
        return self.folder / "records" / f"{submission.label}.json"

    def get(self, submission: submissions.Submission) -> dict | None:
        """The record, if it is still true."""
        try:
            record = json.loads(self.path(submission).read_text(encoding="utf-8"))
            sound = record["key"] == self.key(submission) and "fault" not in record
            return record if sound else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, submission: submissions.Submission, record: dict) -> dict:
        """Store a record whole or not at all."""
        record = record | {"key": self.key(submission)}
        path = self.path(submission)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(record, indent=1), encoding="utf-8")
        os.replace(unfinished, path)
        return record


def grade_folder(
    folder: Path,
    assignment: Assignment,
    out: Path,
    sandbox: Sandbox,
    jobs: int,
    again: bool = False,
) -> list[dict]:
    """Mark every submission of a folder, several at once.

    Parameters
    ----------
    folder : Path
        What was handed in.
    assignment : Assignment
        What was asked.
    out : Path
        Where records are kept.
    sandbox : Sandbox
        Where submissions run.
    jobs : int
        How many at once.
    again : bool
        True marks also what is marked already.

    Returns
    -------
    list of dict
        One record for each submission, in the order of their names.
    """
    store = Store(out, assignment, not sandbox.why)
    found = submissions.find(folder)

    def one(submission):
        known = None if again else store.get(submission)
        return known or store.put(submission, mark(submission, assignment, sandbox))

    with ThreadPoolExecutor(jobs) as pool:
        waiting = {pool.submit(one, submission): i for i, submission in enumerate(found)}
        try:
            for _ in tqdm(as_completed(waiting), total=len(waiting), desc="marking", unit="file"):
                pass
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in waiting]
