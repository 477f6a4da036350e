"""Accounts with something against those without: who stayed, as it is and among like accounts. An association."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.capacity.bands import band_of
from cslib.metrics.health import arr_on
from cslib.months import months_before
from cslib.stats.proportion import newcombe

__all__ = ["UNCLEAR", "kept_by", "opening_day"]

UNCLEAR = "cannot be told from chance"


def opening_day(book: Book, window: int) -> pd.Timestamp:
    """Day on which a window of so many months opens, the last that may be looked at for what explains it."""
    return pd.Timestamp(months_before(book.as_of, window))


def kept_by(book: Book, flag: pd.Series[bool], *, window: int = 12) -> pd.DataFrame:
    """Share of accounts kept through the window: those with `flag` against those without, naive and matched.

    Matched compares within bands of opening ARR and first year or later, by the Mantel-Haenszel risk difference.

    Parameters
    ----------
    book : Book
        The company.
    flag : Series of bool
        By account, known at the opening; accounts that are not in it are left out.
    window : int
        Months.

    Returns
    -------
    DataFrame
        ``comparison`` (naive, matched), ``n_with, n_without, kept_with, kept_without`` (ratios), ``difference, low,
        high`` (95%; Newcombe, Sato), ``verdict``.

    Source: Mantel and Haenszel 1959; Sato 1989.
    """
    opened = opening_day(book, window)
    opening = arr_on(book, opened)
    opening = opening[opening.index.isin(flag.index)]
    stays = opening.index.isin(arr_on(book, pd.Timestamp(book.as_of)).index)
    has = flag.reindex(opening.index).astype(bool).to_numpy()
    ledger = book.tables["subscriptions"]
    first = ledger[ledger["arr"] > 0].groupby("account_id")["start_date"].min().reindex(opening.index)
    young = (first > opened - pd.DateOffset(years=1)).to_numpy()
    bands = band_of(np.asarray(opening, dtype=np.int64), digits=book.minor_units)
    a, m1, b, m0 = (int(x) for x in ((stays & has).sum(), has.sum(), (stays & ~has).sum(), (~has).sum()))
    naive = newcombe(a, m1, b, m0) if m1 and m0 else (float("nan"),) * 3
    frame = pd.DataFrame({"stratum": [f"{x} {y}" for x, y in zip(bands, young, strict=True)], "has": has})
    matched = _mantel_haenszel(frame.assign(stays=stays))
    rows = [
        {
            "comparison": name, "n_with": m1, "n_without": m0, "kept_with": a / m1 if m1 else float("nan"),
            "kept_without": b / m0 if m0 else float("nan"), "difference": gap[0], "low": gap[1], "high": gap[2],
            "verdict": "higher" if gap[1] > 0 else "lower" if gap[2] < 0 else UNCLEAR,
        }
        for name, gap in (("naive", naive), ("matched", matched))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _mantel_haenszel(frame: pd.DataFrame) -> tuple[float, float, float]:
    top = weight = p = q = 0.0
    for _, part in frame.groupby("stratum"):
        m1, m0, n = int(part["has"].sum()), int((~part["has"]).sum()), len(part)
        a, b = int((part["has"] & part["stays"]).sum()), int((~part["has"] & part["stays"]).sum())
        top += (a * m0 - b * m1) / n
        weight += m1 * m0 / n
        p += (m1**2 * b - m0**2 * a + m1 * m0 * (m0 - m1) / 2) / n**2
        q += (a * (m0 - b) + b * (m1 - a)) / (2 * n)
    if not weight:
        return (float("nan"),) * 3
    difference = top / weight
    half = 1.96 * sqrt(max(difference * p + q, 0.0)) / weight
    return difference, difference - half, difference + half
