"""Where the data and the pretrained models are: found, checked, never downloaded.

pip installs them (`requirements-assets.txt`); this module looks them up, in the folder that the
environment variable METAREC_ASSETS names, then among the installed packages. What may be passed on
lies in `data/` of the repository, and inside the package where pip has installed it. No package of
an asset is imported, and nothing is written. Introduced in chapter 01.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.metadata
import os
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "METAREC_ASSETS"
PACKAGE = Path(__file__).resolve().parents[2]
SHIPPED = PACKAGE / "shipped"  # in a wheel: what pyproject.toml takes along


def installed() -> bool:
    """Whether this is a copy that pip has installed, and no clone of the repository.

    Returns
    -------
    bool
    """
    return not (PACKAGE.parent / "pyproject.toml").is_file()


def data_folder() -> Path:
    """Where the data are that come with the code: inside an installed package, else in the clone.

    Returns
    -------
    Path
    """
    return SHIPPED if installed() else PACKAGE.parent / "data"


def own_remedy() -> str:
    """What to do when a file that comes with the code is missing or damaged.

    Returns
    -------
    str
    """
    if not installed():
        return "restore the file from the repository: git checkout -- data"
    return (
        "install metarec again, from where you have it: "
        "python -m pip install --force-reinstall --no-deps FOLDER_OR_ADDRESS"
    )


@dataclasses.dataclass(frozen=True)
class Asset:
    """One thing that the book needs: its files, where they may be, and how to get them."""

    what: str
    chapters: str
    folder: str  # below site-packages, below METAREC_ASSETS, or below `data_folder()`
    files: Mapping[str, tuple[int, str]]  # name: size in bytes, sha256
    package: str | None = None  # None: it comes with the code
    version: str = ""
    elsewhere: tuple[str, ...] = ()  # other places below METAREC_ASSETS
    single_file: bool = False  # `find` gives the file, not its folder
    official: Mapping[str, tuple[int, str]] = dataclasses.field(default_factory=dict)

    @property
    def remedy(self) -> str:
        """What to do when it is missing."""
        if self.package is None:
            return own_remedy()
        return f"run: {self.install()}  (it brings {self.package}=={self.version})"

    def install(self, again: bool = False) -> str:
        """The command that installs the package that brings it.

        Parameters
        ----------
        again : bool
            Though it is installed already.

        Returns
        -------
        str
        """
        what = "--require-hashes -r requirements-assets.txt"
        if installed():  # there is no list; `find` compares the hashes of the files all the same
            what = f"{self.package}=={self.version}"
        return f"python -m pip install {'--force-reinstall ' * again}--no-deps {what}"


def _listed() -> dict[str, Asset]:
    text = (Path(__file__).with_name("asset_list.toml")).read_text(encoding="utf-8")
    return {name: Asset(**entry) for name, entry in tomllib.loads(text).items()}


ASSETS = _listed()


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
        super().__init__(problem, remedy)
        self.problem, self.remedy = problem, remedy

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"


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


def find(name: str, verify: bool = False) -> Path:
    """Where an asset is on this machine.

    The folder in METAREC_ASSETS comes first; there, a folder filled by `pip install --target`
    and, for MovieLens-100K, GroupLens's own `ml-100k/` or `ml-100k.zip` are understood.

    Parameters
    ----------
    name : str
        `"movielens-100k"`, `"encoder"`, `"language-model"`, `"movielens-2016"`, `"film-facts"` or
        `"shop"`.
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
    version = _installed_version(asset.package) if asset.package else "comes with the code"
    return Status(name, asset.what, version, path, not problem, problem, remedy, asset.chapters)


def _asset(name: str) -> Asset:
    if name not in ASSETS:
        raise ValueError(f"no asset is called {name!r}; the names are {', '.join(ASSETS)}")
    return ASSETS[name]


def _installed_version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
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
        known = (*asset.files, *asset.official)
        if place.is_file() or any((place / name).exists() for name in known):
            return place
    return None


def _own_place(asset: Asset) -> Path | None:
    """The asset among the installed packages or with the code."""
    if asset.package is None:
        place = data_folder() / asset.folder
        return place if place.is_dir() else None
    try:
        distribution = importlib.metadata.distribution(asset.package)
    except importlib.metadata.PackageNotFoundError:
        return None
    place = Path(str(distribution.locate_file(asset.folder)))
    return place if place.is_dir() else None


def _check_place(asset: Asset, place: Path, verify: bool) -> None:
    if place.is_file():
        return _check_archive(asset, place)
    official = any((place / name).exists() for name in asset.official)
    for name, (size, sha256) in (asset.official if official else asset.files).items():
        _check_file(asset, place / name, size, sha256 if verify else None)
    return None


def _check_file(asset: Asset, path: Path, size: int, sha256: str | None) -> None:
    again = repair(asset, path)
    if not path.is_file():
        raise AssetError(f"{path} is missing", again)
    found = path.stat().st_size
    if found != size:
        raise AssetError(f"{path} has {found} bytes instead of {size}", again)
    if sha256 and _sha256(path, path.stat().st_mtime_ns) != sha256:
        raise AssetError(f"{path} is damaged: its sha256 is not {sha256[:12]}...", again)


def repair(asset: Asset, path: Path) -> str:
    """What to do about a damaged file, which depends on who put it there.

    Parameters
    ----------
    asset : Asset
    path : pathlib.Path
        The file, or a folder above it.

    Returns
    -------
    str
    """
    if asset.package is None:
        return own_remedy()
    folder = os.environ.get(VARIABLE, "").strip()
    if folder and path.is_relative_to(Path(folder).expanduser()):
        return f"replace it, or unset {VARIABLE} and run: {asset.install()}"
    return f"run: {asset.install(again=True)}"


def _check_archive(asset: Asset, path: Path) -> None:
    again = repair(asset, path)
    if path.stat().st_size == 0:
        raise AssetError(f"{path} is empty (0 bytes)", again)
    if not zipfile.is_zipfile(path):
        raise AssetError(f"{path} is not a whole zip archive", again)


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, changed: int) -> str:
    """SHA-256 of a file; `changed` is its time stamp, so that an edited file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
