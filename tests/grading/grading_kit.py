"""Made-up assignments and notebooks for the grader's tests."""

import functools
import json

import filelock
import numpy as np

from metarec.grading import Aspect, Assignment, Case, Limits, Question, Sandbox

# Small, because many tests reach them.
LIMITS = Limits(cpu=2, wall=10, statement=0.5, memory=400, answer=4)


def notebook(*cells, language="python", **metadata):
    """A submitted notebook as bytes."""
    code = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": 1}
        for cell in cells
    ]
    about = {"kernelspec": {"language": language, "name": language}, **metadata}
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": code}
    return json.dumps(document).encode()


def centre_assignment(limits=LIMITS, n_cases=3):
    """One question: the mean of an array; its first aspect is worth 2 points, the other 1."""
    secret = np.random.default_rng(7)
    inputs = [secret.uniform(1, 5, size=20) for _ in range(n_cases)]
    cases = tuple(Case((x,), float(x.mean())) for x in inputs)
    one = Case((np.array([4.25]),), 4.25)
    aspects = (
        Aspect("two numbers", 0, "", (Case((np.array([1.0, 2.0]),), 1.5),), public=True),
        Aspect("many numbers", 2, "Divide by how many there are.", cases),
        Aspect("one number", 1, "It is its own mean.", (one,)),
    )
    question = Question("1", "The centre", 3, "centre", aspects)
    return Assignment("centre", "The centre", 7, ("numpy",), (question,), limits)


@functools.cache
def flags():
    """What the command line needs on this machine: where no sandbox works, marks are the same."""
    return ("--no-sandbox",) if Sandbox().warning else ()


def once(tmp_path_factory, worker_id, name, make):
    """What `make(folder)` returns, as JSON knows it, made by one of several pytest workers."""
    folder = tmp_path_factory.mktemp(name)
    if worker_id == "master":  # there is only one
        return make(folder)
    stored = tmp_path_factory.getbasetemp().parent / f"{name}.json"
    with filelock.FileLock(f"{stored}.lock"):
        if not stored.exists():
            stored.write_text(json.dumps(make(folder)), encoding="utf-8")
        return json.loads(stored.read_text(encoding="utf-8"))
