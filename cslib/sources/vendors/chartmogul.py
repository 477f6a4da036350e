"""ChartMogul: activities (changes of MRR), or the invoice lines that were imported into it."""

from __future__ import annotations

from collections.abc import Sequence

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.invoices import from_invoices
from cslib.sources.vendors.movements import from_movements
from cslib.sources.vendors.table import Made

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger from ChartMogul: the activities where they are there, else the invoice lines.

    Source: help.chartmogul.com (importing billing data), dev.chartmogul.com (activities).
    """
    if any(part.kind.name == "activities" for part in parts):
        return from_movements(parts, reading, "activities")
    return from_invoices(parts, reading, "lines")
