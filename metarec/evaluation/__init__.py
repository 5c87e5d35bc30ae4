"""The evaluation room: metrics, protocols, intervals, the leaderboard, and claims that check."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["claims", "comparison", "contests", "costs", "judging", "leaderboard"],
    submod_attrs={
        "metrics": ["mae", "pairwise_accuracy", "rmse"],
        "top": ["take", "top_k"],
        "ranking": ["exponential_gain", "hit_rate", "mrr", "ndcg", "precision", "recall"],
        "exposure": [
            "coverage",
            "exposure_counts",
            "gini",
            "lorenz",
            "novelty",
        ],
        "diversity": ["intra_list_similarity", "profile"],
        "calibration": ["calibration_curve", "calibration_error", "interval_coverage"],
        "uncertainty": ["Interval", "bootstrap", "paired"],
        "results": ["Result"],
        "protocols": [
            "another_population",
            "both_new",
            "classic_ratings",
            "classic_top_n",
            "new_items",
            "newcomers",
            "next_item",
        ],
        "judging": ["tune", "tune_each"],
        "claims": ["ClaimError", "check", "percent", "say"],
    },
)
