"""HubSpot: line items of deals make a ledger; deals are opportunities."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.lines import leave
from cslib.sources.vendors.prices import READ, filled, from_prices
from cslib.sources.vendors.table import Made, left_of, sides

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger from line items: their price by billing frequency, from the start of billing over their term.

    Source: developers.hubspot.com (line items: ``recurringbillingfrequency``, ``hs_recurring_billing_period``).
    """
    raw = filled(sides(parts, "line_items"), *READ, "deal")
    deals = sides(parts, "deals_of_lines")
    if len(deals):
        deals = leave(deals, deals["id"].duplicated(), "repeats a deal")
        of = deals[deals["cause"] == ""].set_index("id").reindex(raw["deal"]).set_axis(raw.index)
        raw["account"] = raw["account"].fillna(of["account"])
        raw["signed"] = raw["signed"].fillna(of["closed"])
        raw["start"] = raw["start"].fillna(of["closed"])
        lost = of["won"].eq(False) | of["stage"].fillna("").str.lower().str.contains("lost", regex=False)
        raw = leave(raw, lost, "of a deal that is not won", raw["unit_amount"])
        deals = leave(
            deals,
            ~deals["id"].isin(set(raw.loc[raw["cause"] == "", "deal"])),
            "a deal of no line item that is used",
        )
    made = from_prices(
        [part for part in parts if part.kind.name == "line_items"],
        reading,
        "line_items",
        raw=raw,
        chained=False,
    )
    left = pd.concat([made.left, left_of(deals)], ignore_index=True) if len(deals) else made.left
    return Made(made.rows, left, made.notes)
