"""What comes up for renewal: ARR by the end of its committed term, and what of it is under notice or has shrunk."""

from __future__ import annotations

import pandas as pd

from cslib.book import Book
from cslib.metrics.held import terms_due
from cslib.metrics.names import names_of
from cslib.metrics.pairs import pairs_at
from cslib.metrics.rows import rows_of
from cslib.months import anchor_day, month_of, reading

__all__ = ["by_month", "terms_ahead"]


def terms_ahead(book: Book, *, months: int = 3, window: int = 12) -> pd.DataFrame:
    """ARR whose committed term ends, or whose service is known to end, in the months after the as-of day.

    Parameters
    ----------
    book : Book
        The company; only what was known on its as-of day counts.
    months : int
        How far ahead, 1 or more.
    window : int
        Months over which an account counts as shrunk when it pays less now than then.

    Returns
    -------
    DataFrame
        A row per account, the earliest day first: ``account_id, name, due_date`` (first day of the term),
        ``arr`` (of what ends, int64 minor units), ``notice`` (an end of service is known), ``shrunk``, and
        ``until``, the last day looked at. Empty where the ledger knows neither ends of terms nor notices.

    Raises
    ------
    ValueError
        When `months` is not positive.

    Source: ARR available to renew by due date (Bessemer, Gainsight), looked at from before.

    Examples
    --------
    >>> rows = pd.DataFrame({"account_id": ["A", "B"], "start_date": ["2024-12-01", "2024-03-01"], "mrr": [100, 50],
    ...     "end_date": [None, None], "currency": "USD", "term_end_date": ["2025-12-01", "2026-03-01"]})
    >>> book = Book.from_frames({"subscriptions": rows}, as_of=pd.Timestamp(2025, 10, 31).date())
    >>> terms_ahead(book)[["account_id", "due_date", "arr", "notice"]]
      account_id   due_date     arr  notice
    0          A 2025-12-01  120000   False
    """
    if months < 1:
        raise ValueError(f"months: found {months}, expected 1 or more")
    anchor = anchor_day(book.as_of)
    until = pd.Timestamp(reading(month_of(book.as_of, anchor=anchor) + months, anchor=anchor))
    found = _due(book, until) if book.warehouse is None else terms_due(book, until=until)
    pairs = pairs_at(book, window=window).set_index("account_id")
    smaller = set(pairs.index[(pairs["closing"] < pairs["opening"]) & (pairs["closing"] > 0)])
    found = found.rename(columns={"entity": "account_id"}).astype({"arr": "int64", "notice": "bool"})
    found = found.assign(
        name=names_of(book, found["account_id"]), shrunk=found["account_id"].isin(smaller), until=until
    ).sort_values(["due_date", "account_id"], ignore_index=True)
    return found[["account_id", "name", "due_date", "arr", "notice", "shrunk", "until"]]


def _due(book: Book, until: pd.Timestamp) -> pd.DataFrame:
    """What is known to end after the as-of day and by `until`, account by account."""
    ledger, now = book.tables["subscriptions"], pd.Timestamp(book.as_of)
    rows = rows_of(book)
    rows = rows[(rows["amount"] > 0) & (rows["start_date"] <= now)]
    rows = rows[rows["end_date"].isna() | (rows["end_date"] > now)]
    known = (
        ledger.loc[rows.index, "term_end_date"]
        if "term_end_date" in ledger
        else pd.Series(pd.NaT, rows.index)
    )
    due = rows["end_date"].where(rows["end_date"].notna(), known)
    rows = rows.assign(due_date=due.astype("datetime64[s]"), notice=rows["end_date"].notna())
    rows = rows[(rows["due_date"] > now) & (rows["due_date"] <= until)]
    return rows.groupby("entity", as_index=False).agg(
        due_date=("due_date", "min"), arr=("amount", "sum"), notice=("notice", "any"))  # fmt: skip


def by_month(terms: pd.DataFrame) -> pd.DataFrame:
    """Terms ahead by the month in which they end, and all of them last; ARR in minor units.

    Returns
    -------
    DataFrame
        A row per month and one for all (``month`` NaT): ``month`` (its first day), ``n_accounts``, ``arr``, of it
        ``notice`` (an end of service is known) and ``shrunk`` (of the others, those that pay less than before).
    """
    known = terms.assign(
        month=terms["due_date"].dt.to_period("M").dt.start_time.astype("datetime64[s]"),
        under=terms["arr"].where(terms["notice"], 0),
        less=terms["arr"].where(~terms["notice"] & terms["shrunk"], 0),
    )
    months = known.groupby("month", as_index=False).agg(
        n_accounts=("account_id", "nunique"),
        arr=("arr", "sum"),
        notice=("under", "sum"),
        shrunk=("less", "sum"),
    )
    total = pd.DataFrame(
        {"month": pd.Series([pd.NaT], dtype="datetime64[s]"), "n_accounts": [known["account_id"].nunique()],
         "arr": [int(known["arr"].sum())], "notice": [int(known["under"].sum())], "shrunk": [int(known["less"].sum())]}
    )  # fmt: skip
    return pd.concat([months, total], ignore_index=True) if len(months) else total
