"""Which files of this machine a submission may read: the interpreter, and a few libraries."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import sys
import sysconfig
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")


def interpreter() -> Path:
    """The Python behind the environment, without any link."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    beside = Path(sys.base_prefix) / "bin" / name
    return Path(os.path.realpath(beside if beside.exists() else sys.executable))


def standard_library() -> tuple[list[Path], list[Path]]:
    """Folders that the bare interpreter needs, and folders inside them to hide."""
    needed = [interpreter(), Path(sys.base_prefix) / "lib", *map(Path, SYSTEM)]
    needed = [path for path in dict.fromkeys(needed) if path.exists()]
    standard = Path(sysconfig.get_path("stdlib"))
    hidden = [standard / "site-packages", standard / "dist-packages",
              Path("/usr/lib/python3/dist-packages")]  # fmt: skip
    return needed, [path for path in hidden if path.is_dir()]


@functools.cache
def closure(names: tuple[str, ...]) -> dict[str, Path]:
    """Files and folders of installed libraries and of all that these require.

    Parameters
    ----------
    names : tuple of str
        Distributions, for example `("numpy", "scipy")`.

    Returns
    -------
    dict of str to Path
        By the name under which Python imports or finds it.

    Raises
    ------
    LookupError
        When one of those asked for is not installed.
    """
    waiting, seen = [*names], set()
    found: dict[str, Path] = {}
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            if name in map(canonicalize_name, names):
                raise LookupError(
                    f"the assignment needs {name}, which is not installed: pip install {name}"
                ) from None
            continue  # what is required only elsewhere
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        found |= {top: Path(str(distribution.locate_file(top))) for top in tops}
        wanted = map(Requirement, distribution.requires or ())
        waiting += [r.name for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    return {top: path for top, path in sorted(found.items()) if path.exists()}
