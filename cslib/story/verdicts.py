"""Tested frames -> findings that may claim something: a change, a segment, a vintage. The verdict is the frame's."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cslib.story.finding import Finding

__all__ = ["change_fact", "dependence_fact", "discoveries_fact", "intervals_fact", "overlap_fact"]

FEW = 30  # accounts, and 10 effective ones: below, counts and money instead of percentages
FEW_EFFECTIVE = 10


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _small(frame: pd.DataFrame) -> bool:
    return bool((frame["n_accounts"] < FEW).any() or (frame["n_effective"] < FEW_EFFECTIVE).any())


def intervals_fact(intervals: pd.DataFrame) -> Finding:
    """What chance alone could have made of each ratio of the latest window."""
    now = intervals[intervals["end"] == intervals["end"].max()].dropna(subset=["low", "high"])
    rows = [{key: row[key] for key in ("metric", "low", "high")} for row in _records(now)]
    level = float(now["level"].iloc[0]) if rows else 0.95
    return Finding("intervals", {"rows": rows, "level": level, "small": _small(now)}, tuple(now["metric"]))


def change_fact(changes: pd.DataFrame, *, metric: str) -> Finding:
    """Whether one ratio changed since earlier windows; the farthest window last."""
    rows = _records(changes[changes["metric"] == metric].sort_values("months_ago"))
    kept = (
        "months_ago",
        "before",
        "value",
        "low",
        "high",
        "level",
        "verdict",
        "delta",
        "detectable",
        "rests_on",
    )
    values = {
        "metric": metric, "now": rows[0]["now"] if rows else None,
        "n": int(rows[0]["n_accounts"]) if rows else 0,
        "n_effective": min((row["n_effective"] for row in rows), default=0.0),
        "small": _small(changes[changes["metric"] == metric]),
        "rows": [{key: row[key] for key in kept} for row in rows],
    }  # fmt: skip
    return Finding("change", values, (f"change of {metric}",))


def overlap_fact(changes: pd.DataFrame, *, months: int) -> Finding:
    """How much of their `months` the two nearest windows compared have in common."""
    apart = int(changes["months_ago"].min()) if len(changes) else months
    return Finding("overlap", {"shared": max(months - apart, 0), "months": months}, ("change",))


def dependence_fact(singles: pd.DataFrame, *, value: float) -> Finding:
    """Accounts, or groups under one parent, that net retention of `value` must not be told without."""
    told = [
        {key: row[key] for key in ("name", "share", "value", "n_accounts")} | {"without": row["value"]}
        for row in _records(singles[singles["heavy"] | singles["outweighs"]])
        if row["outweighs"] or row["n_accounts"] > 1
    ]
    return Finding("dependence", {"value": value, "rows": told}, ("leave one out",))


def discoveries_fact(drilled: pd.DataFrame, *, limit: float) -> Finding:
    """Segments that differ from the rest of the book by more than chance would produce, the largest first."""
    if drilled.empty:
        return Finding("discoveries", {"metric": "", "n": 0, "n_untested": 0, "limit": limit, "passed": []})
    tested = drilled.dropna(subset=["p"])
    passed = drilled[drilled["passed"]].sort_values("difference", key=lambda d: -d.abs(), kind="stable")
    kept = ("column", "segment", "n_accounts", "value", "rest", "low", "high", "level")
    values = {
        "metric": drilled["metric"].iloc[0], "n": len(tested), "n_untested": len(drilled) - len(tested),
        "limit": limit, "passed": [{key: row[key] for key in kept} for row in _records(passed)],
    }  # fmt: skip
    return Finding("discoveries", values, (f"{drilled['metric'].iloc[0]} of segments against the rest",))
