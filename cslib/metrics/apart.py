"""What stands apart from retention: notified losses, accounts that came and went, rows that count for nothing."""

from __future__ import annotations

import pandas as pd

from cslib.book import Book
from cslib.metrics.cuts import NOT_GIVEN, values_on
from cslib.metrics.names import names_of
from cslib.metrics.rows import not_recurring, rows_of, zeroed
from cslib.months import months_before

__all__ = ["joined_and_left", "migration", "notified_losses", "other_revenue", "uncounted"]


def notified_losses(book: Book) -> pd.DataFrame:
    """Scheduled cancellations: ARR in force on the as-of day whose end is known and nothing follows, minor units.

    It counts as active until service ends; it is lost only then. Rows whose later price is already in the ledger are
    not known on the as-of day, and so not here.

    Returns
    -------
    DataFrame
        A row per account and day: ``account_id, name, notice_date`` (the last; missing where none is given),
        ``end_date`` (first day without service), ``arr`` (int64), in order of the day.

    Source: scheduled cancellations stay active until they take effect, as Stripe and ChartMogul count them.
    """
    rows, ledger, at = rows_of(book), book.tables["subscriptions"], pd.Timestamp(book.as_of)
    rows = rows[(rows["start_date"] <= at) & (rows["end_date"] > at) & (rows["amount"] > 0)]
    notice = ledger["notice_date"] if "notice_date" in ledger else pd.Series(pd.NaT, index=ledger.index)
    known = rows.assign(account_id=rows["entity"], notice_date=notice.loc[rows.index], arr=rows["amount"])
    found = known.groupby(["end_date", "account_id"], as_index=False).agg(
        notice_date=("notice_date", "max"), arr=("arr", "sum"))  # fmt: skip
    return _named(book, found)[["account_id", "name", "notice_date", "end_date", "arr"]]


def joined_and_left(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Accounts whose first and last paid day both lie inside the window that closes on the as-of day.

    No endpoint sees them, and one that left between two month ends is in no monthly movement either; they are
    counted, here, and not deleted.

    Returns
    -------
    DataFrame
        ``account_id, name, first_day, end_date`` (first day without service), ``arr`` (the largest single price, int64
        minor units), in order of the first day.
    """
    rows, opened = rows_of(book), pd.Timestamp(months_before(book.as_of, window))
    paid = rows[(rows["amount"] > 0) & ~(rows["end_date"] == rows["start_date"])]
    lives = paid.assign(gone=paid["end_date"] <= pd.Timestamp(book.as_of)).groupby("entity")
    found = lives.agg(
        first_day=("start_date", "min"),
        end_date=("end_date", "max"),
        arr=("amount", "max"),
        gone=("gone", "all"),
    )
    inside = found[found["gone"] & (found["first_day"] > opened)].rename_axis("account_id").reset_index()
    ordered = inside.sort_values(["first_day", "account_id"], ignore_index=True)
    return _named(book, ordered)[["account_id", "name", "first_day", "end_date", "arr"]]


def uncounted(book: Book) -> pd.DataFrame:
    """Rows of the ledger in force on the as-of day that count for nothing: free, or zeroed by their reason.

    Returns
    -------
    DataFrame
        ``account_id, name, start_date, change_reason, arr``: the price the row carries, minor units.
    """
    ledger, at = book.tables["subscriptions"], pd.Timestamp(book.as_of)
    live = (ledger["start_date"] <= at) & (ledger["end_date"].isna() | (ledger["end_date"] > at))
    reason = (
        ledger["change_reason"] if "change_reason" in ledger else pd.Series(NOT_GIVEN, index=ledger.index)
    )
    rows = ledger.assign(change_reason=reason.fillna(NOT_GIVEN))[live & (zeroed(book) | (ledger["arr"] == 0))]
    ordered = rows.sort_values(["account_id", "start_date"], ignore_index=True)
    return _named(book, ordered)[["account_id", "name", "start_date", "change_reason", "arr"]]


def other_revenue(book: Book) -> pd.DataFrame:
    """Usage and one-off revenue on the as-of day, by product or plan that the settings call not recurring.

    Returns
    -------
    DataFrame
        ``kind`` (the product or plan), ``value`` (what its rows in force amount to in a year, int64 minor units),
        ``n_accounts``, ``unit``. None of it is in any ARR.
    """
    ledger, at = book.tables["subscriptions"], pd.Timestamp(book.as_of)
    live = (ledger["start_date"] <= at) & (ledger["end_date"].isna() | (ledger["end_date"] > at))
    rows = ledger[live & not_recurring(book)]
    named = [
        rows[c].where(rows[c].isin(book.settings.not_recurring)) for c in ("product", "plan") if c in rows
    ]
    kind = named[0].fillna(named[-1]) if named else pd.Series([], dtype="str")
    found = rows.assign(kind=kind).groupby("kind", as_index=False).agg(
        value=("arr", "sum"), n_accounts=("account_id", "nunique"))  # fmt: skip
    return found.assign(unit=f"{book.currency} a year, not recurring")


def migration(book: Book, *, by: str, window: int = 12) -> pd.DataFrame:
    """Accounts whose value of a column changed between the opening and the close of the window, with their ARR.

    Retention keeps an account in the segment in which the window found it; this is what moved between segments.

    Parameters
    ----------
    book : Book
        The company, whose ``accounts`` carry ``valid_from``; without it nothing is known to have moved.
    by : str
        A column of accounts.
    window : int
        Months; the window closes on the as-of day.

    Returns
    -------
    DataFrame
        A row per pair of values: ``from``, ``to``, ``opening`` and ``closing`` (ARR, int64 minor units),
        ``n_accounts`` (that paid at the opening).
    """
    opened = months_before(book.as_of, window)
    rows, live = rows_of(book), {}
    for name, day in (("opening", opened), ("closing", book.as_of)):
        at = pd.Timestamp(day)
        here = rows[(rows["start_date"] <= at) & (rows["end_date"].isna() | (rows["end_date"] > at))]
        live[name] = here.groupby("account")["amount"].sum()
    frame = pd.DataFrame(live).fillna(0).astype("int64")
    frame = frame[frame["opening"] > 0]
    then, now = (
        values_on(book, by, day=day).reindex(frame.index).fillna(NOT_GIVEN) for day in (opened, book.as_of)
    )
    moved = frame.assign(**{"from": then, "to": now})[then != now]
    found = moved.groupby(["from", "to"], as_index=False)[["opening", "closing"]].sum()
    counts = moved.groupby(["from", "to"]).size()
    return found.assign(n_accounts=counts.to_numpy())


def _named(book: Book, frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(name=names_of(book, frame["account_id"]).astype("str"))
