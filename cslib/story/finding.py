"""A finding: one typed fact with the values its sentence prints, what it is worth and the rows it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

import pandas as pd

from cslib.evidence import as_json

__all__ = ["LEVEL", "Driver", "Evidence", "Finding", "as_evidence", "plain"]


LEVEL: Final = 0.95
"""Certainty of a finding that prints an interval of that level, where its frame does not name the level."""


@dataclass(frozen=True)
class Evidence:
    """Where the values of a finding can be looked up.

    Attributes
    ----------
    metric, convention : str
        Frame and convention; the convention is empty where a frame has none.
    row : str
        Row of the frame, as ``column=value`` pairs; empty for the whole frame.
    table : str
        Label of the table or figure of the report that shows it; empty where none does.
    """

    metric: str
    convention: str = ""
    row: str = ""
    table: str = ""


@dataclass(frozen=True)
class Driver:
    """A part of a total by its name and signed amount (minor units or ratio points)."""

    name: str
    amount: float


@dataclass(frozen=True)
class Finding:
    """A fact the report may state.

    Attributes
    ----------
    kind : str
        Names the macro of its sentence in the template of its language; ``report.kind`` one in that report's own file.
    values : Mapping
        What the template prints: money in minor units, ratios from 0 upward, dates, counts, names as in the data.
    evidence : tuple of Evidence
        Frames and rows that hold the values.
    subject : str
        Account, segment or cohort it is about; empty for the whole book.
    comparison : str
        What it is held against.
    verdict : str
        What the test said; ``counted`` where nothing was tested.
    materiality : int
        Money at stake, minor units.
    certainty : float
        0 to 1: the level of the test or range behind it, 1 for what was counted.
    drivers : tuple of Driver
        What makes it up, the largest first.
    plays : tuple of str
        What it calls for, by the keys of :mod:`cslib.metrics.actions`.
    accounts : tuple of str
        Accounts it names, by id.
    """

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    subject: str = ""
    comparison: str = ""
    verdict: str = "counted"
    materiality: int = 0
    certainty: float = 1.0
    drivers: tuple[Driver, ...] = ()
    plays: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Labels of the tables and figures that show its values, each once."""
        return tuple(dict.fromkeys(e.table for e in self.evidence if e.table))


def as_evidence(
    frame: pd.DataFrame, *, table: str = "", metrics: Iterable[str] | None = None
) -> tuple[Evidence, ...]:
    """Evidence of the latest row of each metric in a metric frame.

    >>> frame = pd.DataFrame({"metric": ["arr"], "convention": ["month end"], "end": pd.to_datetime(["2026-09-30"])})
    >>> as_evidence(frame, table="tab-kpi")
    (Evidence(metric='arr', convention='month end', row='end=2026-09-30', table='tab-kpi'),)
    """
    found = []
    for metric in dict.fromkeys(frame["metric"]) if metrics is None else metrics:
        rows = frame[frame["metric"] == metric]
        if len(rows):
            row = rows.sort_values("end").iloc[-1]
            day = "" if pd.isna(row["end"]) else f"end={pd.Timestamp(row['end']).date()}"
            found.append(Evidence(str(metric), str(row.get("convention", "")), day, table))
    return tuple(found)


def plain(finding: Finding) -> dict[str, Any]:
    """Finding as JSON holds it."""
    told = {f.name: getattr(finding, f.name) for f in fields(finding)}
    told["evidence"] = [vars(e) for e in finding.evidence]
    told["drivers"] = [vars(d) for d in finding.drivers]
    return {name: as_json(value) for name, value in told.items()}
