"""Sensitivity: what becomes of each conclusion under another choice that could as well have been made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pandas as pd

from cslib.book import Book
from cslib.conventions import CONVENTIONS
from cslib.metrics.forms import under
from cslib.metrics.names import names_of
from cslib.metrics.pairs import pairs_at
from cslib.metrics.uncertainty import changes, intervals, single_accounts
from cslib.metrics.vintage import newest_vintage

__all__ = ["sensitivity"]

NET: Final = "net_retention"
COLUMNS: Final = ["question", "choice", "value", "low", "high", "level", "unit", "verdict", "base", "same"]
OTHERS: Final = ("everyone's flows", "product of months", "trailing points", "survivors only")
NOW, CHANGE, NEWEST = "net retention", "change in a year", "newest vintage against older"


def _without(book: Book, account_ids: set[str]) -> Book:
    """The same book without some accounts."""
    if book.warehouse is not None:
        return replace(book, warehouse=book.warehouse.without(account_ids))
    rows = book.tables["subscriptions"]
    kept = rows[~rows["account_id"].isin(account_ids)]
    return replace(book, tables={**book.tables, "subscriptions": kept})


def _strongest(book: Book, *, window: int) -> tuple[str, set[str]]:
    """Name of the account, or group, that net retention depends on most, and the accounts in it."""
    first = single_accounts(book, window=window).head(1)
    if first.empty:
        return "", set()
    cluster = str(first["account_id"].iloc[0])
    pairs = pairs_at(book, window=window)
    ids = set(pairs.loc[pairs["cluster"] == cluster, "account_id"]) | {cluster}
    return str(names_of(book, first["account_id"]).iloc[0]), ids


def sensitivity(book: Book, *, window: int = 12, age: int = 12, level: float = 0.95) -> pd.DataFrame:
    """Conclusions of the cohort report, and the same under other choices of account, window, age, grain and convention.

    Parameters
    ----------
    book : Book
        The company.
    window : int
        Months of the retention windows.
    age : int
        Age in months at which vintages are compared.
    level : float
        Of the intervals of changes; all others are 95%.

    Returns
    -------
    DataFrame
        A row per ``question`` and ``choice``, the report's own choice first (``base``): ``value`` (net retention; its
        change in ratio points; difference of the newest vintage's gross retention to the older), ``low, high`` (NaN
        where there is none), ``level``, ``unit``, ``verdict`` (above or below 100%, changed, worse, better, cannot
        tell; empty for a convention, which has no test) and ``same`` (verdict as with the report's choice).

    Raises
    ------
    ValueError
        When the window or the age is no number of months.

    Source: multiverse of choices, Steegen, Tuerlinckx, Gelman and Vanpaemel (2016), Perspect Psychol Sci 11:702.
    """
    name, strongest = _strongest(book, window=window)
    less = _without(book, strongest) if strongest else None
    without = f"without {name}"
    rows: list[dict[str, Any]] = [_level(book, f"as reported: {window} months, endpoint", window=window)]
    if less is not None:
        rows.append(_level(less, without, window=window))
    for convention in CONVENTIONS:
        if convention.metric == NET and convention.name in OTHERS:
            value = under(book, convention, window=window)["value"]
            rows.append(
                _row(NOW, f"convention: {convention.name}", value.iloc[0] if len(value) else float("nan"))
            )
    rows.append(_change(book, f"as reported: {window} months", window=window, level=level))
    rows += [
        _change(book, f"{months} months", window=months, level=level)
        for months in (3, 6, 12)
        if months != window
    ]
    if less is not None:
        rows.append(_change(less, without, window=window, level=level))
    rows.append(_newest(book, f"as reported: at {age} months, twelve months wide", age=age))
    rows += [_newest(book, f"at {other} months", age=other) for other in (6, 12, 18) if other != age]
    rows.append(_newest(book, "half a year wide", age=age, span=6))
    rows.append(_newest(book, "accounts instead of ARR", age=age, metric="logo_retention"))
    if less is not None:
        rows.append(_newest(less, without, age=age))
    frame = pd.DataFrame(rows)
    frame["base"] = ~frame.duplicated("question")
    own = frame[frame["base"]].set_index("question")["verdict"]
    frame["same"] = (frame["verdict"] == frame["question"].map(own)) | (frame["verdict"] == "")
    return frame[COLUMNS]


def _row(
    question: str,
    choice: str,
    value: float,
    *,
    low: float = float("nan"),
    high: float = float("nan"),
    level: float = 0.95,
    verdict: str = "",
) -> dict[str, Any]:
    unit = "ratio" if question == NOW else "ratio points"
    return {"question": question, "choice": choice, "value": value, "low": low, "high": high, "level": level,
            "unit": unit, "verdict": verdict}  # fmt: skip


def _level(book: Book, choice: str, *, window: int) -> dict[str, Any]:
    found = intervals(book, window=window).query("metric == @NET")
    if found.empty:
        return _row(NOW, choice, float("nan"), verdict="cannot tell")
    row = found.iloc[0]
    verdict = "above 100%" if row["low"] > 1 else "below 100%" if row["high"] < 1 else "cannot tell"
    return _row(NOW, choice, row["value"], low=row["low"], high=row["high"], verdict=verdict)


def _change(book: Book, choice: str, *, window: int, level: float) -> dict[str, Any]:
    found = changes(book, delta=None, window=window, months_ago=(12,), level=level).query("metric == @NET")
    if found.empty:
        return _row(CHANGE, choice, float("nan"), level=level, verdict="cannot tell")
    row = found.iloc[0]
    told = {name: row[name] for name in ("low", "high", "level", "verdict")}
    return _row(CHANGE, choice, row["value"], **told)


def _newest(
    book: Book, choice: str, *, age: int, span: int = 12, metric: str = "gross_retention"
) -> dict[str, Any]:
    found = newest_vintage(book, age=age, span=span).query("metric == @metric")
    if found.empty:
        return _row(NEWEST, choice, float("nan"), verdict="cannot tell")
    row = found.iloc[0]
    return _row(NEWEST, choice, row["difference"], low=row["low"], high=row["high"], verdict=row["verdict"])
