"""Lists that a spreadsheet holds, of no vendor: invoice lines or contracts with a value, a first and a last day."""

from __future__ import annotations

from collections.abc import Sequence

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.invoices import from_invoices
from cslib.sources.vendors.table import Made

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger from lines with an account, a value, a first and a last day, and an id that says what renews what.

    A value is for the whole of its days unless ``options`` says otherwise: ``value = "month"`` or ``"year"``.
    """
    return from_invoices(parts, reading, "lines")
