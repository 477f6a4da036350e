"""One number of a frame: the name by which sentence, table and a run's numbers meet, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

__all__ = ["DIGITS", "FIELDS", "as_json", "as_kept", "kept_rows", "key_of", "traced", "with_paths"]

FIELDS: Final = ("value", "numerator", "denominator", "n_accounts")
DIGITS: Final = 12  # significant; those after differ from one processor to the next


def as_kept(value: float) -> float:
    """Float as it leaves a notebook: twelve significant digits, the same on any machine; a whole number as it is.

    >>> as_kept(0.9340678683635674) == as_kept(0.9340678683635671) == 0.934067868364
    True
    >>> as_kept(4.9999999999999991), as_kept(1234567890123456.0)
    (5.0, 1234567890123456.0)
    """
    return float(value) if value.is_integer() else float(f"{value:.{DIGITS}g}")


def as_json(value: Any) -> Any:
    """Value as JSON holds it: days in ISO form, what is missing as None, numbers without their names or last digits.

    >>> as_json({"end": pd.Timestamp("2026-09-30"), "value": float("nan"), "n": pd.NA, "share": 1 / 3})
    {'end': '2026-09-30', 'value': None, 'n': None, 'share': 0.333333333333}
    """
    if isinstance(value, Mapping):
        return {str(name): as_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if hasattr(value, "isoformat"):
        return None if pd.isna(value) else value.isoformat()[:10]
    if value is None or isinstance(value, str | bool):
        return value
    if pd.isna(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return as_kept(value)
    return int(value) if isinstance(value, int) else str(value)


def kept_rows(frames: Sequence[pd.DataFrame]) -> list[dict[str, Any]]:
    """Rows that a table or figure was drawn from as its output keeps them: of each frame the columns once, then values.

    >>> kept_rows([pd.DataFrame({"account_id": ["A"], "change": [5]}), pd.DataFrame()])
    [{'columns': ['account_id', 'change'], 'rows': [['A', 5]]}]
    """
    return [
        {
            "columns": [str(column) for column in frame.columns],
            "rows": [
                list(row)
                for row in zip(*(as_json(frame[column].tolist()) for column in frame.columns), strict=True)
            ],
        }
        for frame in frames
        if len(frame)
    ]


class _Int(int):
    key: str = ""
    path: str = ""


class _Float(float):
    key: str = ""
    path: str = ""


def key_of(row: Mapping[Any, Any], field: str = "value", *, by: Sequence[str] = ()) -> str:
    """Name of one number: metric, convention, days, segment and field.

    >>> row = {"metric": "arr", "convention": "month end", "start": pd.Timestamp("2026-09-30"),
    ...        "end": pd.Timestamp("2026-09-30"), "segment": "SMB"}
    >>> key_of(row, by=["segment"])
    'arr|month end|2026-09-30|2026-09-30|segment=SMB|value'
    """
    days = (
        "" if pd.isna(row.get(name)) else str(pd.Timestamp(row[name]).date()) for name in ("start", "end")
    )
    part = ";".join(f"{name}={row[name]}" for name in by)
    return "|".join([str(row["metric"]), str(row.get("convention", "")), *days, part, field])


def traced(row: Mapping[Any, Any], *, by: Sequence[str] = ()) -> dict[str, Any]:
    """Row of a metric frame whose numbers know their names; money and counts are whole.

    >>> row = {"metric": "arr", "end": pd.Timestamp("2026-09-30"), "value": 5.0, "unit": "USD ARR"}
    >>> traced(row)["value"], traced(row)["value"].key
    (5, 'arr|||2026-09-30||value')
    """
    ratio = str(row.get("unit", "")).startswith("ratio")
    told = {str(name): value for name, value in row.items()}
    for field in FIELDS:
        if field in told and not pd.isna(told[field]):
            whole = field != "value" or not ratio
            told[field] = _kept(int(told[field]) if whole else told[field], key=key_of(row, field, by=by))
    return told


def with_paths(value: Any, path: str = "") -> Any:
    """`value` with its own place on every number in it, so that a printed digit can say where it comes from.

    A number that also names a row of a metric frame goes on doing so; texts, days and flags stay as they are.

    >>> with_paths({"rows": [{"value": 1.5}]})["rows"][0]["value"].path
    'rows.0.value'
    """
    under = f"{path}." if path else ""
    if isinstance(value, Mapping):
        return {name: with_paths(item, f"{under}{name}") for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_paths(item, f"{under}{i}") for i, item in enumerate(value)]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return _kept(value, key=getattr(value, "key", ""), path=path)


def _kept(value: int | float, *, key: str = "", path: str = "") -> int | float:
    kept = _Float(value) if isinstance(value, float) else _Int(value)
    kept.key, kept.path = key, path
    return kept
