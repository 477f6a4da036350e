"""Trailing windows and monthly flows of a book, dense by month: the integers that every retention metric divides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.ledger import relation
from cslib.metrics.cuts import By, Cut, cut_ledger, days_of_change, listed
from cslib.months import anchor_day, month_of, reading

__all__ = ["flows", "stand", "windows"]

OF_A_CLASS: Final = ["movement", "opening", "closing", "n"]


def _dense(changes: pd.DataFrame, *, months: range, span: int | None = None) -> pd.DataFrame:
    """Changes added up for every month: from the first, or over the last `span` months."""
    if changes.empty:
        return changes
    keys = [key for key in ("cut", "movement") if key in changes.columns]
    wide = pd.DataFrame(changes.set_index(["month", *keys]).unstack(keys))
    wide = wide.reindex(list(months)).fillna(0).astype("int64").cumsum()
    if span is not None:
        wide = wide - wide.shift(span, fill_value=0)
    long: pd.DataFrame = wide.rename_axis("month").stack(keys, future_stack=True).reset_index()
    return long


def _months(changes: pd.DataFrame, book: Book) -> range:
    last = month_of(book.as_of, anchor=anchor_day(book.as_of))
    first = last if changes.empty else int(changes["month"].min())
    return range(first, last + 1)


def _dated(frame: pd.DataFrame, book: Book, *, window: int) -> pd.DataFrame:
    """Replace month integers by the readings that open and close each window."""
    anchor = anchor_day(book.as_of)
    close = frame["month"].map({m: reading(m, anchor=anchor) for m in frame["month"].unique()})
    opened = frame["month"].map({m: reading(m - window, anchor=anchor) for m in frame["month"].unique()})
    dates = pd.DataFrame({"start": pd.to_datetime(opened), "end": pd.to_datetime(close)}, index=frame.index)
    return pd.concat([dates, frame.drop(columns="month")], axis="columns")


def windows(book: Book, *, window: int, by: By = None) -> pd.DataFrame:
    """Book in classes at both ends of every trailing window, ARR in minor units.

    Parameters
    ----------
    book : Book
        The company; the last window closes on its as-of day.
    window : int
        Length in months, 1 or more.
    by : str, sequence of str or None
        Columns to cut by.

    Returns
    -------
    DataFrame
        A row per ``start, end, <by>, movement``: ``opening`` and ``closing`` (int64 ARR, minor units) and ``n``
        (accounts). The movement is the class of a pair of amounts, as ``ledger.sql`` names it.

    Raises
    ------
    ValueError
        When `window` is not positive, or a column is unknown.
    """
    if window < 1:
        raise ValueError(f"window: found {window}, expected a number of months of 1 or more")
    return _windows(book, window, listed(by)).copy()


@lru_cache(maxsize=16)
def _windows(book: Book, window: int, by: tuple[str, ...]) -> pd.DataFrame:
    return _by_day(book, by, lambda day: _under(book, window, by, day), column="start")


def _by_day(
    book: Book, by: tuple[str, ...], frame_of: Callable[[date | None], pd.DataFrame], *, column: str
) -> pd.DataFrame:
    """Frame whose segments are those of the day in `column`: one cut for all days between two changes of accounts."""
    days = days_of_change(book, by)
    if not days:
        return frame_of(None)
    parts = []
    for since, until in zip([date.min, *days], [*days, date.max], strict=True):
        frame = frame_of(since)
        day = frame[column].dt.date
        parts.append(frame[(day >= since) & (day < until)])
    whole: pd.DataFrame = pd.concat(parts).sort_values(column, kind="stable", ignore_index=True)
    return whole


def _under(book: Book, window: int, by: tuple[str, ...], day: date | None) -> pd.DataFrame:
    """Windows under the cut of one day."""
    cut = cut_ledger(book, by=by, day=day)
    if window == 1:
        dense = _single(cut, book)
    else:
        changes = relation("ttm", cut.source, as_of=book.as_of, window=window)
        dense = _dense(changes, months=_months(changes, book))
    return _dated(cut.label(dense), book, window=window)[["start", "end", *cut.by, *OF_A_CLASS]]


def _single(cut: Cut, book: Book) -> pd.DataFrame:
    """Windows of one month: an account takes one step in it at most, so flows say all, and far faster."""
    changes = relation("movements", cut.source, as_of=book.as_of)
    levels = relation("levels", cut.source, as_of=book.as_of)
    if changes.empty:
        return changes
    months = _months(changes, book)
    moved = _dense(changes, months=months, span=1)
    before = _dense(levels, months=months).assign(month=lambda f: f["month"] + 1).query("month in @months")
    before = before.rename(columns={"amount": "opening"}).set_index(["cut", "month"])
    left = moved[moved["movement"].isin(["churn", "contraction", "expansion"])]
    still = before.sub(left.groupby(["cut", "month"])[["opening", "n"]].sum(), fill_value=0).loc[before.index]
    unchanged = (
        still.astype("int64").reset_index().assign(movement="unchanged", closing=lambda f: f["opening"])
    )
    return pd.concat([moved, unchanged], ignore_index=True)


def flows(book: Book, *, window: int, by: By = None) -> pd.DataFrame:
    """Movements of each month, added up over every trailing window, ARR in minor units.

    Returns a row per ``start, end, <by>, movement``: ``opening`` and ``closing`` (int64, the amounts before and after
    each movement) and ``n`` (movements; an account that moves in two months counts twice).
    """
    return _flows(book, window, listed(by)).copy()


@lru_cache(maxsize=8)  # as windows: a book never changes
def _flows(book: Book, window: int, by: tuple[str, ...]) -> pd.DataFrame:
    def under(day: date | None) -> pd.DataFrame:
        cut = cut_ledger(book, by=by, day=day)
        changes = relation("movements", cut.source, as_of=book.as_of)
        dense = _dense(changes, months=_months(changes, book), span=window)
        return _dated(cut.label(dense), book, window=window)[["start", "end", *cut.by, *OF_A_CLASS]]

    return _by_day(book, by, under, column="start")


def stand(book: Book, *, by: By = None) -> pd.DataFrame:
    """ARR and accounts at every reading: ``end, <by>, arr`` (int64 minor units) ``, n_accounts``."""
    return _stand(book, listed(by)).copy()


@lru_cache(maxsize=8)
def _stand(book: Book, by: tuple[str, ...]) -> pd.DataFrame:
    def under(day: date | None) -> pd.DataFrame:
        cut = cut_ledger(book, by=by, day=day)
        changes = relation("levels", cut.source, as_of=book.as_of)
        dense = _dense(changes, months=_months(changes, book))
        named = _dated(cut.label(dense), book, window=1).rename(columns={"amount": "arr", "n": "n_accounts"})
        return named[["end", *cut.by, "arr", "n_accounts"]]

    return _by_day(book, by, under, column="end")
