"""Metric frames -> the record of numbers that a run keeps: a notebook displays it, the runner writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

__all__ = ["MIME", "Numbers", "record"]

MIME: Final = "application/vnd.cslib.numbers+json"
FIXED: Final = (
    "metric",
    "convention",
    "start",
    "end",
    "value",
    "numerator",
    "denominator",
    "n_accounts",
    "unit",
)


@dataclass(frozen=True)
class Numbers:
    """Numbers that show as nothing in a notebook and stay in its file as JSON."""

    records: tuple[Mapping[str, Any], ...]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {MIME: {"numbers": list(self.records)}}


def record(*frames: pd.DataFrame) -> Numbers:
    """Every row of metric frames as one record.

    Parameters
    ----------
    *frames : DataFrame
        Columns ``metric, convention, start, end, <by>, value, numerator, denominator, n_accounts, unit``; other columns
        (a segment, a cohort, an age) become the record's ``by``.

    Returns
    -------
    Numbers
        Records with money as integers, dates in ISO form and undefined values as None.

    Examples
    --------
    >>> frame = pd.DataFrame({"metric": ["arr"], "convention": ["month end"], "start": pd.to_datetime(["2025-01-31"]),
    ...     "end": pd.to_datetime(["2025-01-31"]), "segment": ["SMB"], "value": [1200.0], "numerator": [1200],
    ...     "denominator": [pd.NA], "n_accounts": [1], "unit": ["USD ARR"]})
    >>> record(frame).records[0]["value"], record(frame).records[0]["by"], record(frame).records[0]["denominator"]
    (1200, {'segment': 'SMB'}, None)
    """
    return Numbers(tuple(record for frame in frames for record in _records(frame)))


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    by = [column for column in frame.columns if column not in FIXED]
    for row in frame.to_dict("records"):
        whole = not str(row.get("unit", "")).startswith("ratio")
        record = {name: _plain(row[name], whole=whole) for name in FIXED if name in row}
        yield record | {"by": {str(name): _plain(row[name], whole=True) for name in by}}


def _plain(value: Any, *, whole: bool) -> Any:
    """Value as JSON holds it; a whole number as an integer where the unit has no fractions."""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if pd.isna(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value
