"""The book's leaderboard: chapters save their results, every table and curve reads them back."""

from __future__ import annotations

import importlib.metadata
import json
import os
from pathlib import Path

import pandas as pd

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
DIRECTIONS = {"rmse": "lower", "mae": "lower"}  # every other metric: higher is better


def folder() -> Path:
    """Where results are kept: `METAREC_RESULTS` if set, else `data/results` of the repository.

    Returns
    -------
    Path
    """
    home = Path(__file__).parents[2] / "data" / "results"
    return Path(os.environ.get("METAREC_RESULTS") or home)


def save(chapter: str, *results: Result) -> Path:
    """Write a chapter's results to `NN.json`, replacing what it held.

    Parameters
    ----------
    chapter : str
        Its number in two digits, for example "02".
    *results : Result

    Returns
    -------
    Path
    """
    rows = []
    for result in results:
        summary = result.summary().assign(n_draws=result.n_draws)
        about = result.facts[["relative_seconds", "parameters"]]
        rows += summary.join(about, on="method").to_dict("records")
    versions = {p: importlib.metadata.version(p) for p in ("numpy", "pandas", "scipy")}
    lines = ",\n".join(json.dumps(_rounded(row), default=lambda v: v.name) for row in rows)
    head = json.dumps({"chapter": chapter, "versions": versions})
    text = f'{head[:-1]}, "rows": [\n{lines}\n]}}\n'
    path = folder() / f"{chapter}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(*chapters: str) -> pd.DataFrame:
    """Read saved results.

    Parameters
    ----------
    *chapters : str
        Their numbers; all if none is given.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; one row for each protocol, method, k and metric.

    Raises
    ------
    FileNotFoundError
        When a chapter has saved nothing yet; the message says how to run it.
    ValueError
        When a file is damaged.
    """
    paths = [folder() / f"{c}.json" for c in chapters] or sorted(folder().glob("[0-9][0-9].json"))
    frames = []
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(
                f"no results of chapter {path.stem}; run: python -m metarec run {path.stem}"
            )
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            frame = pd.DataFrame(saved["rows"]).assign(chapter=saved["chapter"])
            frame["versions"] = [saved["versions"]] * len(frame)
            frames.append(frame[COLUMNS])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} is damaged ({error}); run: python -m metarec run {path.stem}"
            ) from None
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def table(board: pd.DataFrame, protocol: str, metric: str, interval: bool = False) -> pd.DataFrame:
    """One protocol and metric as a table: a row a method, a column a k, best last column first.

    Parameters
    ----------
    board : pandas.DataFrame
        What `read` returns, or `Result.summary()`.
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
    rows = board[(board["protocol"] == protocol) & (board["metric"] == metric)]
    if rows.empty:
        has = sorted(set(zip(board["protocol"], board["metric"], strict=True)))
        raise ValueError(f"no results for {protocol!r} and {metric!r}; there are {has}")
    rows = rows.drop_duplicates(["method", "k"], keep="last")
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
