"""Zuora: rate plan charges, the subscriptions and amendments behind them, accounts for their currency."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.lines import leave
from cslib.sources.vendors.prices import READ, filled, keys, made_of, priced
from cslib.sources.vendors.table import Made, sides

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger of a Zuora tenant: one line a segment of a recurring charge, of the newest version of its subscription.

    Source: docs.zuora.com (RatePlanCharge, Subscription, Amendment; a charge ends on the first day it is not in force).
    """
    raw = filled(
        sides(parts, "charges"), *READ, "amendment", "charge", "segment_no", "version", "updated", "plan"
    )
    notes = [note for part in parts for note in part.notes]
    heads = filled(
        _unique(sides(parts, "subscriptions")),
        "deleted",
        "status",
        "latest",
        "canceled",
        "term_end",
        "auto_renew",
        "name",
    )
    amendments, plans = _unique(sides(parts, "amendments")), _unique(sides(parts, "rate_plans"))
    accounts = _unique(sides(parts, "currencies"))
    of = _by(heads).reindex(raw["subscription"]).set_axis(raw.index)
    raw["canceled"] = raw["canceled"].fillna(of["canceled"])
    raw["term_end"] = raw["term_end"].fillna(of["term_end"])
    raw["auto_renew"] = raw["auto_renew"].fillna(of["auto_renew"])
    if len(plans):
        raw["plan"] = _by(plans).reindex(raw["plan"]).set_axis(raw.index)["name"].fillna(raw["plan"])
    if len(accounts):
        raw["currency"] = raw["currency"].fillna(
            _by(accounts)["currency"].reindex(raw["account"]).set_axis(raw.index)
        )
    if len(amendments):
        change = _by(amendments).reindex(raw["amendment"]).set_axis(raw.index)
        raw["reason"] = raw["reason"].fillna(change["type"])
        raw["signed"] = raw["signed"].fillna(change["signed"])
    raw = leave(raw, of["latest"].eq(False), "of an earlier version of its subscription", raw["mrr"] * 12)
    raw = leave(raw, of["status"].eq("Expired"), "of an earlier version of its subscription", raw["mrr"] * 12)
    newest = raw[raw["cause"] == ""].sort_values(["version", "updated"], kind="stable")
    whole = newest["charge"].notna() & newest["segment_no"].notna()
    again = newest[whole].duplicated(["charge", "segment_no"], keep="last").reindex(raw.index).fillna(False)
    raw = leave(raw, again.astype(bool), "replaced by a later version of the charge", raw["mrr"] * 12)
    raw = leave(
        raw,
        (raw["end"] == raw["start"]).fillna(False),
        "removed by an amendment before it began",
        raw["mrr"] * 12,
    )
    raw = leave(raw, raw["type"].eq("Usage"), "usage", raw["mrr"] * 12)
    raw["id"], raw["subscription"] = (
        raw["charge"].fillna(raw["id"]),
        pd.Series(pd.NA, index=raw.index, dtype="str"),
    )
    raw["interval"] = pd.Series(pd.NA, index=raw.index, dtype="str")  # Zuora gives the mrr of a charge itself
    lines, facts = priced(raw, reading)
    charges = sides(parts, "charges")
    charges = charges[keys(charges).isin(set(keys(lines[lines["cause"] == ""])))]
    others = [
        leave(
            heads, ~heads["id"].isin(set(charges["subscription"])), "a subscription of no charge that is used"
        ),
        leave(
            amendments,
            ~amendments["id"].isin(set(charges["amendment"].dropna())),
            "an amendment of no charge that is used",
        ),
        leave(
            plans, ~plans["id"].isin(set(charges["plan"].dropna())), "a rate plan of no charge that is used"
        ),
        leave(
            accounts, ~accounts["id"].isin(set(charges["account"])), "an account of no charge that is used"
        ),
    ]
    return made_of(lines, others, [*notes, *facts], reading)


def _unique(frame: pd.DataFrame) -> pd.DataFrame:
    return leave(frame, frame["id"].duplicated(keep="last"), "repeats another row")


def _by(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[~frame["id"].duplicated(keep="last")].set_index("id")
