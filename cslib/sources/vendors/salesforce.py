"""Salesforce: contracts with an amount make a ledger; opportunities and accounts are tables of their own."""

from __future__ import annotations

from collections.abc import Sequence

from cslib.sources.vendors.cells import Part, Reading
from cslib.sources.vendors.prices import from_prices
from cslib.sources.vendors.table import Made

__all__ = ["subscriptions"]


def subscriptions(parts: Sequence[Part], reading: Reading) -> Made:
    """Ledger from contracts: the amount over the term, the end date being the last day of service.

    Source: developer.salesforce.com (Contract: EndDate is StartDate and ContractTerm months, less a day).
    """
    return from_prices(parts, reading, "contracts")
