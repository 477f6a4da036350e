"""Metric frames -> the record of numbers that a run keeps: a notebook displays it, the runner writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

import pandas as pd

from cslib.evidence import as_kept

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


EVIDENCE: Final = (
    "low", "high", "level", "n_effective", "verdict", "delta", "detectable", "before", "now", "p", "adjusted", "passed",
    "shrunk", "rest", "difference", "older", "n_older", "n_at_risk", "n_mature", "observed", "supported", "n_past",
    "n_ranged", "n_inside", "score", "naive_score", "crps", "naive_crps", "rests_on", "rests_on_share", "n_kept",
)  # fmt: skip
"""Columns that say how well a number is known: they identify no record."""


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
        (a segment, a cohort, an age) become the record's ``by``, and those of :data:`EVIDENCE` (an interval, a verdict)
        its ``evidence``.

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
    >>> record(frame.assign(low=1100.0, high=1300.0)).records[0]["evidence"]
    {'low': 1100, 'high': 1300}
    """
    return Numbers(tuple(record for frame in frames for record in _records(frame)))


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    known = [column for column in EVIDENCE if column in frame.columns]
    by = [column for column in frame.columns if column not in {*FIXED, *EVIDENCE}]
    for row in frame.to_dict("records"):
        whole = not str(row.get("unit", "")).startswith("ratio")
        record: dict[str, Any] = {name: _plain(row[name], whole=whole) for name in FIXED if name in row}
        record["by"] = {str(name): _plain(row[name], whole=True) for name in by}
        if known:
            record["evidence"] = {name: _plain(row[name], whole=whole) for name in known}
        yield record


def _plain(value: Any, *, whole: bool) -> Any:
    """Value as JSON holds it; a whole number as an integer where the unit has no fractions."""
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if pd.isna(value) or value in (inf, -inf):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        value = as_kept(value)
        return int(value) if whole and value.is_integer() else value
    return value
