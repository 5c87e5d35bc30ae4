"""Hierarchical Bayes and what can stand in its prior: content, other populations, traits."""

import lazy_loader

from metarec._lazy import offered

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=offered(__path__[0]))
