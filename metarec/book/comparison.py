"""The great comparison: every table of chapter 15, which the command line and the README show too.

All is read from what the chapters saved. Introduced in chapter 15.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from metarec.book import leaderboard
from metarec.book.families import family, in_order, plain
from metarec.book.leaderboard import Stored
from metarec.book.paired_tests import paired_tests, told
from metarec.data.splits.names import (
    ALL_JOIN,
    BOTH_NEW,
    CLASSIC_RATINGS,
    NEW_ITEMS,
    NEWCOMERS,
    NEWCOMERS_IN_TIME,
    NEXT_ITEM,
    NOBODY_JOINS,
    TOP_N,
)
from metarec.evaluation.results import WHOLE
from metarec.models import registry

# The protocols of the page, each with the metrics that it shows.
METRICS = {
    NEWCOMERS: ("rmse", "pairwise", "ndcg@5"),
    NEWCOMERS_IN_TIME: ("rmse", "pairwise"),
    BOTH_NEW: ("rmse", "pairwise"),
    NEW_ITEMS: ("ndcg@10",),
    NOBODY_JOINS: ("rmse",),
    ALL_JOIN: ("rmse",),
    NEXT_ITEM: ("ndcg@10",),
    TOP_N: ("ndcg@10",),
    CLASSIC_RATINGS: ("rmse",),
}
# The baselines that a short table shows: nothing known, the film known, the person known too.
YARDSTICKS = ("chance", "item mean", "item + user bias")


def matrix(board: pd.DataFrame) -> pd.DataFrame:
    """Say where a result is stored: a row a method, a column a protocol, in each the chapter.

    Introduced in chapter 15.

    Parameters
    ----------
    board : pandas.DataFrame
        The rows that `leaderboard.read` gives.

    Returns
    -------
    pandas.DataFrame
        Texts: the chapter's number, with a star where it was run once; "gap" where the protocol
        fits the method and nothing is stored; "" where it does not fit. Special cases of a
        method, such as "two towers, not corrected", are run where a chapter needs them.
    """
    known = board[board["protocol"].isin(METRICS)]
    known = known.assign(method=known["method"].map(plain))
    cells = known.pivot_table("chapter", "method", "protocol", aggfunc="last")
    cells = cells.reindex(in_order(list(cells.index)))
    cells = cells[[p for p in METRICS if p in cells]].fillna("")
    for method in cells.index:
        for protocol in set(_asked(method)) & set(cells):
            cells.loc[method, protocol] = cells.loc[method, protocol] or "gap"
    return cells.rename_axis(index=None, columns=None)


def _asked(method: str) -> tuple[str, ...]:
    """The protocols that a row must have: none for a special case of a method."""
    row = registry.row(method)
    if row is None or method != row.label or method in getattr(row.kind, "variants", {}):
        return ()
    return row.fits


def newcomers(stored: Stored) -> pd.DataFrame:
    """Put on one line what each method reaches for newcomers, and at what price.

    Introduced in chapter 15.

    Parameters
    ----------
    stored : leaderboard.Stored
        What `leaderboard.read` returns.

    Returns
    -------
    pandas.DataFrame
        Index: the method. Texts: its family; RMSE at k = 0, 5 and 20, the last with its interval;
        pairs in order and nDCG@5 at k = 20; times of training and of one answer, in products of two
        1 000 × 1 000 matrices; memory of one answer; numbers kept. Best RMSE first.
    """
    rows, board = {}, stored.rows
    mine = board[board["protocol"] == NEWCOMERS]
    if set(METRICS[NEWCOMERS]) - set(mine["metric"]):
        return pd.DataFrame()
    numbers = {m: _means(board, NEWCOMERS, m) for m in METRICS[NEWCOMERS]}
    fits = mine.groupby("method")["relative_seconds"].last()
    answers = stored.costs.query("protocol == @NEWCOMERS").set_index("method")
    errors = leaderboard.table(board, NEWCOMERS, "rmse", interval=True)
    order = [*errors.index, *(m for m in numbers["pairwise"].index if m not in errors.index)]
    for method in order:
        row = {"family": family(method)}
        row |= {f"RMSE k={k}": _text(numbers["rmse"], method, k) for k in (0, 5)}
        row["RMSE k=20"] = errors[20].get(method, "")
        row["pairs k=20"] = _text(numbers["pairwise"], method, 20)
        row["nDCG@5 k=20"] = _text(numbers["ndcg@5"], method, 20)
        cost = answers.loc[method] if method in answers.index else None
        row["train"] = short(fits[method])
        row["answer"] = "" if cost is None else short(cost["answer_seconds"])
        row["kB"] = "" if cost is None else short(cost["answer_bytes"] / 1000)
        row["numbers"] = "" if cost is None else short(cost["learned"])
        rows[method] = row
    return pd.DataFrame(rows).T


def fame(stored: Stored) -> pd.DataFrame:
    """How well known the films are that each method recommends, and how unequally they are shown.

    Introduced in chapter 15.

    Parameters
    ----------
    stored : leaderboard.Stored
        What `leaderboard.read` returns.

    Returns
    -------
    pandas.DataFrame
        Of the ranking protocols in which films have ratings. Texts: nDCG@10; the share of the
        training people who have rated a recommended film, mean over the lists; Gini of exposure.
    """
    costs, parts = stored.costs, []
    for protocol in (TOP_N, NEXT_ITEM):
        known = costs[(costs["protocol"] == protocol) & costs["gini"].notna()].set_index("method")
        if known.empty:
            continue
        accuracy = _means(stored.rows, protocol, "ndcg@10")[WHOLE].reindex(known.index)
        part = pd.DataFrame({
            "protocol": protocol,
            "nDCG@10": accuracy.map("{:.3f}".format),
            "known by": known["known_by"].map("{:.0%}".format),
            "Gini": known["gini"].map("{:.3f}".format),
        })  # fmt: skip
        parts.append(part.sort_values("nDCG@10", ascending=False))
    return pd.concat(parts).rename_axis(None) if parts else pd.DataFrame()


def report(protocol: str | None = None, metric: str | None = None) -> dict[str, pd.DataFrame]:
    """Make all tables of the comparison; the page and the command line print the same.

    Introduced in chapter 15.

    Parameters
    ----------
    protocol, metric : str, optional
        Only the accuracy tables of these.

    Returns
    -------
    dict from title to pandas.DataFrame
        Cells are texts.

    Raises
    ------
    ValueError
        When there is nothing to show; the message lists what there is.
    """
    stored = leaderboard.read()
    board = stored.rows
    pairs = board[["protocol", "metric"]].drop_duplicates()
    pairs = list(pairs.itertuples(index=False, name=None))
    wanted = [(p, m) for p, m in pairs if protocol in (None, p) and metric in (None, m)]
    if not pairs:
        raise ValueError(f"no results yet; {leaderboard.how_to_run()}")
    if not wanted:
        protocols, metrics = (sorted(set(names)) for names in zip(*pairs, strict=True))
        raise ValueError(f"no results for that; there are protocols {protocols}, metrics {metrics}")
    accuracy = {_title(p, m): curves(board, p, m) for p, m in wanted}
    if protocol or metric:
        return accuracy
    pages = {
        "newcomers at a glance": newcomers(stored),
        "paired tests": told(paired_tests(stored.people)),
        "what is recommended: fame": fame(stored),
        "where a result is stored (*: run once, not at each build)": matrix(board),
    }
    return {title: page for title, page in pages.items() if len(page)} | accuracy


def best_of_families(board: pd.DataFrame) -> pd.DataFrame:
    """Of each family the method that errs least at k = 20; the table of the README.

    Introduced in chapter 15.

    Parameters
    ----------
    board : pandas.DataFrame
        The rows that `leaderboard.read` gives.

    Returns
    -------
    pandas.DataFrame
        Index: the method. Texts: family, RMSE at each k, pairs in order at k = 20; best last.
    """
    errors, pairs = (_means(board, NEWCOMERS, metric) for metric in ("rmse", "pairwise"))
    errors = errors.sort_values(errors.columns[-1], ascending=False)
    families = pd.Series([family(method) for method in errors.index], errors.index)
    best = (families != "baselines") & ~families.duplicated(keep="last")
    shown = errors[best | errors.index.isin(YARDSTICKS)].map("{:.3f}".format)
    shown.columns = [f"k = {k}" for k in shown.columns]
    shown.insert(0, "family", families[shown.index])
    return shown.assign(pairs=pairs[20].reindex(shown.index).map("{:.3f}".format)).rename_axis(None)


def curves(board: pd.DataFrame, protocol: str, metric: str) -> pd.DataFrame:
    """Make the table of one protocol and metric with intervals, as texts.

    Parameters
    ----------
    board : pandas.DataFrame
    protocol, metric : str

    Returns
    -------
    pandas.DataFrame
        As `leaderboard.table`; where an interval is missing, "".
    """
    table = leaderboard.table(board, protocol, metric, interval=True).fillna("")
    table.columns = [k if isinstance(k, str) else f"k = {k}" for k in table.columns]
    return table.rename_axis(None)


def short(number: float) -> str:
    """Write a number with two significant digits and no exponent.

    Parameters
    ----------
    number : float

    Returns
    -------
    str

    Examples
    --------
    >>> from metarec.book.comparison import short
    >>> short(0.00451), short(12.3), short(28_341)
    ('0.0045', '12', '28\u202f000')
    """
    if number == 0:
        return "0"
    digits = 1 - int(np.floor(np.log10(abs(number))))
    return f"{round(number, digits):,.{max(digits, 0)}f}".replace(",", "\u202f")


def _means(board: pd.DataFrame, protocol: str, metric: str) -> pd.DataFrame:
    """Means as [methods, ks]."""
    return leaderboard.latest(board, protocol, metric).pivot(
        index="method", columns="k", values="mean"
    )


def _text(means: pd.DataFrame, method: str, k: int) -> str:
    return f"{means.loc[method, k]:.3f}" if method in means.index else ""


def _title(protocol: str, metric: str) -> str:
    return f"{protocol}: {metric} ({leaderboard.DIRECTIONS.get(metric, 'higher')} is better)"
