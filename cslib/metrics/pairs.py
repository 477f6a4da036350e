"""What every account paid at both ends of a trailing window, and with whom it stands or falls."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, get_args

import pandas as pd

from cslib.book import Book
from cslib.ledger import relation
from cslib.metrics.cuts import NOT_GIVEN, By, Cut, cut_ledger, days_of_change, listed, values_on
from cslib.metrics.entities import owner_of
from cslib.metrics.rows import rows_of
from cslib.months import anchor_day, month_of, months_before

__all__ = ["RATIOS", "Ratio", "clusters_of", "pairs_at", "parts"]

Ratio = Literal["net_retention", "gross_retention", "logo_retention"]
RATIOS: Final[tuple[Ratio, ...]] = get_args(Ratio)


@lru_cache(maxsize=8)
def _standing(book: Book) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Entity of the ledger -> account whose attributes it carries; entity -> cluster."""
    rows = rows_of(book).drop_duplicates("entity")
    known = dict(zip(rows["entity"].astype(str), rows["account"].astype(str), strict=True))
    parent = owner_of(book, parents=True)
    return known, {entity: parent.get(account, account) for entity, account in known.items()}


def clusters_of(book: Book, entities: pd.Series[str]) -> pd.Series[str]:
    """Cluster of each account: its last known parent, else itself; what one decision can end counts once."""
    if book.warehouse is not None:
        return entities.astype("str")
    return entities.map(_standing(book)[1]).astype("str")


def pairs_at(book: Book, *, window: int, months_ago: int = 0, by: By = None) -> pd.DataFrame:
    """Every account's ARR at the opening and the close of one trailing window, in minor units.

    Parameters
    ----------
    book : Book
        The company.
    window : int
        Months between the two readings, 1 or more.
    months_ago : int
        How long before the as-of day the window closes; 0 is the one that closes on it.
    by : str, sequence of str or None
        Columns to cut by; the value on the day the window opens, as everywhere.

    Returns
    -------
    DataFrame
        A row per ``<by>`` and ``account_id`` that paid at either end: ``cluster`` (see :func:`clusters_of`),
        ``began`` (month of the first paid reading), ``opening``, ``closing`` (int64). In order of the account.

    Raises
    ------
    ValueError
        When the window or the lag is not a number of months, or a column is unknown.
    """
    if window < 1 or months_ago < 0:
        raise ValueError(
            f"window, months_ago: found {window}, {months_ago}, expected 1 or more and 0 or more months"
        )
    columns = listed(by)
    day = months_before(book.as_of, months_ago + window) if days_of_change(book, by) else None
    accounts = book.tables.get("accounts", pd.DataFrame())
    if book.warehouse is None and all(name in accounts and name != "account_id" for name in columns):
        # An account column moves the whole account: one look at the ledger serves every such column.
        frame = _pairs(book, window, months_ago)
        account = frame["account_id"].map(_standing(book)[0])
        values = {name: account.map(values_on(book, name, day=day)).fillna(NOT_GIVEN) for name in columns}
        frame = pd.concat([pd.DataFrame(values, index=frame.index), frame], axis="columns")
    else:
        cut = cut_ledger(book, by=by, day=day)
        frame = cut.label(_ends(book, cut, window, months_ago))
    return frame.sort_values([*columns, "account_id"], ignore_index=True)


@lru_cache(maxsize=16)
def _pairs(book: Book, window: int, months_ago: int) -> pd.DataFrame:
    return _ends(book, cut_ledger(book), window, months_ago).drop(columns="cut")


def _ends(book: Book, cut: Cut, window: int, months_ago: int) -> pd.DataFrame:
    if book.warehouse is not None:
        return _asked(book, cut, window, months_ago)
    close = month_of(book.as_of, anchor=anchor_day(book.as_of)) - months_ago
    keys = ["cut", "entity"]
    ends = {}
    for name, month in (("opening", close - window), ("closing", close)):
        past = cut.steps[cut.steps["month"] <= month]
        ends[name] = past.drop_duplicates(keys, keep="last").set_index(keys)["closing"]
    frame = pd.DataFrame(ends).fillna(0).astype("int64")
    frame = frame[(frame["opening"] > 0) | (frame["closing"] > 0)]
    began = cut.steps.drop_duplicates(keys).set_index(keys)["first_month"]
    frame = frame.assign(began=began.reindex(frame.index)).reset_index()
    ids = pd.Series(cut.entities.take(frame["entity"].to_numpy()), index=frame.index, dtype="str")
    frame = frame.assign(account_id=ids, cluster=clusters_of(book, ids))
    return frame[["cut", "account_id", "cluster", "began", "opening", "closing"]]


def _asked(book: Book, cut: Cut, window: int, months_ago: int) -> pd.DataFrame:
    """Both ends of one window, from a ledger that stays where it is."""
    frame = relation("pairs", cut.source, as_of=book.as_of, window=window, months_ago=months_ago)
    frame = frame[(frame["opening"] > 0) | (frame["closing"] > 0)].rename(columns={"first_month": "began"})
    ids = cut.named(frame["entity"])
    frame = frame.assign(account_id=ids, cluster=clusters_of(book, ids))
    return frame[["cut", "account_id", "cluster", "began", "opening", "closing"]]


def parts(pairs: pd.DataFrame, metric: Ratio) -> tuple[pd.Series[int], pd.Series[int]]:
    """Numerator and denominator of every account; their sums divide to the metric of :mod:`retention`."""
    then, now = pairs["opening"], pairs["closing"].where(pairs["opening"] > 0, 0)
    if metric == "logo_retention":
        return (now > 0).astype("int64"), (then > 0).astype("int64")
    if metric == "gross_retention":
        return now.where(now < then, then), then
    return now, then
