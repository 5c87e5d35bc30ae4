"""Every method of the book, a folder a family, each with `fit` and `predict`.

A file lists in `__all__` what it offers, and `metarec.models` offers the same: a new method is
found by being written.
"""

import lazy_loader

from metarec._lazy import offered

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "cache",
        "bayes",
        "content",
        "factorization",
        "meta",
        "neighbours",
        "pretrained",
        "registry",
        "sequential",
    ],
    submod_attrs=offered(__path__[0]),
)
