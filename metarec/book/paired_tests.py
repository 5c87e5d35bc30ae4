"""Paired tests of every method against chosen rivals, corrected for the number of tests.

Introduced in chapter 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import ttest_rel

from metarec.book import leaderboard
from metarec.book.families import family
from metarec.data.splits.names import BOTH_NEW, NEW_ITEMS, NEWCOMERS, NEXT_ITEM, TOP_N
from metarec.evaluation.results import WHOLE
from metarec.evaluation.uncertainty import paired

LEVEL = 0.05  # of the whole family of tests
# Who is tested against whom: protocol, metric, ratings shown, the rival. Fixed before the tests.
HB = "hierarchical Bayes"
RIVALS = [
    *((NEWCOMERS, "rmse", k, rival) for k in (0, 5, 20) for rival in ("item + user bias", HB)),
    (NEWCOMERS, "pairwise", 20, HB),
    (BOTH_NEW, "rmse", 20, "hierarchical linear model"),
    (NEW_ITEMS, "ndcg@10", WHOLE, "content ridge"),
    (NEXT_ITEM, "ndcg@10", WHOLE, "item kNN, recent items"),
    (TOP_N, "ndcg@10", WHOLE, "EASE"),
]


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Correct p-values for their number, so that 5 % is the risk of *any* false alarm among them.

    The smallest of m p-values is multiplied by m, the next by m − 1, and so on, and none may come
    out smaller than the one before. Introduced in chapter 15.

    Parameters
    ----------
    p_values : sequence of float

    Returns
    -------
    array of float, shape [tests]
        In the order given, at most 1.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6(2), 65–70.

    Examples
    --------
    >>> from metarec.book.paired_tests import holm
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    grown = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]).clip(max=1)
    return grown[np.argsort(order)]


def paired_tests(
    people: Mapping[tuple[str, str, int], pd.DataFrame],
    rivals: Iterable[tuple[str, str, int, str]] = RIVALS,
) -> pd.DataFrame:
    """Test every method against the rivals, person by person, and correct for all the tests made.

    The p-value is that of the paired t-test over people, the interval that of the paired bootstrap.
    Introduced in chapter 15.

    Parameters
    ----------
    people : mapping from (protocol, metric, k) to pandas.DataFrame
        The values of single people, from `leaderboard.read`.
    rivals : iterable of (protocol, metric, k, rival)
        Those of which nothing is saved are left out.

    Returns
    -------
    pandas.DataFrame
        Columns `protocol`, `metric`, `k`, `method`, `rival`, `difference` (an `Interval`; method
        minus rival), `p`, `corrected` (by `holm`), `verdict`.
    """
    rows = []
    for protocol, metric, k, rival in rivals:
        values = people.get((protocol, metric, k), pd.DataFrame())
        for method in values.columns if rival in values else ():
            a, b = values[method].to_numpy(), values[rival].to_numpy()
            if method == rival or family(method) == "baselines":
                continue  # what knows no person needs no test
            alike = np.array_equal(a, b, equal_nan=True)  # there the test would divide 0 by 0
            p = 1.0 if alike else ttest_rel(a, b, nan_policy="omit").pvalue
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


def told(table: pd.DataFrame) -> pd.DataFrame:
    """Write what `paired_tests` returns as texts.

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
