"""Learning to learn: MAML and its relatives, MeLU, and learners in one forward pass."""

import lazy_loader

from metarec._lazy import offered

# Beside the methods: the parts that chapter 11 builds by hand and compares.
_PARTS = {
    "maml": ["adapt", "forward", "hidden", "query_loss"],
    "melu": ["evidence_candidates", "person_facts"],
    "tasks": ["Batch", "Tasks", "cross_fit"],
}
_LISTED = offered(__path__[0])
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={m: [*_LISTED.get(m, []), *_PARTS.get(m, [])] for m in {**_LISTED, **_PARTS}},
)
