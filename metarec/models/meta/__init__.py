"""Learning to learn: MAML and its relatives, MeLU, and learners in one forward pass."""

import lazy_loader

from metarec._lazy import offered

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=offered(__path__[0]))
