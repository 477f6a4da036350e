"""Entities by the names a reader knows."""

from __future__ import annotations

import pandas as pd

from cslib.book import Book

__all__ = ["names_of"]


def names_of(book: Book, entities: pd.Series[str]) -> pd.Series[str]:
    """Name of each account, or its id where it has none."""
    accounts = book.tables.get("accounts")
    if accounts is None or "name" not in accounts:
        return entities
    return entities.map(accounts.set_index("account_id")["name"]).fillna(entities)
