"""Recurly: subscriptions and their versions, add-ons, plans, coupon redemptions."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.lines import leave
from cslib.sources.vendors.prices import READ, filled, keys, made_of, priced
from cslib.sources.vendors.table import Made, sides

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger of a Recurly site. Versions of one subscription are its prices, each from its own day on.

    Source: docs.recurly.com (subscriptions export), recurly.com/developers (subscription).
    """
    raw = filled(sides(parts, "subscriptions", "subscriptions_export"), *READ, "updated", "period_end")
    plans = sides(parts, "plans")
    notes = [note for part in parts for note in part.notes]
    if len(plans):
        plans = plans.sort_values("updated", kind="stable")
        plans["cause"] = plans["cause"].mask(
            plans["id"].duplicated(keep="last"), "an earlier version of a plan"
        )
        by_id = plans[plans["cause"] == ""].set_index("id")
        of = by_id.reindex(raw["plan"]).set_axis(raw.index)
        raw["interval"] = raw["interval"].fillna(of["interval"])
        raw["interval_count"] = raw["interval_count"].fillna(of["interval_count"])
        raw["plan"] = of["name"].fillna(raw["plan"])
        plans = leave(
            plans,
            ~plans["id"].isin(set(sides(parts, "subscriptions").get("plan", []))),
            "a plan of no subscription here",
        )
    n = int((raw["interval"].isna() & (raw["cause"] == "")).sum())
    if n:
        raw["interval"] = (
            raw["interval"]
            .fillna("month")
            .where(raw["period_end"].notna() | raw["interval"].notna(), "month")
        )
        notes.append(f"say no billing period, and count as monthly; take plans along: {n:,} rows")
    state = raw["status"].fillna("").str.lower()
    raw = leave(raw, state.isin(["future", "pending"]), "has not begun (future)", raw["unit_amount"])
    ending = state.isin(["canceled", "cancelled", "expired"])
    raw["end"] = raw["ended"].where(ending)
    raw = raw.sort_values(["id", "updated", "line"], kind="stable")
    used = raw["cause"] == ""
    of_id = raw[used].groupby("id", sort=False)
    first = ~raw[used].duplicated("id")
    start = raw.loc[used, "start"].where(first, raw.loc[used, "updated"]).fillna(raw.loc[used, "start"])
    following = of_id["updated"].shift(-1)
    several = raw[used].duplicated("id", keep=False)
    raw.loc[used, "end"] = following.where(several & following.notna(), raw.loc[used, "end"])
    raw.loc[used, "start"] = start
    raw.loc[used, "trial_end"] = raw.loc[used, "trial_end"].where(first)
    n = int(several.sum())
    notes += (
        [f"versions of a subscription are prices, each from the day of its change: {n:,} rows"] if n else []
    )
    raw = leave(
        raw,
        (raw["end"] <= raw["start"]).fillna(False) & raw["id"].duplicated(keep=False),
        "a version replaced on the same day",
    )
    lines, facts = priced(raw, reading)
    others = [plans, *_rest(parts)]
    for other in others:
        unused = (other["cause"] == "") & ~other["cause"].isna()
        if other is not plans:
            other["cause"] = other["cause"].mask(
                unused, "not read: the subscription carries its total of add-ons"
            )
    return made_of(lines, others, [*notes, *facts], reading)


def _rest(parts: Sequence[Part]) -> list[pd.DataFrame]:
    named = {"add_ons": "the subscription carries the total of its add-ons",
             "changes": "the versions of the subscription carry its prices"}  # fmt: skip
    rest = []
    for part in parts:
        if part.kind.name in named:
            rest.append(leave(part.frame, keys(part.frame).notna(), named[part.kind.name]))
    return rest
