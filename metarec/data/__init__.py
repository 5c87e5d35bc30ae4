"""The data room: ratings, episodes, splits, film facts, and where the assets are."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["assets", "holdouts", "simulate", "splits"],
    submod_attrs={
        "assets": ["AssetError"],
        "ratings": ["Ratings"],
        "episodes": ["Episodes"],
        "device": ["pick"],
        "readers": ["movielens_100k", "movielens_2016", "read_csv", "read_movielens"],
        "features": ["genre_table", "item_features", "item_terms", "tfidf"],
        "own_features": ["with_features"],
        "facts": ["film_facts", "shared_items", "wikidata_films"],
        "shopping": ["shop", "shop_truth"],
        "splits": ["another_population", "both_new", "newcomers"],
        "holdouts": ["new_items", "next_item", "rating_folds", "top_n"],
    },
)
