"""What lies ahead, and how others of the same kind stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from cslib.story.facts import at
from cslib.story.finding import Evidence, Finding

__all__ = ["benchmark_finding", "forecast_finding", "renewals_ahead_finding"]


def forecast_finding(*, ahead: pd.DataFrame, headline: pd.DataFrame) -> Iterator[Finding]:
    """Range of net retention and ARR of the next quarter with its record, where the history supports one."""
    rows = ahead[ahead["metric"].isin(["net_retention", "arr"])].to_dict("records")
    ranged = [row for row in rows if row["supported"]]
    arr = int(at(headline, "arr")[0]["value"])
    net = next((row for row in ranged if row["metric"] == "net_retention"), None)
    kept = ("metric", "end", "low", "high", "level", "n_ranged", "n_inside")
    values: dict[str, Any] = {
        "rows": [{name: row[name] for name in kept} | {"money": row["unit"] != "ratio"} for row in ranged],
        "n_past": max((int(row["n_past"]) for row in rows), default=0),
        "end": rows[0]["end"] if rows else None,
    }
    yield Finding(
        "forecast", values, (Evidence("forecast of the next quarter", "mean of past quarters", table="tab-ahead"),),
        comparison="past quarters", verdict="counted" if ranged else "cannot tell",
        materiality=round((net["high"] - net["low"]) / 2 * arr) if net else 0,
        certainty=float(ranged[0]["level"]) if ranged else 0.0,
    )  # fmt: skip


def renewals_ahead_finding(*, due: pd.DataFrame, headline: pd.DataFrame, months: int) -> Iterator[Finding]:
    """ARR whose term ends in the months ahead, what of it is under notice, and what has shrunk before."""
    noticed, shrunk = due[due["notice"]], due[~due["notice"] & due["shrunk"]]
    gross = float(at(headline, "gross_retention")[0]["value"])
    total, gone = int(due["arr"].sum()), int(noticed["arr"].sum())
    values = {
        "months": months, "n": int(due["account_id"].nunique()), "arr": total,
        "end": due["until"].iloc[0] if len(due) else None, "n_notice": int(noticed["account_id"].nunique()),
        "notice": gone, "n_shrunk": int(shrunk["account_id"].nunique()), "shrunk": int(shrunk["arr"].sum()),
    }  # fmt: skip
    stake = gone + (total - gone) * (1 - gross if gross == gross else 0)
    yield Finding(
        "renewals_ahead", values, (Evidence("terms ahead", "by due date", table="tab-ahead-renewals"),),
        comparison="", verdict="counted" if total else "absent", materiality=round(stake),
        plays=("renewal_rescue",), accounts=tuple(dict.fromkeys([*noticed["account_id"], *shrunk["account_id"]])),
    )  # fmt: skip


def benchmark_finding(*, position: pd.DataFrame, headline: pd.DataFrame) -> Iterator[Finding]:
    """How net and gross retention stand to the median of the nearest published population that is like this company."""
    opening = int(at(headline, "net_retention")[0]["denominator"])
    fit = position[position["comparable"].astype("bool") & (position["statistic"] == "median")]
    rows = []
    for metric in ("net_retention", "gross_retention"):
        own = fit[fit["metric"] == metric].sort_values(["narrowness", "year"], kind="stable")
        rows += own.tail(1).to_dict("records")
    kept = ("metric", "value", "low", "high", "benchmark", "population", "source", "year", "n", "verdict")
    told = [{name: None if pd.isna(row[name]) else row[name] for name in kept} for row in rows]
    apart = [row for row in told if row["verdict"] in {"above", "below"}]
    stake = max(
        (abs(float(row["value"] or 0) - float(row["benchmark"] or 0)) * opening for row in apart), default=0
    )
    yield Finding(
        "benchmark", {"rows": [*apart, *(row for row in told if row not in apart)]},
        tuple(Evidence(row["metric"], row["convention"], f"id={row['id']}", "tab-benchmarks") for row in rows),
        comparison="a published population", verdict="counted" if apart else "cannot tell",
        materiality=round(stake), certainty=0.5,
    )  # fmt: skip
