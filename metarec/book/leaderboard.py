"""The book's leaderboard: chapters save their results, every table and curve reads them back."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import importlib.metadata
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metarec.data.sources import assets
from metarec.evaluation.results import Result

COLUMNS = [
    "chapter",
    "protocol",
    "method",
    "k",
    "metric",
    "mean",
    "low",
    "high",
    "n_users",
    "n_draws",
]
COLUMNS += ["relative_seconds", "parameters", "versions"]
COSTS = ["learned", "answer_seconds", "answer_bytes", "known_by", "gini"]
PAIRED = ("rmse", "pairwise", "ndcg@5", "ndcg@10")  # the metrics of which people's values are kept
UNIT = 1e-4  # of the values of single people in their file
DIRECTIONS = {"rmse": "lower", "mae": "lower"}  # every other metric: higher is better


def folder() -> Path:
    """Where results are kept: `METAREC_RESULTS` if set, else `results` beside the book's data.

    A run that must not touch them names another folder for what it saves: METAREC_FRESH_RESULTS.

    Returns
    -------
    Path
    """
    return Path(os.environ.get("METAREC_RESULTS") or assets.data_folder() / "results")


def save(chapter: str, *results: Result, once: bool = False) -> Path:
    """Write a chapter's results to `NN.json`, replacing what it held.

    What paired tests need, the values of single people, goes to `people/NN.json.gz`.

    Parameters
    ----------
    chapter : str
        Its number in two digits, for example "02".
    *results : Result
    once : bool
        Whether these were run once, and no build repeats them: then they go to `full/NN.json` and
        join what it holds, where only the same methods on the same protocols give way.

    Returns
    -------
    Path
        Of `NN.json`.
    """
    home = Path(os.environ.get("METAREC_FRESH_RESULTS") or folder())
    path = (home / "full" if once else home) / f"{chapter}.json"
    rows, costs, people = [], [], []
    if once and path.is_file():
        new = {(r.protocol, method) for r in results for method in r.facts.index}
        old = json.loads(path.read_text(encoding="utf-8"))
        parts = old["rows"], old["costs"], _of_people(path)
        rows, costs, people = (
            [row for row in part if (row["protocol"], row["method"]) not in new] for part in parts
        )
    for result in results:
        summary = result.summary().assign(n_draws=result.n_draws)
        about = result.facts[["relative_seconds", "parameters"]]
        rows += [_rounded(row) for row in summary.join(about, on="method").to_dict("records")]
        costs += _costs(result)
        people += _people(result)
    versions = {p: importlib.metadata.version(p) for p in ("numpy", "pandas", "scipy")}
    head = json.dumps({"chapter": chapter, "versions": versions})
    text = ", ".join(
        f'"{name}": [\n{_lines(part)}\n]' for name, part in (("rows", rows), ("costs", costs))
    )
    (path.parent / "people").mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(_lines(people, end="\n").encode(), mtime=0)
    _people_file(path).write_bytes(packed)
    path.write_text(f"{head[:-1]}, {text}}}\n", encoding="utf-8")
    return path


def _people_file(path: Path) -> Path:
    return path.parent / "people" / f"{path.name}.gz"


def _of_people(path: Path) -> list[dict]:
    """The values of single people that belong to a file of results."""
    packed = _people_file(path)
    lines = gzip.decompress(packed.read_bytes()).decode() if packed.is_file() else ""
    return [json.loads(line) for line in lines.splitlines()]


def _lines(rows: list[dict], end: str = ",\n") -> str:
    """One line of JSON a row; ratings, paths and networks among the parameters by their names."""

    def named(value: Any) -> str:
        return getattr(value, "name", type(value).__name__)

    return end.join(json.dumps(row, default=named) for row in rows)


def _costs(result: Result) -> list[dict]:
    """What was measured beside accuracy: a row a method, without what was not measured."""
    known = result.facts.reindex(columns=COSTS).dropna(how="all")
    return [
        {"protocol": result.protocol, "method": method}
        | {name: float(f"{value:.3g}") for name, value in row.dropna().items()}
        for method, row in known.iterrows()
    ]


def _people(result: Result) -> list[dict]:
    """People's values in whole units, None where undefined; the people's ids come first."""
    kept = result.table[result.table["metric"].isin(PAIRED)]
    rows = []
    for (method, k, metric), group in kept.groupby(["method", "k", "metric"], sort=False):
        values = group["value"].to_numpy()
        row = {"protocol": result.protocol, "method": method, "k": k, "metric": metric}
        row["values"] = [None if np.isnan(v) else round(v / UNIT) for v in values]
        rows.append(row | {"users": group["user"].tolist()})
    return rows


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Stored:
    """What chapters saved.

    Attributes
    ----------
    rows : pandas.DataFrame
        Columns `COLUMNS`; one row for each chapter, protocol, method, k and metric. The `chapter`
        of what was run once ends in a star, "15*"; it comes first, so that a build's own row wins.
    costs : pandas.DataFrame
        Columns `protocol`, `method`, `COSTS` and `chapter`, with NaN where nothing was measured;
        one row a protocol and method, the latest chapter's.
    paths : list of Path
        The files.
    """

    rows: pd.DataFrame
    costs: pd.DataFrame
    paths: list[Path]

    @functools.cached_property
    def people(self) -> dict[tuple[str, str, int], pd.DataFrame]:
        """The values of single people: of (protocol, metric, k) a table.

        One row a person (index: id), one column a method, the latest chapter's.
        """
        found: dict[tuple[str, str, int], dict[str, pd.Series]] = {}
        for path in self.paths:
            for row in _intact(_of_people, path):
                values = np.array(row["values"], dtype=float) * UNIT  # None becomes NaN
                methods = found.setdefault((row["protocol"], row["metric"], row["k"]), {})
                methods[row["method"]] = pd.Series(values, index=row["users"])
        return {key: pd.DataFrame(methods) for key, methods in found.items()}


def read(*chapters: str) -> Stored:
    """Read saved results.

    Parameters
    ----------
    *chapters : str
        Their numbers; if none is given all, and what was run once too.

    Returns
    -------
    Stored

    Raises
    ------
    FileNotFoundError
        When a chapter has saved nothing yet; the message says how to run it.
    ValueError
        When a file is damaged.
    """
    name = "[0-9][0-9].json"
    paths = [folder() / f"{c}.json" for c in chapters]
    paths = paths or [*sorted((folder() / "full").glob(name)), *sorted(folder().glob(name))]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"no results of chapter {path.stem}; {_remedy(path)}")
    none = pd.DataFrame(columns=COLUMNS), pd.DataFrame(columns=["protocol", "method", *COSTS])
    files = [_intact(_tables, path) for path in paths] or [none]
    rows, costs = (pd.concat(part, ignore_index=True) for part in zip(*files, strict=True))
    costs = costs.drop_duplicates(["protocol", "method"], keep="last", ignore_index=True)
    return Stored(rows, costs, paths)


def _tables(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and costs of one file."""
    saved = json.loads(path.read_text(encoding="utf-8"))
    chapter = saved["chapter"] + "*" * (path.parent.name == "full")
    rows = pd.DataFrame(saved["rows"]).assign(chapter=chapter)
    rows["versions"] = [saved["versions"]] * len(rows)
    costs = pd.DataFrame(saved.get("costs", []), columns=["protocol", "method", *COSTS])
    return rows[COLUMNS], costs.assign(chapter=chapter)


