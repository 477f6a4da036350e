"""Renewals: ARR whose committed term was up (ATR), by due date, and what became of it.

Over ATR stand renewal rates; over all opening ARR stands retention. They are different figures and never share a name.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.names import names_of
from cslib.metrics.rows import rows_of
from cslib.months import months_before

__all__ = ["OUTCOMES", "renewal_rates", "terms_due"]

OUTCOMES: Final = ("early", "on time", "late", "lost")
_LINE: Final = ["entity", "line"]


def _lines(book: Book) -> pd.DataFrame:
    """Rows that pay, with the line they belong to (a product, or all of the account) and the end of their term."""
    ledger = book.tables["subscriptions"]
    if "term_end_date" not in ledger:
        raise ValueError(
            "subscriptions has no column 'term_end_date', without which no term is known to be up"
        )
    rows = rows_of(book)
    rows = rows[(rows["amount"] > 0) & ~(rows["end_date"] <= rows["start_date"])]
    line = ledger["product"].fillna("") if "product" in ledger else pd.Series("", index=ledger.index)
    return rows.assign(line=line.loc[rows.index], due_date=ledger["term_end_date"].loc[rows.index])


def _paid_on(terms: pd.DataFrame, lines: pd.DataFrame, *, day: str, same_term: bool) -> pd.Series[int]:
    """ARR of each term's line on one of the term's days; of the rows of that term alone, or of all rows."""
    keys = [*_LINE, "due_date"] if same_term else _LINE
    both = terms.reset_index(names="term")[["term", *keys, day]].merge(lines, on=keys)
    live = (both["start_date"] <= both[day]) & (both["end_date"].isna() | (both["end_date"] > both[day]))
    paid: pd.Series[int] = both[live].groupby("term")["amount"].sum()
    return paid.reindex(terms.index, fill_value=0)


def terms_due(book: Book, *, window: int = 12) -> pd.DataFrame:
    """ARR up for renewal in the window, term by term: what it paid the day before it was up, and what it pays after.

    Parameters
    ----------
    book : Book
        The company, whose ledger carries ``term_end_date`` (first day after the committed term).
    window : int
        Months; terms count whose due date lies after the opening reading and not after the as-of day.

    Returns
    -------
    DataFrame
        A row per account, line and due date, in order of the date: ``account_id, name, line`` (product; empty where
        the ledger has none), ``due_date``, ``outcome``, ``atr`` and ``renewed`` (ARR, int64 minor units). ``atr`` is
        the ARR of the term on the day before its due date, or before it was replaced. ``early``: a new price took its
        place before the due date; ``on time``: service goes on through it; ``late``: it came back after a gap;
        ``lost``: nothing followed up to the as-of day.

    Raises
    ------
    ValueError
        When the ledger has no ``term_end_date``.

    Source: Bessemer and Gainsight, ARR available to renew by due date.
    """
    lines = _lines(book)
    opened, closed = pd.Timestamp(months_before(book.as_of, window)), pd.Timestamp(book.as_of)
    up = lines[(lines["due_date"] > opened) & (lines["due_date"] <= closed)]
    ends = up["end_date"].where(up["end_date"] < up["due_date"], up["due_date"])
    terms = up.assign(ended=ends).groupby([*_LINE, "due_date"])["ended"].max().reset_index()
    terms["last"] = terms["ended"] - pd.Timedelta(days=1)
    terms["atr"] = _paid_on(terms, lines, day="last", same_term=True)
    terms["renewed"] = _paid_on(terms, lines, day="ended", same_term=False)
    later = terms.reset_index(names="term")[["term", *_LINE, "ended"]].merge(lines, on=_LINE)
    later = later[(later["start_date"] > later["ended"]) & (later["start_date"] <= closed)]
    terms["back"] = later.groupby("term")["start_date"].min()
    returned = _paid_on(terms, lines, day="back", same_term=False)
    kept, back = terms["renewed"] > 0, terms["back"].notna()
    terms["outcome"] = np.select(
        [kept & (terms["ended"] < terms["due_date"]), kept, back], OUTCOMES[:3], OUTCOMES[3]
    )
    terms["renewed"] = terms["renewed"].where(kept, returned)
    ordered = terms.rename(columns={"entity": "account_id"}).sort_values(
        ["due_date", *("account_id", "line")]
    )
    named: pd.DataFrame = ordered.assign(name=names_of(book, ordered["account_id"])).reset_index(drop=True)
    return named[["account_id", "name", "line", "due_date", "outcome", "atr", "renewed"]]


def renewal_rates(book: Book, *, window: int = 12) -> pd.DataFrame:
    """Renewal rates of the terms that were up in the window: renewed ARR over ATR; ratios.

    Parameters, errors and source as in :func:`terms_due`.

    Returns
    -------
    DataFrame
        In the columns of :mod:`cslib.metrics.retention`: ``atr`` and, of it, what was renewed ``early``, ``on time``,
        ``late`` and ``lost`` (ARR, minor units); ``not_due``, opening ARR whose term was not up in the window; then
        ``gross_renewal_rate`` (no term counts for more than its ATR), ``net_renewal_rate`` and ``logo_renewal_rate``
        (terms renewed over terms due). NaN where nothing was due.
    """
    due, lines = terms_due(book, window=window), _lines(book)
    opened, closed = pd.Timestamp(months_before(book.as_of, window)), pd.Timestamp(book.as_of)
    live = lines[(lines["start_date"] <= opened) & (lines["end_date"].isna() | (lines["end_date"] > opened))]
    waiting = live[~((live["due_date"] > opened) & (live["due_date"] <= closed))]
    money = f"{book.currency} ARR"
    rows: list[tuple[str, float, object, object, int, str]] = [
        ("atr", int(due["atr"].sum()), pd.NA, pd.NA, due["account_id"].nunique(), money)
    ]
    for outcome in OUTCOMES:
        part = due[due["outcome"] == outcome]
        rows.append(
            (
                outcome.replace(" ", "_"),
                int(part["atr"].sum()),
                pd.NA,
                pd.NA,
                part["account_id"].nunique(),
                money,
            )
        )
    rows.append(("not_due", int(waiting["amount"].sum()), pd.NA, pd.NA, waiting["entity"].nunique(), money))
    kept = {
        "gross_renewal_rate": (int(due[["atr", "renewed"]].min(axis="columns").sum()), int(due["atr"].sum())),
        "net_renewal_rate": (int(due["renewed"].sum()), int(due["atr"].sum())),
        "logo_renewal_rate": (int((due["renewed"] > 0).sum()), len(due)),
    }
    for metric, (top, bottom) in kept.items():
        rows.append(
            (metric, top / bottom if bottom else np.nan, top, bottom, due["account_id"].nunique(), "ratio")
        )
    columns = ["metric", "value", "numerator", "denominator", "n_accounts", "unit"]
    frame = pd.DataFrame(rows, columns=columns).assign(convention="by due date", start=opened, end=closed)
    return frame[["metric", "convention", "start", "end", *columns[1:]]]
