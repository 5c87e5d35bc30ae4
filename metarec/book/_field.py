"""Who takes part in the great comparison, and where: names of protocols, families of methods."""

from __future__ import annotations

NEWCOMERS, ORDERED = "newcomers", "newcomers in order of time"
NOTHING_NEW, NEW_ITEMS, NEXT = "both new", "new items", "next item"
FOLDS, TOP_N = "classic ratings", "classic top-N"
STRANGERS = "another population, 0 target users"
JOINED = "another population, all target users"
HB, CONTENT = "hierarchical Bayes", "hierarchical Bayes + content"

# The protocols of the page, each with the metrics that it shows.
METRICS = {
    NEWCOMERS: ("rmse", "pairwise", "ndcg@5"),
    ORDERED: ("rmse", "pairwise"),
    NOTHING_NEW: ("rmse", "pairwise"),
    NEW_ITEMS: ("ndcg@10",),
    STRANGERS: ("rmse",),
    JOINED: ("rmse",),
    NEXT: ("ndcg@10",),
    TOP_N: ("ndcg@10",),
    FOLDS: ("rmse",),
}
# Which kind of method each is: what a reader filters by, and what says which protocols fit.
FAMILIES = {
    "yardstick": ["chance", "global mean", "item mean", "popularity", "item + user bias",
                  "item + user bias, pooled"],
    "neighbours": ["user kNN", "item kNN"],
    "neighbours by likes": ["EASE", "item kNN, cosine", "item kNN, tf-idf", "item kNN, BM25",
                            "user kNN, BM25"],
    "factors": ["ALS", "ALS (folds)", "biased MF", "biased MF (folds)", "SVD++", "SVD++ (folds)"],
    "factors of likes": ["implicit ALS", "implicit ALS with dislikes", "BPR"],
    "content": ["content ridge", "content ridge, known at release", "Rocchio profile",
                "hierarchical linear model", "two towers", "two towers, not corrected"],
    "sequences": ["item kNN, whole history", "item kNN, recent items", "Markov chain",
                  "Markov chain with skips", "SASRec", "BERT4Rec"],
    "text encoder": ["linear on genres", "linear on text", "linear on taught",
                     "linear on genres year", "linear on genres year text",
                     "linear on genres year taught", "linear on genres year critics text",
                     "ridge on text", "ridge on genres year text",
                     "ridge on genres year critics text"],
    "language model": ["language model", "language model, tuned"],
    "learned prior": [HB, f"{HB}, generosity only", f"{HB}, pooled", CONTENT,
                      f"{CONTENT}, target only", f"{CONTENT}, pooled", f"{CONTENT}, transferred"],
    "gradient-based": ["MAML", "FOMAML", "Reptile", "ANIL", "Meta-SGD", "MeLU"],
    "in one pass": ["matching network", "neural process", "attentive process", "ridge head",
                    "transformer", "correcting transformer",
                    "transformer and closed form, averaged"],
    "informed prior": ["informed Bayes", "informed Bayes, no traits", "blended Bayes"],
}  # fmt: skip
FEW = (NEWCOMERS, ORDERED, STRANGERS, JOINED)  # at most twenty ratings of each person are shown
LISTS = (*FEW, NEXT, TOP_N)
# Protocols that each family, or one method of it, can be asked on. Films that nobody has rated need
# content, classic ratings need a method that predicts stars. Gradient-based methods and those in
# one pass are trained on people of whom at most twenty ratings are shown: whole histories are
# another question. Methods of sequences are trained for the next film. The language models of
# chapter 09 are slow, and were asked by twenty people: a protocol that is not on the page.
FITS = {
    "neighbours": (*LISTS, FOLDS),
    "neighbours by likes": LISTS,
    "factors": (*LISTS, FOLDS),
    "factors of likes": LISTS,
    "content": (*LISTS, NOTHING_NEW, NEW_ITEMS),
    "hierarchical linear model": (*LISTS, NOTHING_NEW, NEW_ITEMS, FOLDS),
    "sequences": (NEXT,),
    "learned prior": (*LISTS, FOLDS),
    "gradient-based": FEW,
    "in one pass": FEW,
    "informed prior": tuple(METRICS),
}
# Endings of the names of variants, which are run where their chapter needs them.
VARIANTS = ("only", "pooled", "transferred", "no traits", "averaged", "release", "corrected",
            "dislikes", "cosine", "tf-idf")  # fmt: skip
FAMILY = {method: family for family, methods in FAMILIES.items() for method in methods}
