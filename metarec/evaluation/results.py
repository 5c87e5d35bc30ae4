"""What a protocol returns: every user's numbers, their summary with intervals, and comparisons."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from metarec.evaluation.uncertainty import Interval, bootstrap, paired

WHOLE = -1  # stands for k where a method sees whole histories


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Result:
    """The outcome of one protocol.

    Attributes
    ----------
    protocol : str
        Its name.
    table : pandas.DataFrame
        Columns `method`, `k`, `metric`, `user`, `value`: one number a user, averaged over draws;
        NaN where a user's value is undefined. k is -1 where whole histories are shown.
    facts : pandas.DataFrame
        One row a method (index `method`): `relative_seconds` of fitting (in products of two
        1 000 × 1 000 matrices on the same machine), `predicts_ratings`, `parameters`; where it was
        measured, `learned` (how many numbers it keeps) and `answer_seconds` and `answer_bytes` (of
        one person's answer, see `metarec.evaluation.costs`); of ranking protocols, `known_by`
        (the share of training people who rated a recommended item, mean) and `gini` (of exposure).
    n_draws : int
        Random supports averaged over.
    lists : dict from method to int array [users, cutoff]
        What each method recommends in a ranking protocol, as positions in the catalogue, best
        first; -1 is an empty place. Empty in other protocols.
    """

    protocol: str
    table: pd.DataFrame
    facts: pd.DataFrame
    n_draws: int
    lists: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)

    @classmethod
    def collect(
        cls,
        protocol: str,
        parts: Sequence[pd.DataFrame],
        facts: Sequence[dict[str, Any]],
        n_draws: int,
        lists: dict[str, np.ndarray] | None = None,
    ) -> Result:
        """Join the parts that a protocol gathered; a method's times are averaged over folds.

        Parameters
        ----------
        protocol : str
        parts : sequence of pandas.DataFrame
            From `metarec.evaluation.experiment.tidy`.
        facts : sequence of dict
            One a method and fold.
        n_draws : int
        lists : dict, optional
            What a ranking protocol recommended.

        Returns
        -------
        Result
        """
        table = pd.DataFrame(facts)
        once = dict.fromkeys(("predicts_ratings", "parameters"), "first")
        about = table.groupby("method", sort=False).agg(
            {name: once.get(name, "mean") for name in table.columns if name != "method"}
        )
        return cls(protocol, pd.concat(parts, ignore_index=True), about, n_draws, lists or {})

    def __repr__(self) -> str:
        return f"Result({self.protocol}: {', '.join(self.facts.index)})"

    def values(self, method: str, metric: str, k: int = WHOLE) -> pd.Series:
        """One number a user.

        Parameters
        ----------
        method, metric : str
        k : int
            Number of ratings shown; -1 in protocols that show whole histories.

        Returns
        -------
        pandas.Series
            Index: user ids.

        Raises
        ------
        KeyError
            When the result has no such row; the message lists what it has.
        """
        t = self.table
        rows = t[(t["method"] == method) & (t["metric"] == metric) & (t["k"] == k)]
        if rows.empty:
            has = {c: list(t[c].unique()) for c in ("method", "metric", "k")}
            raise KeyError(f"no row for {method!r}, {metric!r}, k = {k}; the result has {has}")
        return rows.set_index("user")["value"]

    def mean(self, method: str, metric: str, k: int = WHOLE) -> Interval:
        """Mean over users with its bootstrap interval (95 %).

        Parameters
        ----------
        method, metric : str
        k : int

        Returns
        -------
        Interval
        """
        return bootstrap(self.values(method, metric, k).to_numpy())

    def difference(self, method: str, reference: str, metric: str, k: int = WHOLE) -> Interval:
        """Mean over users of method − reference, with its paired bootstrap interval (95 %).

        Parameters
        ----------
        method, reference, metric : str
        k : int

        Returns
        -------
        Interval
            Below zero: the method has the smaller value.
        """
        ours, theirs = (self.values(name, metric, k) for name in (method, reference))
        return paired(ours.to_numpy(), theirs.reindex(ours.index).to_numpy())

    def only(
        self, methods: Collection[str] | None = None, metrics: Collection[str] | None = None
    ) -> Result:
        """A part of the result, such as the rows that a chapter saves.

        Parameters
        ----------
        methods, metrics : collection of str, optional
            What to keep, where the result has it; all if not given.

        Returns
        -------
        Result
        """
        kept = self.table
        if methods is not None:
            kept = kept[kept["method"].isin(list(methods))]
        if metrics is not None:
            kept = kept[kept["metric"].isin(list(metrics))]
        named = set(kept["method"])
        facts = self.facts[self.facts.index.isin(named)]
        lists = {name: rows for name, rows in self.lists.items() if name in named}
        return dataclasses.replace(self, table=kept, facts=facts, lists=lists)

    def renamed(self, names: Mapping[str, str]) -> Result:
        """The same with other names, such as those that tell a method apart on the leaderboard.

        Parameters
        ----------
        names : mapping from old to new name

        Returns
        -------
        Result
        """
        table = self.table.assign(method=self.table["method"].replace(dict(names)))
        lists = {names.get(name, name): rows for name, rows in self.lists.items()}
        facts = self.facts.rename(index=dict(names))
        return dataclasses.replace(self, table=table, facts=facts, lists=lists)

    def summary(self) -> pd.DataFrame:
        """Mean and interval of every row.

        Returns
        -------
        pandas.DataFrame
            Columns `protocol`, `method`, `k`, `metric`, `mean`, `low`, `high`, `n_users`.
        """
        rows = []
        for (method, k, metric), group in self.table.groupby(["method", "k", "metric"], sort=False):
            i = bootstrap(group["value"].to_numpy())
            rows.append((self.protocol, method, k, metric, i.mean, i.low, i.high, i.n))
        names = ["protocol", "method", "k", "metric", "mean", "low", "high", "n_users"]
        return pd.DataFrame(rows, columns=names)
