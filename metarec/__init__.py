"""metarec: the algorithms, protocols and proofs behind *Recommenders That Learn to Learn*.

Ratings flow in one direction: `metarec.data` makes tables and episodes, `metarec.models` turns
them into predictions, `metarec.evaluation` turns predictions into numbers and claims.
"""

import lazy_loader

__version__ = "0.1.0"

# All of it loads on first use, so that `import metarec` stays under a second.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["book", "data", "evaluation", "models", "testing"],
    submod_attrs={"book": ["as_table", "check", "leaderboard", "percent", "plots", "say"]},
)
