"""The evaluation room: metrics, protocols, intervals, the leaderboard, and claims that check."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["claims"],
    submod_attrs={
        "metrics": ["mae", "pairwise_accuracy", "rmse"],
        "top": ["take", "top_k"],
        "ranking": ["exponential_gain", "hit_rate", "mrr", "ndcg", "precision", "recall"],
        "exposure": ["coverage", "exposure_counts", "gini", "lorenz", "novelty"],
        "calibration": ["calibration_curve", "calibration_error", "interval_coverage"],
        "uncertainty": ["Interval", "bootstrap", "paired"],
        "claims": ["ClaimError", "check", "say"],
    },
)
