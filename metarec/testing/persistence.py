"""Promises about what comes before `fit` and what lasts after it: saving and loading."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from metarec.testing.promises import differs, promise
from metarec.testing.trial import Trial


@promise("keep all that was learned in attributes that end in an underscore, see `Method.save`")
def saved_and_loaded_it_answers_alike(trial: Trial) -> str | None:
    """A saved method keeps parameters, what was learned, and answers. Asked of what has `save`."""
    method = trial.fitted(trial.train)
    loaded = saved_and_loaded(method)
    if loaded is None:
        return None
    if hasattr(method, "get_params"):
        old, new = (_plain(one.get_params()) for one in (method, loaded))
        if old != new:
            return f"the parameters {new}, not {old}"
    learned, kept = (_learned(one) for one in (method, loaded))
    if learned != kept:
        return f"attributes of other shapes: {sorted(learned.items() ^ kept.items())}"
    one, other = (m.predict(trial.episodes) for m in (loaded, method))
    return differs(one, other, trial.episodes.query_mask)


@promise("raise sklearn.exceptions.NotFittedError with the words `call fit`, as `Method.rows` does")
def before_fit_it_says_so(trial: Trial) -> str | None:
    """Before `fit`, `predict` says what to do. Asked of what has `get_params`."""
    if not hasattr(trial.method, "get_params"):
        return None
    try:
        trial.new().predict(trial.episodes)
    except NotFittedError as error:
        return None if "call fit" in str(error) else f"the words {error}"
    return "an answer"


def saved_and_loaded(method: Any) -> Any:
    """The method from its file; None for a class that has no `save` and `load`."""
    if not hasattr(method, "save") or not hasattr(method, "load"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        return type(method).load(method.save(Path(folder) / "method.safetensors"))


def _learned(method: Any) -> dict[str, tuple[int, ...]]:
    """Shapes of what `fit` stored; a number has none, and must not come back as a list of one."""
    return {name: np.shape(value) for name, value in vars(method).items() if name.endswith("_")}


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {n: str(v) if isinstance(v, Path) else v for n, v in parameters.items()}
