"""Chargebee: subscriptions and their items."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.lines import leave
from cslib.sources.vendors.prices import filled, from_prices
from cslib.sources.vendors.table import Made, sides

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger of a Chargebee site: subscriptions with their plan, or with their items where those are there too.

    Source: apidocs.chargebee.com (subscriptions), chargebee.com/docs (exports).
    """
    raw = sides(parts, *(part.kind.name for part in parts))
    raw = filled(
        raw, "canceled", "ended", "start", "created", "status", "period_end", "unit_amount", "amount"
    )
    state = raw["status"].fillna("").str.lower()
    gone = state.isin(["cancelled", "canceled"])
    leaving = state.isin(["non_renewing", "non renewing"])
    raw["ended"] = raw["canceled"].where(gone)
    raw["end"] = raw["ended"].fillna(raw["canceled"].fillna(raw["period_end"]).where(leaving))
    raw["canceled"] = pd.NaT  # the day on which the end was decided is not there
    raw["canceled"] = raw["canceled"].astype("datetime64[s]")
    raw = leave(raw, state.eq("future"), "has not begun (future)", raw["unit_amount"].fillna(raw["amount"]))
    raw = leave(raw, state.eq("transferred"), "transferred to another site")
    return from_prices(parts, reading, *(part.kind.name for part in parts), raw=raw)
