"""The models room: one short file a topic, every method with `fit` and `predict`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["cache", "encoders", "gradient", "language", "pretrained"],
    submod_attrs={
        "amortised": [
            "AttentiveNeuralProcess",
            "ConditionalNeuralProcess",
            "InContextTransformer",
            "MatchingNetwork",
            "RidgeHead",
        ],
        "base": ["Method"],
        "baselines": ["Bias", "GlobalMean", "ItemMean", "Popularity", "RandomScores"],
        "bayes": ["HierarchicalBayes"],
        "gradient": ["ANIL", "MAML", "MetaSGD", "Reptile"],
        "melu": ["MeLU"],
        "encoders": ["encode"],
        "ease": ["EASE"],
        "bpr": ["BPR"],
        "content": ["ContentRidge", "HierarchicalLinear"],
        "hybrid": ["ContentBayes"],
        "low_rank": ["LoRA", "lora"],
        "towers": ["TwoTower"],
        "transfer": ["TransferredBayes"],
        "language": ["LanguageModelRecommender"],
        "informed": ["InformedBayes"],
        "blend": ["BlendedBayes"],
        "profiles": ["Rocchio"],
        "explain": ["influence"],
        "likes": ["LikedItemNeighbours", "LikedUserNeighbours"],
        "neighbours": ["ItemNeighbours", "UserNeighbours"],
        "chains": ["MarkovChain", "RecentItemNeighbours"],
        "sequences": ["BERT4Rec", "SASRec"],
        "factorisation": ["ALS", "BiasedMF"],
        "implicit": ["ImplicitALS"],
        "svdpp": ["SVDPlusPlus"],
    },
)
