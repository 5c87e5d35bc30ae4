"""Files as readers of this book have them: plain, gzipped, in a zip archive, oddly encoded.

Everything is read into memory and nothing is ever extracted to disk, so an archive cannot write
outside its folder. Errors name the file, the line and the remedy.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import warnings
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import pandas as pd

LARGEST = 4 * 2**30  # bytes that one file of an archive may unpack to


def read_bytes(path: str | os.PathLike) -> bytes:
    """The content of a file, unpacked when it is gzipped (told by its first bytes, not its name).

    Parameters
    ----------
    path : path-like

    Returns
    -------
    bytes

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it is a folder, empty, or a truncated or damaged gzip file.
    """
    path = Path(path).expanduser()
    release = "call read_movielens for a MovieLens release"
    if path.is_dir():
        raise ValueError(f"{path} is a folder; pass the file itself, or {release}")
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist; check the path (this process runs in {Path.cwd()})"
        )
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = _gunzip(content, path)
    if content[:4] == b"PK\x03\x04":
        raise ValueError(f"{path} is a zip archive; unpack it first, or {release}")
    if not content.strip():
        raise ValueError(f"{path} is empty; pass a file with a header and at least one rating")
    return content


def _gunzip(content: bytes, path: Path) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"{path} is a truncated or damaged gzip file ({error}); copy or download it again"
        ) from error


def decode(content: bytes, encoding: str | None, where: object) -> str:
    """Text of a file: UTF-8 or UTF-16 by its byte order mark, else UTF-8, or as told.

    Parameters
    ----------
    content : bytes
    encoding : str, optional
    where : object
        What to call the file in errors.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        When the bytes are not text in this encoding; the message names the line.
    """
    if encoding is None:
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except LookupError as error:
        raise ValueError(
            f'encoding {encoding!r} is unknown; pass for example encoding="latin-1"'
        ) from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{where}, line {line}: byte 0x{content[error.start]:02x} is not {encoding} text; "
            'pass the encoding, for example encoding="latin-1" or "cp1252"'
        ) from error


def parse(text: str, where: object, **options: object) -> pd.DataFrame:
    """Let pandas read a table; blank lines are dropped, the index counts the lines of data.

    Parameters
    ----------
    text : str
    where : object
        What to call the file in errors.
    **options
        For `pandas.read_csv`.

    Returns
    -------
    pandas.DataFrame
        Row n stands n lines below the first line of data. Only an empty field is missing: a
        user called "NA" is a user.

    Raises
    ------
    ValueError
        When the lines do not have the same number of fields, or a quote is not closed.
    """
    options = {"keep_default_na": False, "na_values": [""], "index_col": False} | options
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # longer lines than the header
            table = pd.read_csv(
                io.StringIO(text), skip_blank_lines=False, low_memory=False, **options
            )
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{where} is empty; pass a file with at least one rating") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ValueError(f"{where}: {_line_of(error)}; check the separator and quotes") from error
    return table[table.notna().any(axis=1)]


def _line_of(error: Exception) -> str:
    """pandas says "Expected 3 fields in line 12, saw 4" after some boilerplate."""
    if isinstance(error, pd.errors.ParserWarning):
        return "the lines have more fields than the first line"
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if found:
        return f"line {found[2]} has {found[3]} fields instead of {found[1]}"
    return str(error).strip().removeprefix("Error tokenizing data. C error: ")


def located(error: ValueError, where: object, first_line: int) -> ValueError:
    """The same complaint with the file in front and the line beside each row number.

    Parameters
    ----------
    error : ValueError
        From `Ratings.from_table`, which counts rows from 0.
    where : object
        What to call the file.
    first_line : int
        Line of the file on which row 0 stands.

    Returns
    -------
    ValueError
        To be raised by the caller.
    """

    def with_line(row: re.Match) -> str:
        return f"at row {row[1]} (line {int(row[1]) + first_line})"

    return ValueError(f"{where}: {re.sub(r'at row ([0-9]+)', with_line, str(error))}")


class Folder:
    """The files of a release, in a folder or in a zip archive, at the top or one level below.

    Parameters
    ----------
    path : path
        A folder or a zip archive.

    Raises
    ------
    FileNotFoundError
        When there is nothing at this path.
    ValueError
        When it is a file, but not a whole zip archive.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path).expanduser()
        if self.path.is_dir():
            below = sorted(
                p for p in self.path.iterdir() if p.is_dir() and not p.name.startswith((".", "_"))
            )
            files = [p for place in [*below, self.path] for p in place.iterdir() if p.is_file()]
            self._files: dict[str, Path | str] = {p.name.removesuffix(".gz"): p for p in files}
        elif self.path.is_file():
            self._files = self._members()
        else:
            raise FileNotFoundError(
                f"{self.path} does not exist; pass the folder or the zip archive of a release"
            )

    def _members(self) -> dict[str, Path | str]:
        if self.path.stat().st_size == 0:
            raise ValueError(f"{self.path} is empty (0 bytes); download it again")
        try:
            with zipfile.ZipFile(self.path) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile as error:
            raise ValueError(
                f"{self.path} is not a whole zip archive ({error}); download it again"
            ) from error
        names.sort(key=lambda name: -len(PurePosixPath(name).parts))  # the shallowest file wins
        return {PurePosixPath(name).name: name for name in names if not name.endswith("/")}

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def where(self, name: str) -> str:
        """What to call a file in errors."""
        place = self._files.get(name, name)
        return str(place) if isinstance(place, Path) else f"{self.path}: {place}"

    def read(self, name: str) -> bytes:
        """The content of one file.

        Parameters
        ----------
        name : str

        Returns
        -------
        bytes

        Raises
        ------
        FileNotFoundError
            When the release lacks it.
        ValueError
            When it is empty or damaged.
        """
        if name not in self:
            raise FileNotFoundError(
                f"{self.path} has no {name}; pass the whole folder or archive of the release"
            )
        place = self._files[name]
        if isinstance(place, Path):
            return read_bytes(place)
        try:
            with zipfile.ZipFile(self.path) as archive:
                if archive.getinfo(place).file_size > LARGEST:
                    raise ValueError(
                        f"{self.where(name)} unpacks to more than 4 GB; unpack it first"
                    )
                content = archive.read(place)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise ValueError(
                f"{self.where(name)} is damaged ({error}); download the archive again"
            ) from error
        if not content.strip():
            raise ValueError(f"{self.where(name)} is empty; download the archive again")
        return content
