"""Predictions into numbers: metrics, protocols, experiments, intervals, costs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["costs", "experiment"],
    submod_attrs={
        "metrics": ["mae", "pairwise_accuracy", "rmse"],
        "ranking": [
            "exponential_gain",
            "hit_rate",
            "mrr",
            "ndcg",
            "precision",
            "recall",
            "take",
            "top_k",
        ],
        "exposure": [
            "coverage",
            "exposure_counts",
            "gini",
            "intra_list_similarity",
            "lorenz",
            "novelty",
            "profile",
        ],
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
        "experiment": [
            "Fitted",
            "Recommender",
            "ablate",
            "fit",
            "score",
            "score_lists",
            "tune",
            "tune_each",
        ],
    },
)
