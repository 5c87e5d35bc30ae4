"""Make `data/shop/`: the products, the customers and what they think, all of it made up by us.

    python tools/data/make_shop.py

One seed, so the same files come out again, byte for byte. The texts are put together from
`shop_words.toml`; the customers follow the book's model of ratings up to rounding to stars, and
buy what they expect to like. What the files do not tell about real shops is in their data card.
"""

from __future__ import annotations

import gzip
import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import typer

SEED = 20261126
N_CUSTOMERS, STYLES_A_KIND = 3000, 3
DIRECTIONS = ["outdoor", "natural", "playful", "premium"]
MEAN, NOISE = 3.2, 0.7  # stars
# People differ in generosity first, then in the four directions; some tastes go together.
SPREAD = np.array([0.35, 0.34, 0.30, 0.26, 0.30])
ALIKE = np.array([
    [1.0, 0.0, 0.1, 0.1, -0.2],
    [0.0, 1.0, 0.4, 0.0, 0.0],
    [0.1, 0.4, 1.0, 0.0, 0.2],
    [0.1, 0.0, 0.0, 1.0, -0.3],
    [-0.2, 0.0, 0.2, -0.3, 1.0],
])  # fmt: skip
LIKED_BY_ALL = np.array([0.0, 0.10, 0.10, 0.05, -0.05])  # the mean of the customers' tastes
HIDDEN = 0.6  # spread of what no text tells of a product, in each direction
QUALITY = 0.30  # spread of how good a product is, in stars
EAGER = 1.2  # how strongly customers buy what they expect to like
WORDS = Path(__file__).with_name("shop_words.toml")


def products(generator: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """The catalogue, and each product's true vector (b_i, v_i)."""
    rows, natures = [], []
    for department, words in tomllib.loads(WORDS.read_text("utf-8")).items():
        styles = words["styles"]
        for kind in words["kinds"]:
            for pick in np.sort(generator.choice(len(styles), STYLES_A_KIND, replace=False)):
                style = styles[pick]
                price = round(kind[5] * style[5]) - 0.05
                title = f"{style[0]} {kind[0]}"
                title = title[0].upper() + title[1:]
                rows.append((title, department, price, f"{title}. {kind[6]} {style[6]}"))
                natures.append([kind[n] + style[n] for n in range(1, 5)])
    told = np.array(natures, dtype=float)
    told = (told - told.mean(0)) / told.std(0)
    hidden = generator.normal(0, HIDDEN, told.shape)
    quality = generator.normal(0, QUALITY, len(told))
    vectors = np.column_stack([quality, told + hidden]).round(3)
    order = generator.permutation(len(rows))  # departments do not stand in rows
    table = pd.DataFrame(rows, columns=["title", "department", "price", "text"])
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "item", np.arange(1, len(table) + 1))
    return table, vectors[order]


def customers(generator: np.random.Generator) -> np.ndarray:
    """Each customer's true vector (b_u, p_u)."""
    covariance = ALIKE * np.outer(SPREAD, SPREAD)
    return generator.multivariate_normal(LIKED_BY_ALL, covariance, N_CUSTOMERS).round(3)


def purchases(
    generator: np.random.Generator, tastes: np.ndarray, vectors: np.ndarray
) -> pd.DataFrame:
    """Who bought what, and the stars that were given."""
    n_products = len(vectors)
    expected = MEAN + tastes[:, :1] + vectors[:, 0] + tastes[:, 1:] @ vectors[:, 1:].T
    fame = generator.normal(0, 1, n_products)
    draw = fame + EAGER * expected + generator.gumbel(size=expected.shape)
    how_many = np.clip(generator.lognormal(np.log(24), 0.6, N_CUSTOMERS), 5, 120).astype(int)
    users, items = [], []
    for user, count in enumerate(how_many):
        users.append(np.full(count, user))
        items.append(np.argsort(-draw[user])[:count])
    users, items = np.concatenate(users), np.concatenate(items)
    given = expected[users, items] + generator.normal(0, NOISE, len(users))
    stars = np.clip(np.rint(given), 1, 5).astype(int)
    table = pd.DataFrame({"user": users + 1, "item": items + 1, "rating": stars})
    return table.sort_values(["user", "item"], ignore_index=True)


def named(values: np.ndarray, key: str, first: str) -> pd.DataFrame:
    """True vectors as a table."""
    table = pd.DataFrame(values, columns=[first, *DIRECTIONS])
    table.insert(0, key, np.arange(1, len(table) + 1))
    return table


def write(path: Path, table: pd.DataFrame) -> None:
    """CSV with Unix line ends, and gzip without a time stamp; Pythons pack differently."""
    text = table.to_csv(index=False, lineterminator="\n").encode()
    path.write_bytes(gzip.compress(text, 9, mtime=0) if path.suffix == ".gz" else text)


def main(folder: Path = Path("data/shop")) -> None:
    """Write the four files into the folder and print their hashes."""
    generator = np.random.default_rng(SEED)
    catalogue, vectors = products(generator)
    tastes = customers(generator)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "products.csv", catalogue)
    write(folder / "ratings.csv.gz", purchases(generator, tastes, vectors))
    write(folder / "true_products.csv", named(vectors, "item", "quality"))
    write(folder / "true_customers.csv.gz", named(tastes, "user", "generosity"))
    for path in sorted(folder.glob("*.csv*")):
        content = path.read_bytes()
        print(hashlib.sha256(content).hexdigest(), len(content), path.name)


if __name__ == "__main__":
    typer.run(main)
