"""Ratings, episodes, splits, film facts, and where the assets are."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["splits"],
    submod_attrs={
        "sources": ["assets", "simulated"],
        "sources.assets": ["AssetError"],
        "sources.csv": ["read_csv"],
        "sources.movielens": ["movielens_100k", "movielens_2016", "read_movielens"],
        "sources.shop": ["shop", "shop_truth"],
        "ratings": ["Ratings"],
        "episodes": ["Episodes"],
        "device": ["pick_device"],
        "features": ["genre_table", "item_features", "item_terms", "tfidf", "with_features"],
        "whitening": ["whiten"],
        "facts": ["film_facts", "shared_items", "wikidata_films"],
        "splits": ["another_population", "both_new", "newcomers"],
        "splits.classic": ["new_items", "next_item", "rating_folds", "top_n"],
    },
)
