"""The headline, and whether growth hides what is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from cslib.story.facts import CHANGES, KEY_FIGURES, at, is_small
from cslib.story.finding import Driver, Evidence, Finding, as_evidence
from cslib.story.verdicts import change_rows

__all__ = ["MASKED", "headline_finding", "masking_finding"]

SAME: Final = 1e-12  # of a ratio
MASKED: Final = 0.90  # gross retention below which a net retention of 100% or more hides what is lost


def headline_finding(
    *, headline: pd.DataFrame, since: pd.DataFrame, singles: pd.DataFrame, effective: float, window: int
) -> Iterator[Finding]:
    """Level of ARR and retention, what they were before, and what may be said of the difference."""
    arr, (net, *_), gross, logo = (
        at(headline, m) for m in ("arr", "net_retention", "gross_retention", "logo_retention")
    )
    rows = since.sort_values("months_ago")
    small = is_small(net["n_accounts"], effective)
    heavy = singles[singles["heavy"] | singles["outweighs"]].sort_values("share", ascending=False)
    levels = {m: at(headline, m) for m in ("net_retention", "gross_retention", "logo_retention")}
    changes = {
        metric: _named(change_rows(rows[rows["metric"] == metric]), levels.get(metric, []))
        for metric in dict.fromkeys(rows["metric"])
    }

    moved = {m: [r for r in found if r["verdict"] == "changed"] for m, found in changes.items()}
    values: dict[str, Any] = {
        "months": window, "start": net["start"], "end": net["end"], "arr": arr[0]["value"], "n": arr[0]["n_accounts"],
        "before": [{"arr": row["value"], "end": row["end"]} for row in arr[1:] if row["value"]],
        "net": net["value"], "numerator": net["numerator"], "denominator": net["denominator"],
        "n_opening": net["n_accounts"], "gross": gross[0]["value"], "kept": logo[0]["numerator"], "small": small,
        "without": _without(heavy, small=small), "rows": changes.get("net_retention", []),
        "others": [] if small else [{"metric": m, "now": found[0]["now"], "rows": found} for m, found in moved.items()
                                    if m != "net_retention" and found],
    }  # fmt: skip
    tested = [row for row in changes.get("net_retention", []) if row["verdict"] == "changed"]
    opening = int(net["denominator"])
    stake = max((abs(row["value"]) * opening for row in tested), default=abs(int(net["numerator"]) - opening))
    yield Finding(
        "headline", values,
        (*as_evidence(headline, table=KEY_FIGURES, metrics=["arr", "net_retention", "gross_retention"]),
         Evidence("change of net_retention", row="months_ago=3 and 12", table=CHANGES)),
        comparison="earlier windows",
        verdict="changed" if any(moved.values()) and not small else _verdict(changes.get("net_retention", [])),
        materiality=round(stake), certainty=0.95 if tested else 1.0,
    )  # fmt: skip


def _named(rows: list[dict[str, Any]], levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose earlier and present ratio are those of the headline frame, so that they name its cells."""
    for row in rows:
        for side in ("before", "now"):
            row[side] = next((lv["value"] for lv in levels if abs(lv["value"] - row[side]) < SAME), row[side])
    return rows


def _without(heavy: pd.DataFrame, *, small: bool) -> dict[str, Any] | None:
    if heavy.empty:
        return None
    first = heavy.iloc[0]
    if not (first["heavy"] or first["outweighs"]):
        return None
    return {"name": first["name"], "share": first["share"], "value": first["value"],
            "group": bool(first["n_accounts"] > 1)}  # fmt: skip


def _verdict(rows: list[dict[str, Any]]) -> str:
    return str(rows[-1]["verdict"]) if rows else "counted"


def masking_finding(*, headline: pd.DataFrame, window: int) -> Iterator[Finding]:
    """Growth of those that stayed covers what was lost: net retention of 100% or more over a low gross retention."""
    net, gross, churn, contraction, expansion = (
        at(headline, m)[0] for m in ("net_retention", "gross_retention", "churn", "contraction", "expansion")
    )
    lost = int(churn["value"]) + int(contraction["value"])
    masked = net["value"] >= 1 and gross["value"] < MASKED
    values = {
        "months": window, "net": net["value"], "gross": gross["value"], "opening": net["denominator"],
        "churn": churn["value"], "n_churn": churn["n_accounts"], "contraction": contraction["value"],
        "n_contraction": contraction["n_accounts"], "expansion": expansion["value"],
        "n_expansion": expansion["n_accounts"], "lost": lost,
    }  # fmt: skip
    yield Finding(
        "masking", values,
        (*as_evidence(headline, table=KEY_FIGURES, metrics=["net_retention", "gross_retention"]),
         *as_evidence(headline, metrics=["churn", "contraction", "expansion"])),
        comparison="gross against net retention", verdict="counted" if masked else "absent", materiality=lost,
        drivers=(Driver("churn", -int(churn["value"])), Driver("contraction", -int(contraction["value"]))),
        plays=("value_recapture", "price_review", "win_back"),
    )  # fmt: skip
