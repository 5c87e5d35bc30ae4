"""What only the book needs: claims, stored results, their comparison, figures, the command line."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "claims",
        "comparison",
        "doctor",
        "families",
        "leaderboard",
        "paired_tests",
        "plots",
        "recommend",
    ],
    submod_attrs={"claims": ["ClaimError", "as_table", "check", "percent", "say"]},
)
