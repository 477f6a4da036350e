"""Parts of the book that differ: segments from the rest, the newest vintage from those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from cslib.story.facts import FEW
from cslib.story.finding import Driver, Evidence, Finding

__all__ = ["segment_finding", "vintage_finding"]


def segment_finding(*, drilled: Sequence[pd.DataFrame], limit: float) -> Iterator[Finding]:
    """Segments that pass the false-discovery limit in any ratio; all ratios in one finding."""
    rows = [row for frame in drilled for row in frame.to_dict("records")]
    passed = [row for row in rows if row["passed"]]
    tested = {(row["column"], row["segment"]) for row in rows if not pd.isna(row["p"])}
    every = {(row["column"], row["segment"]) for row in rows}
    money = {(r["column"], r["segment"]): r["denominator"] for r in rows if r["metric"] != "logo_retention"}
    stakes = {
        part: max(
            abs(r["difference"]) * money.get(part, 0) for r in passed if (r["column"], r["segment"]) == part
        )
        for part in dict.fromkeys((r["column"], r["segment"]) for r in passed)
    }
    kept = ("metric", "column", "segment", "n_accounts", "value", "rest", "low", "high", "level")
    values = {
        "n": len(tested), "n_passed": len(stakes), "n_untested": len(every) - len(tested), "limit": limit,
        "passed": [{name: row[name] for name in kept} for row in passed],
    }  # fmt: skip
    verdict = "changed" if passed else "cannot tell"
    yield Finding(
        "segment", values,
        tuple(Evidence(str(frame["metric"].iloc[0]), str(frame["convention"].iloc[0]), "every segment", "tab-segments")
              for frame in drilled if len(frame)),
        subject=", ".join(str(segment) for _, segment in stakes), comparison="rest of the book", verdict=verdict,
        materiality=round(sum(stakes.values())), certainty=1 - limit,
        drivers=tuple(Driver(str(part[1]), stake) for part, stake in stakes.items()),
        plays=("segment_review",) if any(r["value"] < r["rest"] for r in passed) else (),
    )  # fmt: skip


def vintage_finding(*, newest: pd.DataFrame, since: pd.DataFrame) -> Iterator[Finding]:
    """Newest vintage against those before it at equal age; all ratios in one finding, gross before net."""
    order = {"gross_retention": 0, "net_retention": 1, "logo_retention": 2}
    rows = sorted(newest.to_dict("records"), key=lambda row: order[row["metric"]])
    told = [row for row in rows if row["verdict"] != "cannot tell"]
    shown = set(since.loc[since["verdict"] == "changed", "metric"]) if len(since) else set()
    stakes = [
        abs(row["difference"]) * row["denominator"] for row in rows if row["metric"] != "logo_retention"
    ]
    values: dict[str, Any] = {
        "compared": bool(rows), "age": int(rows[0]["age"]) if rows else 12,
        "n": int(rows[0]["n_accounts"]) if rows else 0, "n_older": int(rows[0]["n_older"]) if rows else 0,
        "start": rows[0]["start"] if rows else None, "end": rows[0]["end"] if rows else None,
        "small": bool(rows) and rows[0]["n_accounts"] < FEW,
        "rows": [_told(row) for row in told if row["metric"] != "logo_retention" or len(told) == 1],
        "shown": bool(shown & {row["metric"] for row in told}),
    }  # fmt: skip
    worse = any(row["verdict"] == "worse" for row in told)
    verdict = "worse" if worse else "better" if told else "cannot tell"
    yield Finding(
        "vintage", values,
        tuple(Evidence(row["metric"], row["convention"], "newest vintage", "tab-newest-vintage") for row in rows),
        subject="newest vintage", comparison="vintages before it at equal age", verdict=verdict,
        materiality=round(max(stakes, default=0)), certainty=0.95, plays=("onboarding_fix",) if worse else (),
    )  # fmt: skip


def _told(row: dict[Any, Any]) -> dict[str, Any]:
    kept = (
        "metric",
        "value",
        "numerator",
        "denominator",
        "older",
        "difference",
        "low",
        "high",
        "level",
        "verdict",
    )
    return {name: row[name] for name in kept}
