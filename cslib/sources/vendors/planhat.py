"""Planhat: licences make a ledger, and their renewal dates the renewals."""

from __future__ import annotations

from collections.abc import Sequence

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.prices import from_prices
from cslib.sources.vendors.table import Made

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger from licences: their mrr, else their value over their days.

    Source: docs.planhat.com (license: ``value``, ``mrr``, ``fromDate``, ``toDate``, ``toDateIncluded``).
    """
    return from_prices(parts, reading, "licenses", chained=False)
