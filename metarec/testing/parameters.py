"""Promises about parameters."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator

from metarec.data.episodes import Episodes
from metarec.testing.data import levels
from metarec.testing.promises import finite, promise
from metarec.testing.trial import Trial

BAD = (-1, math.nan, 0, "a text")  # what each parameter is set to; some may be in its range


@promise("list it in the class attribute `ranges`, as metarec.models.parameters.Range or OneOf")
def parameters_have_ranges(trial: Trial) -> str | None:
    """Each parameter that is a number or a switch stands in `ranges`, and the settings keep to it.

    Asked of classes that have `ranges`, as every subclass of `Method` has.
    """
    ranges = getattr(trial.method, "ranges", None)
    if ranges is None:
        return None
    lacking = [n for n, p in trial.parameters.items() if _is_number(p) and n not in ranges]
    if lacking:
        return f"no range of {', '.join(lacking)}"
    unknown = set(ranges) - set(trial.parameters)
    if unknown:
        return f"ranges of {sorted(unknown)}, which are no parameters"
    settings = [{name: trial.parameters[name].default for name in ranges}]
    for several in ("book_settings", "variants"):
        settings += getattr(trial.method, several, {}).values()
    outside = [
        f"{name}={value!r}"
        for chosen in settings
        for name, value in chosen.items()
        if name in ranges and value not in ranges[name]
    ]
    return f"settings out of range: {', '.join(outside)}" if outside else None


@promise("let `fit` begin with `self.check_parameters()`, and narrow the range to what works")
def parameters_out_of_range_are_refused(trial: Trial) -> str | None:
    """A parameter of −1, NaN, 0 or a text is refused in words by `fit`, or it works.

    The ValueError names the parameter and its range. Asked of classes that have `ranges`.
    """
    wrong = list(_parameter_faults(trial))
    return "; ".join(wrong) or None


def _parameter_faults(trial: Trial) -> Iterator[str]:
    few = trial.train.keep_users(trial.train.users.index[:12])
    (low, *_, high), ids = levels(few), few.items.index
    person = Episodes.of_one(few, {ids[0]: high, ids[1]: low})
    for name, allowed in (getattr(trial.method, "ranges", None) or {}).items():
        for value in BAD:
            try:
                predicted = trial.new(**{name: value}).fit(few).predict(person)
            except ValueError as error:
                said = name in str(error) and str(allowed) in str(error)
                if value in allowed or not said:
                    yield f"{name}={value!r} gives ValueError: {error}"
            except Exception as error:  # whatever a bad value may lead to
                yield f"{name}={value!r} gives {type(error).__name__}: {error}"
            else:
                if value not in allowed:
                    yield f"{name}={value!r} is accepted"
                elif not finite(predicted, person):
                    yield f"{name}={value!r} gives numbers that are not finite"


def _is_number(parameter: inspect.Parameter) -> bool:
    """Whether a number or a switch is meant, by the default or by what is written beside it."""
    written = re.split(r"\s*\|\s*", str(parameter.annotation))
    return isinstance(parameter.default, int | float) or bool({"int", "float", "bool"} & {*written})
