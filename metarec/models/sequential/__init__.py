"""The next film: Markov chains, recent neighbours, SASRec, BERT4Rec."""

import lazy_loader

from metarec._lazy import offered

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs=offered(__path__[0]))
