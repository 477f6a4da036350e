"""Frames of the renewals report -> findings. What a company did not give has no finding."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

import pandas as pd

from cslib.absent import Absent
from cslib.story.finding import LEVEL, Evidence, Finding

__all__ = ["renewal_facts"]

Given = pd.DataFrame | Absent


def _there(frame: Given) -> TypeGuard[pd.DataFrame]:
    return not isinstance(frame, Absent) and not frame.empty


def renewal_facts(
    *,
    calendar: Given,
    outlook: Given,
    record: Given,
    factors: Given,
    still: Given,
    coverage: Given,
    likely: Given,
    path: Given,
    window: int,
    ahead: int,
) -> tuple[Finding, ...]:
    """What the renewals report says first, in this order; each only where its frame was given.

    Parameters
    ----------
    calendar, outlook, record, factors, still, coverage, likely, path : DataFrame or Absent
        Of ``renewal_calendar, outlook, outlook_record, factors, not_expanded, csql_coverage, expansion_record,
        growth_path``.
    window, ahead : int
        Months behind, and months ahead that the outlook covers.
    """
    found: list[Finding] = []
    values: dict[str, Any]
    if _there(calendar):
        past = calendar[calendar["state"] == "past"]
        atr, lost = int(past["atr"].sum()), int(past["lost"].sum())
        kept = round(float((past["rate"].fillna(0) * past["atr"]).sum()))
        values = {
            "n": int(past["n_terms"].sum()), "atr": atr, "kept": kept, "lost": lost,
            "rate": kept / atr if atr else math.nan, "window": window,
            "smaller": int(past["smaller"].fillna(0).sum()),
        }  # fmt: skip
        found.append(
            Finding("renewals.past", values, (Evidence("renewals", table="tab-calendar"),), materiality=lost)
        )
    if _there(outlook):
        known = (
            _there(record)
            and record[record["band"] == "all"]["brier"].mean()
            < record[record["band"] == "all"]["brier_base"].mean()
        )
        risk = int(outlook["at_risk"].sum())
        values = {
            "n": len(outlook), "atr": int(outlook["target"].sum()), "months": ahead, "risk": risk,
            "top": tuple(outlook["name"].head(3)), "record": bool(known),
        }  # fmt: skip
        found.append(
            Finding("renewals.ahead", values, (Evidence("outlook", table="tab-outlook"),), materiality=risk)
        )
    if _there(factors):
        amounts = factors.set_index("kind")["amount"]
        largest = str(amounts.abs().idxmax())
        values = {
            "gains": int(amounts[amounts > 0].sum()), "losses": -int(amounts[amounts < 0].sum()), "largest": largest,
            "amount": abs(int(amounts[largest])), "opening": int(factors["opening"].iloc[0]),
        }  # fmt: skip
        if values["opening"]:
            found.append(Finding("renewals.moved", values, (Evidence("factors", table="fig-factors"),)))
    if _there(still):
        values = {"n": len(still), "arr": int(still["arr"].sum()), "months": window}
        found.append(Finding("renewals.still", values, (Evidence("not expanded", table="tab-still"),)))
    if _there(coverage):
        whole: dict[Any, Any] = coverage.set_index("band").loc["all"].to_dict()
        values = {
            "n": int(whole["n_accounts"]),
            "covered": int(whole["covered"]),
            "share": float(whole["coverage"]),
        }
        found.append(Finding("renewals.coverage", values, (Evidence("csql", table="tab-csql"),)))
    if _there(likely):
        last: dict[Any, Any] = likely.iloc[-1].to_dict()
        values = {
            "top": float(last["top"]), "all": float(last["expanded"]), "n_top": int(last["n_top"]),
            "low": float(last["low"]), "high": float(last["high"]), "better": bool(last["low"] > last["expanded"]),
            "level": LEVEL,
        }  # fmt: skip
        table = (Evidence("likely", table="tab-likely"),)
        found.append(Finding("renewals.likely", values, table, certainty=LEVEL))
    if _there(path) and not math.isnan(float(path["ahead"].iloc[-1])):
        latest: dict[Any, Any] = path.iloc[-1].to_dict()
        values = {"years": int(latest["years"]), "behind": -round(12 * float(latest["ahead"]))}
        found.append(Finding("renewals.path", values, (Evidence("growth path", table="tab-path"),)))
    return tuple(found)
