"""Tested frames -> findings that may claim something: a change, a segment, a vintage. The verdict is the frame's."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cslib.story.facts import CHANGES, FEW, FEW_EFFECTIVE
from cslib.story.finding import Evidence, Finding, as_evidence

__all__ = [
    "change_fact",
    "change_rows",
    "dependence_fact",
    "discoveries_fact",
    "first_renewals_fact",
    "forecast_fact",
    "intervals_fact",
    "loss_ages_fact",
    "mix_fact",
    "newest_vintage_fact",
    "overlap_fact",
    "residual_fact",
]


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _small(frame: pd.DataFrame) -> bool:
    return bool((frame["n_accounts"] < FEW).any() or (frame["n_effective"] < FEW_EFFECTIVE).any())


def intervals_fact(intervals: pd.DataFrame) -> Finding:
    """What chance alone could have made of each ratio of the latest window."""
    now = intervals[intervals["end"] == intervals["end"].max()].dropna(subset=["low", "high"])
    rows = [{key: row[key] for key in ("metric", "low", "high")} for row in _records(now)]
    level = float(now["level"].iloc[0]) if rows else 0.95
    return Finding("intervals", {"rows": rows, "level": level, "small": _small(now)}, as_evidence(now))


def change_fact(changes: pd.DataFrame, *, metric: str) -> Finding:
    """Whether one ratio changed since earlier windows; the farthest window last."""
    own = changes[changes["metric"] == metric].sort_values("months_ago")
    rows = change_rows(own)
    values = {"metric": metric, "now": rows[0]["now"] if rows else None, "small": _small(own), "rows": rows}
    return Finding("change", values, (Evidence(f"change of {metric}", table=CHANGES),))


def change_rows(changes: pd.DataFrame) -> list[dict[str, Any]]:
    """Changes of one ratio as a sentence prints them, with the bounds of their size and half the interval."""
    kept = (
        "months_ago",
        "before",
        "now",
        "value",
        "low",
        "high",
        "level",
        "verdict",
        "delta",
        "detectable",
        "rests_on",
    )
    rows = []
    for row in _records(changes):
        least, most = sorted((abs(row["low"]), abs(row["high"])))
        bounds = {"least": least, "most": most, "half": (row["high"] - row["low"]) / 2}
        rows.append({name: row[name] for name in kept} | bounds)
    return rows


def overlap_fact(changes: pd.DataFrame, *, months: int) -> Finding:
    """How much of their `months` the two nearest windows compared have in common."""
    apart = int(changes["months_ago"].min()) if len(changes) else months
    return Finding(
        "overlap", {"shared": max(months - apart, 0), "months": months, "apart": apart}, (Evidence("change"),)
    )


def dependence_fact(singles: pd.DataFrame, *, value: float) -> Finding:
    """Accounts, or groups under one parent, that net retention of `value` must not be told without."""
    told = [
        {key: row[key] for key in ("name", "share", "value", "n_accounts")} | {"without": row["value"]}
        for row in _records(singles[singles["heavy"] | singles["outweighs"]])
        if row["outweighs"] or row["n_accounts"] > 1
    ]
    return Finding(
        "dependence", {"value": value, "rows": told}, (Evidence("leave one out", table="tab-concentration"),)
    )


def discoveries_fact(*drilled: pd.DataFrame, limit: float) -> Finding:
    """Segments that differ from the rest of the book by more than chance would produce, all ratios in one finding.

    Those that pass stand by ratio, the largest difference first; a segment that passes in two ratios counts once.
    """
    frames = [frame for frame in drilled if len(frame)]
    rows = [row for frame in frames for row in _records(_by_size(frame))]
    tested = {(row["column"], row["segment"]) for row in rows if not pd.isna(row["p"])}
    every = {(row["column"], row["segment"]) for row in rows}
    passed = [row for row in rows if row["passed"]]
    kept = ("metric", "column", "segment", "n_accounts", "value", "rest", "low", "high", "level")
    metrics = [str(frame["metric"].iloc[0]) for frame in frames]
    values = {
        "metrics": metrics, "n": len(tested),
        "n_untested": len(every) - len(tested), "limit": limit, "quiet": len(frames) > 1,
        "n_passed": len({(row["column"], row["segment"]) for row in passed}),
        "passed": [{key: row[key] for key in kept} for row in passed],
    }  # fmt: skip
    shown = [Evidence(metric, row="every segment", table="tab-segments") for metric in metrics]
    return Finding("discoveries", values, tuple(shown))


def _by_size(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values("difference", key=lambda d: -d.abs(), kind="stable")


def newest_vintage_fact(newest: pd.DataFrame, changes: pd.DataFrame) -> Finding:
    """Whether the newest vintage keeps less, or more, than those before it, and whether the headline shows it yet."""
    order = {"gross_retention": 0, "net_retention": 1, "logo_retention": 2}
    rows = sorted(_records(newest), key=lambda row: order[row["metric"]])
    told = [row for row in rows if row["verdict"] != "cannot tell"]
    shown = set(changes.loc[changes["verdict"] == "changed", "metric"]) if len(changes) else set()
    kept = (
        "metric",
        "start",
        "end",
        "value",
        "n_accounts",
        "older",
        "n_older",
        "low",
        "high",
        "level",
        "verdict",
    )
    values = {
        "age": int(rows[0]["age"]) if rows else 12,
        "rows": [{key: row[key] for key in kept} for row in told],
        "shown": bool(shown & {row["metric"] for row in told}),
        "compared": bool(rows), "n": int(rows[0]["n_accounts"]) if rows else 0,
        "n_older": int(rows[0]["n_older"]) if rows else 0,
    }  # fmt: skip
    return Finding("newest_vintage", values, (Evidence("newest vintage", table="tab-newest-vintage"),))


def mix_fact(decomposed: pd.DataFrame, *, verdict: str) -> Finding:
    """Change of the headline over the whole span split into mix and rate; direction words only for a tested change."""
    whole = decomposed[decomposed["whole"]]
    rate, mix = float(whole["rate"].sum()), float(whole["mix"].sum())
    values: dict[str, Any] = {
        "rows": len(whole),
        "rate": rate,
        "mix": mix,
        "total": rate + mix,
        "opposed": rate * mix < 0 and min(abs(rate), abs(mix)) >= max(abs(rate), abs(mix)) / 5,
    }
    if len(whole):
        first = whole.iloc[0]
        largest = whole.sort_values("rate", key=abs, ascending=False, kind="stable").iloc[0]
        values |= {"metric": first["metric"], "by": first["by"], "start": first["start"], "end": first["end"],
                   "largest": largest["segment"], "largest_rate": float(largest["rate"]),
                   "tested": verdict == "changed"}  # fmt: skip
    return Finding("mix", values, (Evidence("mix and rate"),))


def loss_ages_fact(losses: pd.DataFrame) -> Finding:
    """Ages at which more accounts leave than at the average age."""
    passed = losses[losses["passed"]]
    values = {
        "ages": [int(age) for age in passed["age"]], "share": float(passed["share"].sum()),
        "n": int(losses["numerator"].sum()), "n_passed": int(passed["numerator"].sum()),
    }  # fmt: skip
    return Finding("loss_ages", values, (Evidence("logo loss by age"),))


def first_renewals_fact(renewals: pd.DataFrame) -> Finding:
    """What the latest year's first renewals kept, with the interval, and the year before it."""
    kept = (
        "start",
        "end",
        "value",
        "low",
        "high",
        "level",
        "numerator",
        "denominator",
        "n_accounts",
        "n_kept",
    )
    rows = [
        {key: row[key] for key in kept}
        | {"small": row["n_accounts"] < FEW or row["n_effective"] < FEW_EFFECTIVE}
        for row in _records(renewals.tail(2).iloc[::-1])
    ]
    convention = str(renewals["convention"].iloc[0]) if len(renewals) else ""
    return Finding(
        "first_renewals", {"rows": rows, "convention": convention}, (Evidence("first renewal rate"),)
    )


def forecast_fact(ahead: pd.DataFrame) -> Finding:
    """What the next quarter may bring: a range and its record, or that there is too little history for one."""
    kept = ("metric", "end", "value", "low", "high", "supported", "n_past", "n_ranged", "n_inside", "level")
    rows = [{key: row[key] for key in kept} | {"money": row["unit"] != "ratio"} for row in _records(ahead)]
    return Finding("next_quarter", {"rows": rows}, (Evidence("forecast of the next quarter"),))


def residual_fact(residual: pd.DataFrame) -> Finding:
    """Residual value of today's accounts, and what the model behind it rests on."""
    values: dict[str, Any] = {"n": int(residual["n_accounts"].sum()) if len(residual) else 0}
    if len(residual):
        values |= {"value": int(residual["value"].sum()), "arr": int(residual["denominator"].sum()),
                   "convention": residual["convention"].iloc[0],
                   "n_ended": int(residual["n_ended"].iloc[0])}  # fmt: skip
    return Finding("residual", values, (Evidence("residual value"),))
