"""The great comparison: every table of chapter 15, which the command line and the README show too.

All is read from what the chapters saved. Introduced in chapter 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy.stats import ttest_rel

from metarec.evaluation import leaderboard
from metarec.evaluation.results import WHOLE
from metarec.evaluation.uncertainty import paired

LEVEL = 0.05  # of the whole family of tests
NEWCOMERS, ORDERED = "newcomers", "newcomers in order of time"
NOTHING_NEW, NEW_ITEMS, NEXT = "both new", "new items", "next item"
FOLDS, TOP_N = "classic ratings", "classic top-N"
STRANGERS = "another population, 0 target users"
JOINED = "another population, all target users"
HB, CONTENT = "hierarchical Bayes", "hierarchical Bayes + content"

# The protocols of the page, each with the metrics that it shows.
METRICS = {
    NEWCOMERS: ("rmse", "pairwise", "ndcg@5"),
    ORDERED: ("rmse", "pairwise"),
    NOTHING_NEW: ("rmse", "pairwise"),
    NEW_ITEMS: ("ndcg@10",),
    STRANGERS: ("rmse",),
    JOINED: ("rmse",),
    NEXT: ("ndcg@10",),
    TOP_N: ("ndcg@10",),
    FOLDS: ("rmse",),
}
# Who is tested against whom: protocol, metric, ratings shown, the rival. Chosen before looking.
CONTESTS = [
    *((NEWCOMERS, "rmse", k, rival) for k in (0, 5, 20) for rival in ("item + user bias", HB)),
    (NEWCOMERS, "pairwise", 20, HB),
    (NOTHING_NEW, "rmse", 20, "hierarchical linear model"),
    (NEW_ITEMS, "ndcg@10", WHOLE, "content ridge"),
    (NEXT, "ndcg@10", WHOLE, "item kNN, recent items"),
    (TOP_N, "ndcg@10", WHOLE, "EASE"),
]
# Which kind of method each is: what a reader filters by, and what says which protocols fit.
FAMILIES = {
    "yardstick": ["chance", "global mean", "item mean", "popularity", "item + user bias",
                  "item + user bias, pooled"],
    "neighbours": ["user kNN", "item kNN"],
    "neighbours by likes": ["EASE", "item kNN, cosine", "item kNN, tf-idf", "item kNN, BM25",
                            "user kNN, BM25", "user kNN in stars"],
    "factors": ["ALS", "ALS (folds)", "biased MF", "biased MF (folds)", "SVD++", "SVD++ (folds)"],
    "factors of likes": ["implicit ALS", "implicit ALS with dislikes", "BPR"],
    "content": ["content ridge", "content ridge, known at release", "Rocchio profile",
                "hierarchical linear model", "two towers", "two towers, not corrected"],
    "sequences": ["item kNN, whole history", "item kNN, recent items", "Markov chain",
                  "Markov chain with skips", "SASRec", "BERT4Rec"],
    "text encoder": ["linear on genres", "linear on text", "linear on taught",
                     "linear on genres year", "linear on genres year text",
                     "linear on genres year taught", "linear on genres year critics text",
                     "ridge on text", "ridge on genres year text",
                     "ridge on genres year critics text"],
    "language model": ["language model", "language model, tuned"],
    "learned prior": [HB, f"{HB}, generosity only", f"{HB}, pooled", CONTENT,
                      f"{CONTENT}, target only", f"{CONTENT}, pooled", f"{CONTENT}, transferred"],
    "gradient-based": ["MAML", "FOMAML", "Reptile", "ANIL", "Meta-SGD", "MeLU"],
    "in one pass": ["matching network", "neural process", "attentive process", "ridge head",
                    "transformer", "correcting transformer",
                    "transformer and closed form, averaged"],
    "informed prior": ["informed Bayes", "informed Bayes, no traits", "blended Bayes"],
}  # fmt: skip
# Protocols that each family can be asked on. Films that nobody has rated need content; the next film
# needs an order; a mean of one population knows nothing of another.
FITS = {
    "neighbours": (NEWCOMERS, ORDERED, TOP_N, FOLDS),
    "neighbours by likes": (NEWCOMERS, ORDERED, TOP_N, NEXT),
    "factors": (NEWCOMERS, ORDERED, TOP_N, FOLDS),
    "factors of likes": (NEWCOMERS, ORDERED, TOP_N, NEXT),
    "content": (NEWCOMERS, ORDERED, NOTHING_NEW, NEW_ITEMS, TOP_N),
    "sequences": (NEXT,),
    "language model": (NEWCOMERS, NOTHING_NEW),
    "learned prior": (NEWCOMERS, ORDERED, STRANGERS, JOINED, TOP_N, FOLDS),
    "gradient-based": (NEWCOMERS, ORDERED, STRANGERS, JOINED, TOP_N, FOLDS),
    "in one pass": (NEWCOMERS, ORDERED, STRANGERS, JOINED, TOP_N, FOLDS),
    "informed prior": tuple(p for p in METRICS if p != NEXT),
}
VARIANTS = ("only", "pooled", "transferred", "no traits", "averaged", "release", "corrected",
            "dislikes", "in stars", "cosine", "tf-idf")  # fmt: skip
FAMILY = {method: family for family, methods in FAMILIES.items() for method in methods}


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Correct p-values for their number, so that 5 % is the risk of *any* false alarm among them.

    The smallest of m p-values is multiplied by m, the next by m − 1, and so on, and none may come
    out smaller than the one before. Introduced in chapter 15.

    Parameters
    ----------
    p_values : sequence of float

    Returns
    -------
    array of float
        In the order given, at most 1.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6(2), 65–70.

    Examples
    --------
    >>> from metarec.evaluation.comparison import holm
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    grown = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]).clip(max=1)
    return grown[np.argsort(order)]


def tests(contests: Iterable[tuple[str, str, int, str]] = CONTESTS) -> pd.DataFrame:
    """Test every method against the rivals, person by person, and correct for all the tests made.

    The p-value is that of the paired t-test over people, the interval that of the paired bootstrap.
    Introduced in chapter 15.

    Parameters
    ----------
    contests : iterable of (protocol, metric, k, rival)
        Those of which nothing is saved are left out.

    Returns
    -------
    pandas.DataFrame
        Columns `protocol`, `metric`, `k`, `method`, `rival`, `difference` (an `Interval`; method
        minus rival), `p`, `corrected` (by `holm`), `verdict`.
    """
    people, rows = leaderboard.read_people(), []
    for protocol, metric, k, rival in contests:
        values = people.get((protocol, metric, k), pd.DataFrame())
        for method in values.columns if rival in values else ():
            a, b = values[method].to_numpy(), values[rival].to_numpy()
            if method == rival or FAMILY.get(method) == "yardstick":
                continue  # what knows no person needs no test
            p = ttest_rel(a, b, nan_policy="omit").pvalue
            rows.append((protocol, metric, k, method, rival, paired(a, b), p))
    names = ["protocol", "metric", "k", "method", "rival", "difference", "p"]
    table = pd.DataFrame(rows, columns=names)
    table["corrected"] = holm(table["p"]) if len(table) else []
    table["verdict"] = [
        _verdict(r.metric, r.difference.mean, r.corrected) for r in table.itertuples()
    ]
    return table


def _verdict(metric: str, difference: float, corrected: float) -> str:
    if corrected >= LEVEL:
        return "not told apart"
    lower = leaderboard.DIRECTIONS.get(metric) == "lower"
    return "better" if (difference < 0) == lower else "worse"


def matrix(board: pd.DataFrame) -> pd.DataFrame:
    """Say where a result is stored: a row a method, a column a protocol, in each the chapter.

    Introduced in chapter 15.

    Parameters
    ----------
    board : pandas.DataFrame
        What `leaderboard.read` returns.

    Returns
    -------
    pandas.DataFrame
        Texts: the chapter's number, "gap" where the protocol fits the method and nothing is
        stored, and "" where it does not fit.
    """
    known = board[board["protocol"].isin(METRICS)]
    known = known.assign(method=known["method"].str.removesuffix(" (folds)"))
    cells = known.pivot_table("chapter", "method", "protocol", aggfunc="last")
    cells = cells.reindex([m for m in FAMILY if m in cells.index])
    cells = cells[[p for p in METRICS if p in cells]].fillna("")
    told = {
        method: [_cell(method, protocol, chapter) for protocol, chapter in row.items()]
        for method, row in cells.iterrows()
    }
    return pd.DataFrame.from_dict(told, orient="index", columns=list(cells.columns))


def _cell(method: str, protocol: str, chapter: str) -> str:
    fits = () if method.endswith(VARIANTS) else FITS.get(FAMILY[method], ())
    return "gap" if protocol in fits and not chapter else chapter


def newcomers(board: pd.DataFrame) -> pd.DataFrame:
    """Put on one line what each method reaches for newcomers, and at what price.

    Introduced in chapter 15.

    Parameters
    ----------
    board : pandas.DataFrame
        What `leaderboard.read` returns.

    Returns
    -------
    pandas.DataFrame
        Index: the method. Texts: its family; RMSE at k = 0, 5 and 20, the last with its interval;
        pairs in order and nDCG@5 at k = 20; times of training and of one answer, in products of two
        1 000 × 1 000 matrices; memory of one answer; numbers kept. Best RMSE first.
    """
    rows, mine = {}, board[board["protocol"] == NEWCOMERS]
    if set(METRICS[NEWCOMERS]) - set(mine["metric"]):
        return pd.DataFrame()
    numbers = {m: _means(board, NEWCOMERS, m) for m in METRICS[NEWCOMERS]}
    fits = mine.groupby("method")["relative_seconds"].last()
    answers = leaderboard.read_costs().query("protocol == @NEWCOMERS").set_index("method")
    errors = leaderboard.table(board, NEWCOMERS, "rmse", interval=True)
    order = [*errors.index, *(m for m in numbers["pairwise"].index if m not in errors.index)]
    for method in order:
        row = {"family": FAMILY.get(method, "")}
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


def fame(board: pd.DataFrame) -> pd.DataFrame:
    """How well known are the films that each method recommends, and how unequally are they shown?

    Introduced in chapter 15.

    Parameters
    ----------
    board : pandas.DataFrame
        What `leaderboard.read` returns.

    Returns
    -------
    pandas.DataFrame
        Of the ranking protocols in which films have ratings. Texts: nDCG@10; the share of the
        training people who have rated a recommended film, mean over the lists; Gini of exposure.
    """
    costs, parts = leaderboard.read_costs(), []
    for protocol in (TOP_N, NEXT):
        known = costs[(costs["protocol"] == protocol) & costs["gini"].notna()].set_index("method")
        if known.empty:
            continue
        accuracy = _means(board, protocol, "ndcg@10")[WHOLE].reindex(known.index)
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
    board = leaderboard.read()
    pairs = board[["protocol", "metric"]].drop_duplicates()
    pairs = list(pairs.itertuples(index=False, name=None))
    wanted = [(p, m) for p, m in pairs if protocol in (None, p) and metric in (None, m)]
    if not wanted:
        protocols, metrics = (sorted(set(names)) for names in zip(*pairs, strict=True) or ((), ()))
        raise ValueError(
            f"no results for that; there are protocols {protocols}, metrics {metrics}"
            if len(board)
            else "no results yet; run: python -m metarec run"
        )
    accuracy = {_title(p, m): curves(board, p, m) for p, m in wanted}
    if protocol or metric:
        return accuracy
    pages = {
        "newcomers at a glance": newcomers(board),
        "paired tests": told(tests()),
        "what is recommended: fame": fame(board),
        "where a result is stored": matrix(board),
    }
    return {title: page for title, page in pages.items() if len(page)} | accuracy


def best_of_families(board: pd.DataFrame) -> pd.DataFrame:
    """Of each family the method that errs least at k = 20; the table of the README.

    Introduced in chapter 15.

    Parameters
    ----------
    board : pandas.DataFrame
        What `leaderboard.read` returns.

    Returns
    -------
    pandas.DataFrame
        Index: the method. Texts: family, RMSE at each k, pairs in order at k = 20; best last.
    """
    errors, pairs = (_means(board, NEWCOMERS, metric) for metric in ("rmse", "pairwise"))
    errors = errors.sort_values(errors.columns[-1], ascending=False)
    family = errors.index.map(FAMILY)
    yardsticks = errors.index.isin(["chance", "item mean", "item + user bias"])
    best = (family != "yardstick") & ~pd.Series(family).duplicated(keep="last").to_numpy()
    shown = errors[yardsticks | best].map("{:.3f}".format)
    shown.columns = [f"k = {k}" for k in shown.columns]
    shown.insert(0, "family", [FAMILY.get(method, "") for method in shown.index])
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


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Write what `tests` returns as texts.

    Parameters
    ----------
    table : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        Index: the method.
    """
    texts = table.assign(
        k=table["k"].map(lambda k: "all" if k == WHOLE else str(k)),
        difference=table["difference"].map("{:.4f}".format),
        corrected=table["corrected"].map(lambda p: "<0.001" if p < 0.001 else f"{p:.3f}"),
    )
    texts = texts.rename(columns={"rival": "minus", "corrected": "p, corrected"})
    return texts.set_index("method").drop(columns="p").rename_axis(None)


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
    >>> from metarec.evaluation.comparison import short
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
