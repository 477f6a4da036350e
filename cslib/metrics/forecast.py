"""Next quarter, from the quarters there were, with a range and the record of the same forecasts made before."""

from __future__ import annotations

from math import isfinite, nan
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics import retention
from cslib.months import anchor_day, month_of, reading
from cslib.stats.forecast import conformal_radius, rolling_origin

__all__ = ["next_quarter"]

Floats = npt.NDArray[np.float64]
QUARTER: Final = 3
FIRST: Final = 4  # quarters known before the first forecast of the record
RECENT: Final = 8  # quarters whose mean is the forecast
LEAST: Final = 20  # accounts at the opening, below which a quarter says too little to learn from


def next_quarter(book: Book, *, level: float = 0.8) -> pd.DataFrame:
    """Net and gross retention of the next three months, and ARR at their end, as the mean of the last eight quarters.

    Parameters
    ----------
    book : Book
        The company; the quarters end on its as-of day and every three months before, and do not overlap.
    level : float
        Level of the ranges.

    Returns
    -------
    DataFrame
        Rows ``net_retention, gross_retention, arr``: ``metric, convention, start, end`` (the quarter ahead), ``value``
        (ratio, or minor units), ``numerator, denominator`` (missing), ``n_accounts`` now, ``unit, low, high, level``
        (NaN where past errors do not support the level: no range is invented), ``supported``, ``n_past`` (forecasts of
        the record), ``n_ranged, n_inside`` (those that had a range then, and whose outcome fell inside). Rows without
        five quarters of twenty accounts are absent.

    Raises
    ------
    ValueError
        When the level is no share.

    Source: split conformal range (Lei et al. 2018) of rolling-origin errors (Tashman 2000).
    """
    if not 0 < level < 1:
        raise ValueError(f"level: found {level}, expected a share between 0 and 1 such as 0.8")
    anchor = anchor_day(book.as_of)
    last = month_of(book.as_of, anchor=anchor)
    ends = [pd.Timestamp(reading(month, anchor=anchor)) for month in range(last, last - 12 * 100, -QUARTER)]
    net, gross = (
        function(book, window=QUARTER) for function in (retention.net_retention, retention.gross_retention)
    )
    total = retention.arr(book)
    series = {"net_retention": net, "gross_retention": gross, "arr": _growth(total)}
    start, end = (pd.Timestamp(reading(last + ahead, anchor=anchor)) for ahead in (0, QUARTER))
    rows: list[dict[str, Any]] = []
    for metric, frame in series.items():
        known = frame[frame["end"].isin(ends) & (frame["n_accounts"] >= LEAST)].dropna(subset=["value"])
        values = known.sort_values("end")["value"].to_numpy(dtype=np.float64)
        if len(values) <= FIRST:
            continue
        now = int(total["value"].iloc[-1])
        scale = now if metric == "arr" else 1.0
        record = rolling_origin(values, _mean, first=FIRST, level=level)
        radius = conformal_radius(record.forecast - record.outcome, level=level)
        ranged = np.isfinite(record.low)
        inside = ranged & (record.low <= record.outcome) & (record.outcome <= record.high)
        made = _mean(values)
        bounds = (made - radius, made + radius) if isfinite(radius) else (nan, nan)
        rows.append(
            {"metric": metric, "convention": "mean of past quarters", "start": start, "end": end,
             "value": made * scale, "numerator": pd.NA, "denominator": pd.NA,
             "n_accounts": int(total["n_accounts"].iloc[-1]),
             "unit": f"{book.currency} ARR" if metric == "arr" else "ratio", "low": bounds[0] * scale,
             "high": bounds[1] * scale, "level": level, "supported": isfinite(radius), "n_past": len(record.outcome),
             "n_ranged": int(ranged.sum()), "n_inside": int(inside.sum())}
        )  # fmt: skip
    columns = ["metric", "convention", "start", "end", "value", "numerator", "denominator", "n_accounts", "unit", "low",
               "high", "level", "supported", "n_past", "n_ranged", "n_inside"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _mean(known: Floats) -> float:
    return float(known[-RECENT:].mean())


def _growth(total: pd.DataFrame) -> pd.DataFrame:
    """ARR over that of three months before, by month end, with the accounts of then."""
    frame = total.sort_values("end")
    before = frame["value"].shift(QUARTER)
    ratio = (frame["value"] / before.where(before > 0)).astype("float64")
    return frame.assign(value=ratio, n_accounts=frame["n_accounts"].shift(QUARTER).fillna(0))
