"""The book's leaderboard: chapters save their results, every table and curve reads them back."""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import os
from pathlib import Path

import numpy as np
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
COSTS = ["learned", "answer_seconds", "answer_bytes", "known_by", "gini"]
PAIRED = ("rmse", "pairwise", "ndcg@5", "ndcg@10")  # the metrics of which people's values are kept
UNIT = 1e-4  # of the values of single people in their file
DIRECTIONS = {"rmse": "lower", "mae": "lower"}  # every other metric: higher is better


def folder() -> Path:
    """Where results are kept: `METAREC_RESULTS` if set, else `data/results` of the repository.

    A run that must not touch them names another folder for what it saves: METAREC_FRESH_RESULTS.

    Returns
    -------
    Path
    """
    home = Path(__file__).parents[2] / "data" / "results"
    return Path(os.environ.get("METAREC_RESULTS") or home)


def save(chapter: str, *results: Result) -> Path:
    """Write a chapter's results to `NN.json`, replacing what it held.

    What paired tests need, the values of single people, goes to `people/NN.json.gz`.

    Parameters
    ----------
    chapter : str
        Its number in two digits, for example "02".
    *results : Result

    Returns
    -------
    Path
        Of `NN.json`.
    """
    rows, costs, people = [], [], []
    for result in results:
        summary = result.summary().assign(n_draws=result.n_draws)
        about = result.facts[["relative_seconds", "parameters"]]
        rows += summary.join(about, on="method").to_dict("records")
        costs += _costs(result)
        people += _people(result)
    versions = {p: importlib.metadata.version(p) for p in ("numpy", "pandas", "scipy")}
    head = json.dumps({"chapter": chapter, "versions": versions})
    parts = {"rows": [_rounded(row) for row in rows], "costs": costs}
    text = ", ".join(f'"{name}": [\n{_lines(part)}\n]' for name, part in parts.items())
    path = Path(os.environ.get("METAREC_FRESH_RESULTS") or folder()) / f"{chapter}.json"
    (path.parent / "people").mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head[:-1]}, {text}}}\n", encoding="utf-8")
    packed = gzip.compress(_lines(people, end="\n").encode(), mtime=0)
    (path.parent / "people" / f"{chapter}.json.gz").write_bytes(packed)
    return path


def _lines(rows: list[dict], end: str = ",\n") -> str:
    """One line of JSON a row."""
    return end.join(json.dumps(row, default=lambda v: v.name) for row in rows)


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


def read_costs() -> pd.DataFrame:
    """Read what the chapters measured beside accuracy.

    Returns
    -------
    pandas.DataFrame
        Columns `chapter`, `protocol`, `method` and `COSTS`, with NaN where nothing was measured;
        one row a protocol and method, the latest chapter's.
    """
    rows = []
    for path in sorted(folder().glob("[0-9][0-9].json")):
        saved = json.loads(path.read_text(encoding="utf-8"))
        rows += [{"chapter": saved["chapter"]} | row for row in saved.get("costs", [])]
    board = pd.DataFrame(rows, columns=["chapter", "protocol", "method", *COSTS])
    return board.drop_duplicates(["protocol", "method"], keep="last", ignore_index=True)


def read_people() -> dict[tuple[str, str, int], pd.DataFrame]:
    """Read the values of single people that the chapters saved.

    Returns
    -------
    dict from (protocol, metric, k) to pandas.DataFrame
        One row a person (index: id), one column a method, the latest chapter's.
    """
    found = {}
    for path in sorted((folder() / "people").glob("[0-9][0-9].json.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            row = json.loads(line)
            values = np.array(row["values"], dtype=float) * UNIT  # None becomes NaN
            methods = found.setdefault((row["protocol"], row["metric"], row["k"]), {})
            methods[row["method"]] = pd.Series(values, index=row["users"])
    return {key: pd.DataFrame(methods) for key, methods in found.items()}


def latest(board: pd.DataFrame, protocol: str, metric: str) -> pd.DataFrame:
    """The rows of one protocol and metric; where chapters saved the same, the latest chapter's.

    Parameters
    ----------
    board : pandas.DataFrame
        What `read` returns, or `Result.summary()`.
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
