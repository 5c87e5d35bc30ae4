"""What `Ratings` demands of its tables; each refusal names the row and the remedy."""

from __future__ import annotations

import numpy as np
import pandas as pd

COLUMNS = ("user", "item", "rating", "timestamp")


def check_scale(scale: tuple[float, float]) -> None:
    """Refuse a scale that is not (lowest, highest)."""
    if len(scale) != 2 or not np.isfinite(scale).all() or not scale[0] < scale[1]:
        raise ValueError(f"scale {scale} is not (lowest, highest); pass for example scale=(1, 5)")


def clean_table(table: pd.DataFrame, scale: tuple[float, float]) -> pd.DataFrame:
    """A copy with the canonical columns and types; refuses what cannot be put right."""
    _check_columns(table)
    table = table[[c for c in COLUMNS if c in table]].copy()
    for column in ("user", "item"):
        table[column] = _clean_ids(table[column])
    table["rating"] = _clean_numbers(table["rating"])
    if "timestamp" in table:
        table["timestamp"] = _clean_times(table["timestamp"])
    outside = ~table["rating"].between(*scale)
    if outside.any():
        row = outside.idxmax()
        raise ValueError(
            f"rating {table['rating'][row]:g} at row {row} is outside the scale "
            f"{scale[0]:g}..{scale[1]:g}; if the data use another one, "
            f"pass scale=({table['rating'].min():g}, {table['rating'].max():g})"
        )
    twice = table.duplicated(["user", "item"])
    if twice.any():
        row = twice.idxmax()
        user, item = table.loc[row, ["user", "item"]]
        raise ValueError(
            f"user {user} rates item {item} a second time at row {row} ({twice.sum()} such rows); "
            'keep one of them, for example table.drop_duplicates(["user", "item"], keep="last")'
        )
    return table


def _check_columns(table: pd.DataFrame) -> None:
    missing = [c for c in COLUMNS[:3] if c not in table]
    unknown = [c for c in table.columns if c not in COLUMNS]
    if missing or unknown:
        raise ValueError(
            f"columns {list(table.columns)}: missing {missing}, unknown {unknown}; "
            f"rename or drop columns until they are {list(COLUMNS)} (timestamp may be absent)"
        )
    if table.empty:
        raise ValueError("the table has no row; pass at least one rating")
    if not table.index.is_unique:
        raise ValueError("the table's index repeats; call table.reset_index(drop=True) first")


def _clean_ids(ids: pd.Series) -> pd.Series:
    """Integers of 64 bits and whole floats become integers, all else becomes a string."""
    blank = ids.isna() | (ids.astype(str).str.strip() == "")
    if blank.any():
        raise ValueError(
            f"{ids.name} is missing at row {blank.idxmax()}; fill it in or drop the row"
        )
    if pd.api.types.is_float_dtype(ids) and (ids % 1 == 0).all():
        return ids.astype("int64")
    whole = pd.api.types.is_integer_dtype(ids) and ids.max() <= np.iinfo("int64").max
    return ids.astype("int64") if whole else ids.astype(str)


def _clean_numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        row = wrong.idxmax()
        value = repr(values[row]) if isinstance(values[row], str) else values[row]
        raise ValueError(
            f"{values.name} {value} at row {row} is not a finite number "
            f"({wrong.sum()} such rows); correct it or drop the row"
        )
    return numbers


def _clean_times(times: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(times):
        if times.isna().any():
            row = times.isna().idxmax()
            raise ValueError(f"timestamp is missing at row {row}; fill it in or drop the column")
        utc = pd.to_datetime(times, utc=True)
        return (utc - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(seconds=1)
    return _clean_numbers(times).astype("int64")


def side_table(given: pd.DataFrame | None, ids: pd.Series, kind: str) -> pd.DataFrame:
    """The item or user table: the one given, checked, or one made from the ids."""
    if given is None:
        return pd.DataFrame(index=pd.Index(np.sort(ids.unique()), name=kind))
    if not given.index.is_unique:
        raise ValueError(
            f"{kind} {given.index[given.index.duplicated()][0]} stands twice in the {kind} table; "
            "keep one row"
        )
    absent = ~ids.isin(given.index)
    if absent.any():
        row = absent.idxmax()
        raise ValueError(
            f"{kind} {ids[row]} at row {row} is not in the {kind} table; "
            "add it, or check that both ids have one type "
            f"(table {ids.dtype}, {kind} table {given.index.dtype})"
        )
    return given.rename_axis(kind)
