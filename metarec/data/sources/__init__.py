"""Where ratings come from: MovieLens, a file of the reader's, the shop, a simulator."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["assets", "csv", "files", "movielens", "shop", "simulated"]
)
