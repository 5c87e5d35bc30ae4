"""Predictions into numbers: metrics, protocols, experiments, intervals, costs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["costs", "experiment"],
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
        "experiment": ["tune", "tune_each"],
    },
)
