"""Frames of the coverage report -> findings. What a company did not give has no finding."""

from __future__ import annotations

import math
from typing import Any, TypeGuard

import pandas as pd

from cslib.absent import Absent
from cslib.story.finding import LEVEL, Evidence, Finding

__all__ = ["coverage_facts"]

Given = pd.DataFrame | Absent


def _there(frame: Given) -> TypeGuard[pd.DataFrame]:
    return not isinstance(frame, Absent) and not frame.empty


def coverage_facts(
    *,
    load: Given,
    needed: Given,
    ahead: Given,
    hires: Given,
    visits: Given,
    spend: Given,
    matched: Given,
    rules: pd.DataFrame,
    window: int,
    horizon: int,
    edge: int,
    minor_units: int,
) -> tuple[Finding, ...]:
    """What the coverage report says first, in this order; each only where its frame was given.

    Parameters
    ----------
    load, needed, ahead, hires, visits, spend, matched : DataFrame or Absent
        Frames of :mod:`cslib.metrics.capacity`.
    rules : DataFrame
        ``rules_table`` of ``arr_per_csm, saturated_at, visits_a_year``.
    window, horizon : int
        Months behind and ahead.
    edge : int
        Whole units of ARR from which an account is visited.
    minor_units : int
        Digits of the currency.
    """
    rule, scale = rules.set_index("rule")["value"], 10**minor_units
    found: list[Finding] = []
    values: dict[str, Any]
    whole: Any
    if _there(load) and _there(needed):
        alone, whole = load[load["state"].isna()], needed.iloc[-1]
        values = {
            "there": int(whole["there"]), "needed": int(whole["needed"]), "rule": int(rule["arr_per_csm"] * scale),
            "arr": int(load["arr"].sum()), "n": int(load["n_accounts"].sum()),
            "n_alone": int(alone["n_accounts"].sum()), "alone": int(alone["arr"].sum()),
        }  # fmt: skip
        found.append(Finding("coverage.people", values, (Evidence("capacity", table="tab-needed"),)))
    if _there(load):
        owned = load[load["state"].notna()]
        over = owned[owned["state"] == "over"]
        values = {
            "n": len(owned), "n_over": len(over), "over": int(rule["saturated_at"] * scale),
            "names": tuple(over["owner"]),
        }  # fmt: skip
        found.append(Finding("coverage.load", values, (Evidence("load", table="tab-load"),)))
    if _there(ahead):
        months = float(ahead["full_in"].iloc[0])
        values = {
            "capacity": int(ahead["capacity"].iloc[0]), "window": window, "never": math.isinf(months),
            "months": 0 if math.isinf(months) else math.ceil(months),
        }  # fmt: skip
        found.append(Finding("coverage.ahead", values, (Evidence("capacity", table="tab-ahead"),)))
    if _there(hires):
        values = {"n": len(hires), "n_late": int(hires["late"].sum()), "horizon": horizon}
        found.append(Finding("coverage.hires", values, (Evidence("hires", table="tab-hires"),)))
    if _there(visits):
        short = int((visits["visits"] < rule["visits_a_year"]).sum())
        values = {
            "n": len(visits),
            "n_short": short,
            "needed": int(rule["visits_a_year"]),
            "edge": edge * scale,
        }
        found.append(Finding("coverage.visited", values, (Evidence("visits", table="tab-visits"),)))
    if _there(spend):
        whole = spend.set_index("band").loc["all"]
        values = {"amount": int(whole["cost"]), "share": float(whole["cost_share"]), "window": window}
        found.append(Finding("coverage.cost", values, (Evidence("cost", table="tab-spend"),)))
    if _there(matched):
        rows = matched[matched["metric"] == "gross_retention"].set_index("comparison")
        both: dict[Any, Any] = rows.to_dict("index")
        naive, like = both["naive"], both["matched"]
        if not math.isnan(float(like["difference"])):
            names = ("difference", "low", "high", "verdict")
            values = {name: like[name] for name in ("covered", "uncovered", *names)}
            values |= {name: int(like[name]) for name in ("n_covered", "n_uncovered")} | {
                "plain": naive["difference"],
                "level": LEVEL,
            }
            table = (Evidence("coverage", table="tab-covered"),)
            verdict = str(like["verdict"])
            found.append(Finding("coverage.matched", values, table, verdict=verdict, certainty=LEVEL))
    return tuple(found)
