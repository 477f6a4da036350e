"""Spread: how widely single accounts differ behind the average that net retention is."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.conventions import DEFAULTS
from cslib.metrics.retention import account_changes
from cslib.months import months_before

__all__ = ["BANDS", "spread"]

# Band -> movement of the accounts in it, from left to more than double; as many bands down as up.
BANDS: Final = {
    "left": "churn",
    "over 25% less": "contraction",
    "up to 25% less": "contraction",
    "unchanged": "unchanged",
    "up to 25% more": "expansion",
    "25% to 100% more": "expansion",
    "more than double": "expansion",
}


def spread(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Share of opening ARR and number of accounts by what each account pays now over what it paid then.

    Parameters
    ----------
    book : Book
        The company; the window closes on its as-of day.
    window : int
        Months between the two readings, 1 or more.

    Returns
    -------
    DataFrame
        Seven rows, from left to more than double, empty bands too: ``band, movement, convention, start, end,
        n_accounts, opening, closing`` (ARR, minor units), ``share`` of all opening ARR (0 to 1; NaN when there is
        none). Bounds belong to the band nearer to unchanged: 75% of the opening is "up to 25% less", twice the
        opening "25% to 100% more". All closing over all opening is net retention.

    Raises
    ------
    ValueError
        When `window` is not positive.

    Source: the distribution behind net revenue retention, endpoint convention.

    Examples
    --------
    >>> from datetime import date
    >>> book = Book.from_frames({"subscriptions": pd.DataFrame({
    ...     "account_id": ["A", "A", "B"], "start_date": ["2024-01-01", "2024-07-01", "2024-01-01"],
    ...     "end_date": ["2024-07-01", None, "2024-10-01"], "mrr": [100, 150, 50], "currency": "USD"})},
    ...     as_of=date(2025, 1, 31), name="Acme", currency="USD")
    >>> spread(book).query("n_accounts > 0")[["band", "n_accounts", "opening", "closing"]]
                   band  n_accounts  opening  closing
    0              left           1    60000        0
    5  25% to 100% more           1   120000   180000
    """
    if window < 1:
        raise ValueError(f"spread: window: found {window}, expected a number of months of 1 or more")
    pairs = account_changes(book, window=window).query("opening > 0")
    ratio = pairs["closing"] / pairs["opening"]
    bounds = [ratio == 0, ratio < 0.75, ratio < 1, ratio == 1, ratio <= 1.25, ratio <= 2]
    *below, above = BANDS
    banded = pairs.assign(band=np.select(bounds, below, above)).groupby("band")
    rows = banded.agg(
        n_accounts=("account_id", "size"), opening=("opening", "sum"), closing=("closing", "sum")
    )
    rows = rows.reindex(pd.Index(BANDS, name="band"), fill_value=0).astype("int64").reset_index()
    total = int(rows["opening"].sum())
    start, end = (pd.Timestamp(months_before(book.as_of, months)) for months in (window, 0))
    rows["share"] = rows["opening"] / total if total else np.nan
    rows.insert(1, "movement", list(BANDS.values()))
    rows.insert(2, "convention", DEFAULTS["net_retention"].name)
    rows.insert(3, "start", start)
    rows.insert(4, "end", end)
    return rows