def _intact(reader: Callable[[Path], Any], path: Path) -> Any:
    """What a reader makes of a file, or a message that says what to do about it."""
    try:
        return reader(path)
    except (ValueError, KeyError, TypeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}); {_remedy(path)}") from None


def how_to_run(chapter: str = "") -> str:
    """What to do when results are missing.

    Parameters
    ----------
    chapter : str
        Of which chapter; of all if not given.

    Returns
    -------
    str
    """
    if not assets.installed():
        return f"run: python -m metarec run {chapter}".rstrip()
    named = "METAREC_RESULTS" in os.environ
    return "unset METAREC_RESULTS" if named else assets.own_remedy()


def _remedy(path: Path) -> str:
    if path.parent.name == "full":
        return "delete it and run: python tools/fill_gaps.py"
    return how_to_run(path.stem)


def latest(board: pd.DataFrame, protocol: str, metric: str) -> pd.DataFrame:
    """The rows of one protocol and metric; where chapters saved the same, the latest chapter's.

    Parameters
    ----------
    board : pandas.DataFrame
        The rows that `read` gives, or `Result.summary()`.
    protocol, metric : str

    Returns
    -------
    pandas.DataFrame
    """
    rows = board[(board["protocol"] == protocol) & (board["metric"] == metric)]
    return rows.drop_duplicates(["method", "k"], keep="last")


def table(board: pd.DataFrame, protocol: str, metric: str, interval: bool = False) -> pd.DataFrame:
    """One protocol and metric as a table: a row a method, a column a k, best last column first.

    Parameters
    ----------
    board : pandas.DataFrame
        The rows that `read` gives, or `Result.summary()`.
    protocol, metric : str
    interval : bool
        Whether the cells are texts with the 95 % interval instead of means.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    ValueError
        When there is no such row; the message lists what there is.
    """
    rows = latest(board, protocol, metric)
    if rows.empty:
        has = sorted(set(zip(board["protocol"], board["metric"], strict=True)))
        raise ValueError(f"no results for {protocol!r} and {metric!r}; there are {has}")
    means = rows.pivot(index="method", columns="k", values="mean")
    order = means.sort_values(means.columns[-1], ascending=DIRECTIONS.get(metric) == "lower").index
    if interval:
        texts = [
            f"{m:.3f} [{lo:.3f}, {hi:.3f}]"
            for m, lo, hi in zip(rows["mean"], rows["low"], rows["high"], strict=True)
        ]
        means = rows.assign(text=texts).pivot(index="method", columns="k", values="text")
    return means.loc[order].rename(columns={-1: "all ratings"}).rename_axis(columns="ratings shown")


def _rounded(row: dict) -> dict:
    """Numbers to the fifth decimal, times to one digit: finer differences are noise."""
    seconds = float(f"{row['relative_seconds']:.1g}")
    return {n: round(v, 5) if isinstance(v, float) else v for n, v in row.items()} | {
        "relative_seconds": seconds
    }
