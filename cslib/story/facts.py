"""Metric frames -> findings. Each function reads values off frames and decides only what may be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from cslib.conventions import GAINS, LOSSES
from cslib.evidence import traced
from cslib.story.finding import Evidence, Finding, as_evidence

__all__ = [
    "CHANGES",
    "FEW",
    "HEAVY",
    "KEY_FIGURES",
    "accounts_fact",
    "arr_fact",
    "at",
    "bridge_fact",
    "concentration_fact",
    "data_fact",
    "gross_fact",
    "is_small",
    "is_small_book",
    "meaning_fact",
    "own_fact",
    "retention_fact",
    "segments_fact",
    "spread_fact",
    "vintages_fact",
]

FEW_EFFECTIVE: Final = 10  # the same, of accounts of equal size (LANGUAGE: N_eff < 10)
FEW: Final = 30  # below it, counts and money instead of percentages (LANGUAGE: n < 30)
KEY_FIGURES: Final = "tab-kpi"  # label of the table of key figures
CHANGES: Final = "tab-verdicts"  # label of the table of changes with their intervals
HEAVY: Final = 0.10  # share of opening ARR from which an account is named beside the headline


def is_small(n_accounts: float, n_effective: float) -> bool:
    """Whether a book is too small, or too concentrated, for percentages to mean much."""
    return n_accounts < FEW or n_effective < FEW_EFFECTIVE


def is_small_book(headline: pd.DataFrame, n_effective: float) -> bool:
    """The same of a book by its headline rows: the accounts are those at the start of the last window."""
    return is_small(at(headline, "net_retention")[0]["n_accounts"], n_effective)


def at(frame: pd.DataFrame, metric: str, *, by: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Rows of one metric, the latest first; `by` are the columns that part it."""
    rows = frame[frame["metric"] == metric].sort_values("end", ascending=False)
    return [traced(row, by=by) for row in rows.to_dict("records")]


def data_fact(
    account: pd.DataFrame, *, n_accounts: int, end: Any, currency: str, notes: tuple[str, ...] = ()
) -> Finding:
    """What was read, from the account of the data: its rows kept, rejected and after the as-of day."""
    ledger = account[account["table"] == "subscriptions"]
    values = {
        "first": ledger["first_date"].min(), "end": end, "rows": int(ledger["rows_kept"].sum()), "n": n_accounts,
        "currency": currency, "rejected": int(account["rows_rejected"].sum()),
        "later": int(account["rows_after_as_of"].sum()), "notes": notes,
    }  # fmt: skip
    return Finding("data", values, (Evidence("account of the data", table="tab-data"),))


def arr_fact(headline: pd.DataFrame) -> Finding:
    """ARR now and at the earlier readings of a headline frame."""
    now, *before = (
        {"arr": row["value"], "n": row["n_accounts"], "end": row["end"]} for row in at(headline, "arr")
    )
    return Finding(
        "arr", {**now, "before": before}, as_evidence(headline, table=KEY_FIGURES, metrics=["arr"])
    )


def retention_fact(headline: pd.DataFrame, *, window: int, n_effective: float) -> Finding:
    """Net retention now, and at earlier readings where it was defined."""
    now, *before = at(headline, "net_retention")
    values = {key: now[key] for key in ("start", "end", "value", "numerator", "denominator")}
    earlier = [{"value": row["value"], "end": row["end"]} for row in before if row["denominator"]]
    n = now["n_accounts"]
    more = {"months": window, "n": n, "small": is_small(n, n_effective), "before": earlier}
    shown = as_evidence(headline, table=KEY_FIGURES, metrics=["net_retention"])
    return Finding("retention", values | more, shown)


def gross_fact(headline: pd.DataFrame, *, n_effective: float) -> Finding:
    """Gross retention, what was lost by churn and by contraction, and the accounts that stayed."""
    gross, logo, churn, contraction = (
        at(headline, m)[0] for m in ("gross_retention", "logo_retention", "churn", "contraction")
    )
    n = gross["n_accounts"]
    values = {
        "value": gross["value"], "start": gross["start"], "denominator": gross["denominator"],
        "churn": churn["value"], "n_churn": churn["n_accounts"],
        "contraction": contraction["value"], "n_contraction": contraction["n_accounts"],
        "logo": logo["value"], "kept": logo["numerator"], "n": n, "small": is_small(n, n_effective),
    }  # fmt: skip
    shown = as_evidence(headline, table=KEY_FIGURES, metrics=["gross_retention", "logo_retention"])
    lost = as_evidence(headline, metrics=["churn", "contraction"])
    return Finding("gross", values, (*shown, *lost))


def bridge_fact(bridge: pd.DataFrame, changes: pd.DataFrame) -> Finding:
    """Where ARR came from and went to between two readings; movements of nothing are left out."""
    rows = {name: at(bridge, name)[0] for name in ("opening", *GAINS, *LOSSES, "closing")}

    def moved(names: tuple[str, ...]) -> list[dict[str, Any]]:
        present = [rows[name] for name in names if rows[name]["value"]]
        return [{"metric": r["metric"], "value": r["value"], "n": r["n_accounts"]} for r in present]

    values = {
        "start": rows["closing"]["start"], "end": rows["closing"]["end"],
        "opening": rows["opening"]["value"], "closing": rows["closing"]["value"],
        "gains": moved(GAINS), "losses": moved(LOSSES),
        "n_brief": int((changes["movement"] == "joined and left").sum()),
    }  # fmt: skip
    return Finding("bridge", values, as_evidence(bridge, table="fig-bridge"))


