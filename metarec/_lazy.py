"""Packages whose files say what they offer, in `__all__`, and are imported when it is asked for."""

from __future__ import annotations

import ast
import re
from pathlib import Path

_ALL = re.compile(r"^__all__ = (\[.*?\])", re.MULTILINE | re.DOTALL)


def offered(folder: str | Path) -> dict[str, list[str]]:
    """The names in `__all__` of each file below a folder, for `lazy_loader.attach`.

    Files are read, not imported, so that a package lists its names without loading PyTorch.

    Parameters
    ----------
    folder : str or Path
        Of a package; what its `__init__` files say is left out.

    Returns
    -------
    dict from module to list of names
        Modules as dotted names within the package.
    """
    found = {}
    for path in sorted(Path(folder).rglob("*.py")):
        names = _ALL.search(path.read_text(encoding="utf-8"))
        if names and path.name != "__init__.py":
            module = ".".join(path.relative_to(folder).with_suffix("").parts)
            found[module] = ast.literal_eval(names[1])
    return found
