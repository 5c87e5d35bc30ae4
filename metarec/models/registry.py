"""All methods by name: those of the book, found in their files, and those that a reader adds.

Everything that lists methods asks here: the command line, the comparison, the API pages, the
conformance tests. What is known about a method stands on its class, see `metarec.models.Method`.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from metarec.models.base import Method, RankingMethod

__all__ = ["register", "unregister"]

K = TypeVar("K", bound=type)
_JOINED: dict[str, type] = {}


class Row(NamedTuple):
    """One row of the comparison: a class with settings.

    Attributes
    ----------
    label : str
    kind : type
    family : str
    fits : tuple of str
        Protocols that ask what it can answer.
    settings : dict from protocol to dict
        As `Method.book_settings`.
    """

    label: str
    kind: type
    family: str
    fits: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]]

    def method(self, protocol: str = "", **more: Any) -> Any:
        """The unfitted method with the book's settings for a protocol.

        Parameters
        ----------
        protocol : str
        **more
            Parameters that come on top.

        Returns
        -------
        Method
        """
        chosen = self.settings.get(protocol, self.settings.get("", {}))
        return self.kind(**{**chosen, **more})


def register(kind: K) -> K:
    """Let a method of your own join: the command line and the comparison then know it.

    A plain class with `fit(ratings)` and `predict(episodes)` will do, and every attribute of
    `metarec.models.Method` may be set on it: `label`, `family`, `fits`, `predicts_ratings`.

    Parameters
    ----------
    kind : type

    Returns
    -------
    type
        The class itself, so that this can stand above it as a decorator.

    Raises
    ------
    TypeError
        When the class lacks `fit` or `predict`.
    ValueError
        When a method of the book has its name or its label.

    Examples
    --------
    >>> import metarec as mr
    >>> @mr.models.register
    ... class Fives:
    ...     label = "fives"
    ...     def fit(self, ratings):
    ...         return self
    ...     def predict(self, episodes):
    ...         return 5.0 + 0 * episodes.query_items
    >>> row("fives").family
    'yours'
    >>> unregister(Fives)
    """
    if lacking(kind):
        raise TypeError(f"{kind.__name__} lacks {' and '.join(lacking(kind))}; a method needs both")
    mine = _row(kind)
    for other in _of_the_book().values():
        if name_to_type(kind) == name_to_type(other):
            raise ValueError(f"the book has a class {other.__name__}; give yours another name")
        if mine.label in (other.label, *other.variants):
            raise ValueError(
                f"the book has a method called {mine.label}; set another `label` on your class"
            )
    _JOINED[kind.__name__] = kind
    return kind


def lacking(kind: type) -> list[str]:
    """What a class must still get before it is a method.

    Parameters
    ----------
    kind : type

    Returns
    -------
    list of str
        Of "fit" and "predict".
    """
    return [name for name in ("fit", "predict") if not callable(getattr(kind, name, None))]


def unregister(kind: type) -> None:
    """Let a method of your own leave again.

    Parameters
    ----------
    kind : type
        One that was registered.
    """
    del _JOINED[kind.__name__]


@functools.cache
def _of_the_book() -> dict[str, type[Method]]:
    package = importlib.import_module("metarec.models")
    values = {name: getattr(package, name) for name in package.__all__}
    return {name: value for name, value in values.items() if _is_method(value)}


def methods() -> dict[str, type]:
    """Every method: those of the book, then those that were registered.

    Returns
    -------
    dict from class name to class
    """
    return {**_of_the_book(), **_JOINED}


def rows() -> dict[str, Row]:
    """Every row of the comparison that a class makes.

    Returns
    -------
    dict from label to Row
    """
    found = {}
    for kind in methods().values():
        mine = _row(kind)
        found[mine.label] = mine
        for label, settings in getattr(kind, "variants", {}).items():
            found[label] = mine._replace(label=label, settings={"": settings})
    return found


def row(label: str) -> Row | None:
    """The row with this label, or the one of which it is a special case.

    Parameters
    ----------
    label : str
        "EASE", say; "hierarchical Bayes, pooled" is a case of "hierarchical Bayes".

    Returns
    -------
    Row or None
        None for a label that no class has.
    """
    known = rows()
    while label not in known and "," in label:
        label = label.rpartition(",")[0]
    return known.get(label)


def name_to_type(kind: type) -> str:
    """A class's name as it is typed on the command line.

    Parameters
    ----------
    kind : type

    Returns
    -------
    str

    Examples
    --------
    >>> from metarec.models import BiasedMF, SVDPlusPlus
    >>> name_to_type(BiasedMF), name_to_type(SVDPlusPlus)
    ('biased-mf', 'svd-plus-plus')
    """
    return _typed(kind.__name__)


def named(typed: str) -> type | None:
    """The method with such a name on the command line; no other method is loaded.

    Parameters
    ----------
    typed : str
        As `name_to_type` gives it.

    Returns
    -------
    type or None
        None when no method has that name.

    Examples
    --------
    >>> named("ease").__name__
    'EASE'
    """
    package = importlib.import_module("metarec.models")
    for name in package.__all__:
        if _typed(name) == typed and _is_method(kind := getattr(package, name)):
            return kind
    return next((kind for kind in _JOINED.values() if name_to_type(kind) == typed), None)


def _typed(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def _is_method(value: object) -> bool:
    return (
        inspect.isclass(value)
        and issubclass(value, Method)
        and value not in (Method, RankingMethod)
    )


def _row(kind: type) -> Row:
    return Row(
        getattr(kind, "label", kind.__name__),
        kind,
        getattr(kind, "family", "yours"),
        tuple(getattr(kind, "fits", ())),
        getattr(kind, "book_settings", {}),
    )