def concentration_fact(without: pd.DataFrame, headline: pd.DataFrame, *, n_effective: float) -> Finding:
    """The largest account, and net retention without it."""
    if without.empty:
        return Finding("largest", {"n": 0}, (Evidence("leave one out"),))
    top, now = without.iloc[0], at(headline, "net_retention")[0]
    values = {
        "name": top["name"], "is_id": bool(top["name"] == top["account_id"]),
        "share": top["share"], "without": top["value"], "value": now["value"],
        "n": now["n_accounts"], "n_eff": round(n_effective), "small": is_small(now["n_accounts"], n_effective),
        "heavy": bool(top["share"] >= HEAVY),
        "turns": bool((now["value"] > 1) != (top["value"] > 1)),
    }  # fmt: skip
    return Finding("largest", values, (Evidence("leave one out", table="tab-concentration"),))


def vintages_fact(gross: pd.DataFrame, *, age: int, most: int = 3) -> Finding:
    """What the newest vintages kept at an equal age, those before them beside; gross, so that growth hides nothing."""
    rows = [
        {"start": row["start"], "end": row["end"], "value": row["value"], "n": row["n_accounts"],
         "kept": row["numerator"], "first": row["denominator"], "small": row["n_accounts"] < FEW}
        for row in map(traced, gross.sort_values("end", ascending=False).head(most).to_dict("records"))
    ]  # fmt: skip
    shown = Evidence("gross_retention", f"cohort at {age} months", table="tab-cohorts-gross-retention")
    return Finding("vintages", {"age": age, "vintages": rows}, (shown,))


def segments_fact(headline: pd.DataFrame, *, by: str, window: int) -> Finding:
    """Net retention and the accounts kept of every segment that had any at the opening, the largest first."""
    net, logo = (
        {row[by]: row for row in at(headline, m, by=[by])} for m in ("net_retention", "logo_retention")
    )
    rows = [
        {"name": str(name), "n": row["n_accounts"], "small": row["n_accounts"] < FEW, "net": row["value"],
         "numerator": row["numerator"], "denominator": row["denominator"], "kept": logo[name]["numerator"]}
        for name, row in sorted(net.items(), key=lambda item: (-item[1]["denominator"], item[0]))
        if row["n_accounts"]
    ]  # fmt: skip
    few = [row for row in rows if row["small"]]
    values = {"by": by, "months": window, "segments": rows, "few": few, "n_few": len(few)}
    shown = [Evidence(m, row=f"by={by}", table="tab-segments") for m in ("net_retention", "logo_retention")]
    return Finding("segments", values, tuple(shown))


def spread_fact(compared: pd.DataFrame, *, metric: str) -> Finding:
    """How far apart published conventions put one metric of one quarter; known errors are not counted."""
    rows = compared[(compared["metric"] == metric) & ~compared["known_error"]].dropna(subset=["value"])
    values: dict[str, Any] = {"n": len(rows)}
    if len(rows):
        ordered = rows.sort_values("value", kind="stable")
        low, high = ordered.iloc[0], ordered.iloc[-1]
        values |= {
            "metric": metric, "ours": rows.iloc[0]["value"], "low": low["value"], "low_title": low["title"],
            "high": high["value"], "high_title": high["title"], "apart": high["value"] - low["value"],
        }  # fmt: skip
    table = "tab-net-forms" if metric == "net_retention" else "tab-gross-forms"
    return Finding("spread", values, (Evidence(metric, "every convention", table=table),))


def own_fact(compared: pd.DataFrame, *, convention: str) -> Finding:
    """Ratios under the convention that the company calls its own; nothing to say where that is ours."""
    rows = compared[(compared["convention"] == convention) & (convention != "endpoint")].dropna(
        subset=["value"]
    )
    told = [
        {"metric": r["metric"], "title": r["title"], "value": r["value"]} for r in rows.to_dict("records")
    ]
    return Finding("own", {"rows": told}, tuple(Evidence(r["metric"], convention) for r in told))


def meaning_fact(definitions: Sequence[tuple[str, str, str, str]], *, metrics: Sequence[str]) -> Finding:
    """What each of `metrics` means: its convention's name and sentence, from rows of metric, name, sentence, source."""
    told = [
        {"metric": m, "convention": name, "text": text} for m, name, text, _ in definitions if m in metrics
    ]
    return Finding("meaning", {"rows": told}, (Evidence("conventions", table="tab-definitions"),))


def accounts_fact(changes: pd.DataFrame, *, top: int) -> Finding:
    """What the largest gains and losses of single accounts make of all gains and losses."""
    if top < 1:
        raise ValueError(f"top: found {top}, expected a number of accounts of 1 or more")
    change = changes["change"]
    gains, losses = change[change > 0], -change[change < 0]
    most, least = gains.nlargest(top), losses.nlargest(top)
    values = {
        "gain": int(most.sum()), "n_gain": len(most), "total_gain": int(gains.sum()),
        "loss": int(least.sum()), "n_loss": len(least), "total_loss": int(losses.sum()),
    }  # fmt: skip
    shown = (Evidence("account changes", table=name) for name in ("tab-gains", "tab-losses"))
    return Finding("movers", values, tuple(shown))
