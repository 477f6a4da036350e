"""The next quarters from the accounts of today, with ranges and the record of the same forecasts made before.

Each account is expected to pay what accounts of its age have paid after a quarter with, or without, a renewal due. A
range is as wide as the errors of such forecasts in the past; where they are too few, none is given.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics.ahead import QUARTER, Ahead, expect, watch
from cslib.months import anchor_day, month_of, reading
from cslib.stats.forecast import conformal_radius, crps_sample, interval_score

__all__ = ["next_quarter", "next_quarters", "past_forecasts"]

Floats = npt.NDArray[np.float64]
FIRST: Final = 4  # quarters known before the first forecast of the record
LEAST: Final = 20  # accounts at the opening, below which a quarter says too little to learn from
METRICS: Final = ("net_retention", "gross_retention", "arr")
CONVENTION: Final = "accounts of the day, by age and renewal"


class _Record(NamedTuple):
    """Forecasts of one metric, made in the past for `quarters` ahead, beside the last value known then."""

    at: list[int]
    made: Floats
    naive: Floats
    came: Floats


def _truth(ahead: Ahead, at: int, quarters: int) -> tuple[float, float, float]:
    """Net and gross retention over the quarters that end at `at`, and growth of ARR over them."""
    then, now = ahead.level[:, at - QUARTER * quarters], ahead.level[:, at]
    held = then.sum()
    return (
        float(now[then > 0].sum() / held),
        float(np.minimum(then, now).sum() / held),
        float(now.sum() / held),
    )


def _made(ahead: Ahead, at: int, quarters: int) -> Floats:
    """Net, gross and growth of ARR expected after 1, 2, ... quarters: a column each."""
    found = expect(ahead, at, quarters=quarters)
    added = found.new * np.arange(1, quarters + 1)
    return np.array([found.net, found.gross, found.net + added]) / found.opening


def _records(ahead: Ahead, *, quarters: int) -> dict[tuple[str, int], _Record]:
    enough = (ahead.level > 0).sum(axis=0) >= LEAST
    last = ahead.level.shape[1] - 1
    ends = list(range(last, -1, -QUARTER))[::-1]
    known = [at for at in ends if enough[at]]
    lists: dict[tuple[str, int], list[tuple[int, float, float, float]]] = {
        (metric, quarter): [] for metric in METRICS for quarter in range(1, quarters + 1)
    }
    for at in known:
        if at - QUARTER * FIRST < known[0]:
            continue
        made = _made(ahead, at, quarters)
        for quarter in range(1, quarters + 1):
            if at + QUARTER * quarter > last or at - QUARTER * quarter < known[0]:
                continue
            naive, came = (_truth(ahead, end, quarter) for end in (at, at + QUARTER * quarter))
            for i, metric in enumerate(METRICS):
                lists[metric, quarter].append((at, float(made[i, quarter - 1]), naive[i], came[i]))
    return {
        key: _Record(
            [r[0] for r in rows], *(np.array([r[i] for r in rows], dtype=np.float64) for i in (1, 2, 3))
        )
        for key, rows in lists.items()
    }


def _radii(record: _Record, errors: Floats, quarter: int, level: float) -> Floats:
    """Half-width of the range each forecast had then: of errors whose outcome was known."""
    at = np.array(record.at)
    return np.array(
        [conformal_radius(errors[at + QUARTER * quarter <= now], level=level) for now in record.at]
    )


def past_forecasts(book: Book, *, quarters: int = 4, level: float = 0.8) -> pd.DataFrame:
    """Forecasts of every past quarter from what was known then, with the range they had and what came; ratios.

    Parameters
    ----------
    book : Book
        The company; the quarters end on its as-of day and every three months before.
    quarters : int
        How far ahead, 1 or more.
    level : float
        Level of the ranges.

    Returns
    -------
    DataFrame
        A row per ``metric`` (``net_retention, gross_retention``, and ``arr`` as a multiple of the ARR of the day),
        ``quarters`` ahead and ``origin`` (day it was made): ``end, value, low, high`` (infinite where the errors known
        then supported no range), ``naive`` (the last value known then), ``naive_low, naive_high``, ``outcome, level``.

    Raises
    ------
    ValueError
        When the level is no share or `quarters` not positive.
    """
    if not 0 < level < 1:
        raise ValueError(f"level: found {level}, expected a share between 0 and 1 such as 0.8")
    if quarters < 1:
        raise ValueError(f"quarters: found {quarters}, expected 1 or more")
    ahead, anchor = watch(book), anchor_day(book.as_of)
    frames = []
    for (metric, quarter), record in _records(ahead, quarters=quarters).items():
        if not record.at:
            continue
        radius, naive = (
            _radii(record, made - record.came, quarter, level) for made in (record.made, record.naive)
        )
        origin, end = (
            [pd.Timestamp(reading(int(ahead.months[at]) + more, anchor=anchor)) for at in record.at]
            for more in (0, QUARTER * quarter)
        )
        frames.append(
            pd.DataFrame(
                {"metric": metric, "quarters": quarter, "origin": origin, "end": end, "value": record.made,
                 "low": record.made - radius, "high": record.made + radius, "naive": record.naive,
                 "naive_low": record.naive - naive, "naive_high": record.naive + naive,
                 "outcome": record.came, "level": level}
            )
        )  # fmt: skip
    columns = ["metric", "quarters", "origin", "end", "value", "low", "high", "naive", "naive_low", "naive_high",
               "outcome", "level"]  # fmt: skip
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def next_quarters(book: Book, *, quarters: int = 4, level: float = 0.8) -> pd.DataFrame:
    """Net and gross retention of today's accounts over the next quarters, and ARR at their end, with ranges.

    Parameters
    ----------
    book : Book
        The company; the quarters end on its as-of day and every three months before.
    quarters : int
        How far ahead, 1 or more: row k is of the 3 k months that follow the as-of day.
    level : float
        Level of the ranges.

    Returns
    -------
    DataFrame
        Rows ``net_retention, gross_retention, arr`` by number of ``quarters``: ``metric, convention, start, end``,
        ``value`` (ratio, or minor units), ``numerator, denominator`` (missing), ``n_accounts`` now, ``unit, low, high,
        level`` (NaN where past errors do not support the level: no range is invented), ``supported``, ``n_past``
        (forecasts of the record), ``n_ranged, n_inside`` (those that had a range then, and whose outcome fell inside),
        ``score, naive_score`` (mean interval score where both had a range, smaller is better; the naive forecast is the
        last value known), ``crps, naive_crps`` (mean score of the whole spread of past errors). Rows without a past
        forecast are absent, and so is a book of fewer than twenty accounts.

    Raises
    ------
    ValueError
        When the level is no share or `quarters` not positive.

    Source: development by age as in the chain ladder (Mack 1993), by class; split conformal range (Lei et al. 2018) of
    rolling-origin errors (Tashman 2000); scores of Gneiting and Raftery (2007).
    """
    past = past_forecasts(book, quarters=quarters, level=level)
    columns = ["metric", "convention", "start", "end", "quarters", "value", "numerator", "denominator", "n_accounts",
               "unit", "low", "high", "level", "supported", "n_past", "n_ranged", "n_inside", "score", "naive_score",
               "crps", "naive_crps"]  # fmt: skip
    if past.empty:
        return pd.DataFrame(columns=columns)
    ahead, anchor = watch(book), anchor_day(book.as_of)
    last = month_of(book.as_of, anchor=anchor)
    level_now = ahead.level[:, -1]
    if (level_now > 0).sum() < LEAST:
        return pd.DataFrame(columns=columns)
    made = _made(ahead, ahead.level.shape[1] - 1, quarters)
    rows: list[dict[str, Any]] = []
    for (metric, quarter), own in past.groupby(["metric", "quarters"], sort=False):
        value = float(made[METRICS.index(str(metric)), int(str(quarter)) - 1])
        radius = conformal_radius(own["value"] - own["outcome"], level=level)
        scale = float(level_now.sum()) if metric == "arr" else 1.0
        low, high = (value - radius, value + radius) if isfinite(radius) else (nan, nan)
        if metric == "gross_retention":
            high = min(high, 1.0)
        rows.append(
            {"metric": metric, "convention": CONVENTION, "start": pd.Timestamp(book.as_of),
             "end": pd.Timestamp(reading(last + QUARTER * int(str(quarter)), anchor=anchor)), "quarters": quarter,
             "value": _whole(value * scale, metric), "numerator": pd.NA, "denominator": pd.NA,
             "n_accounts": int((level_now > 0).sum()),
             "unit": f"{book.currency} ARR" if metric == "arr" else "ratio", "low": _whole(low * scale, metric),
             "high": _whole(high * scale, metric), "level": level, "supported": isfinite(radius), **_kept(own, level)}
        )  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _whole(value: float, metric: object) -> float:
    """Money in whole minor units."""
    return float(np.round(value)) if metric == "arr" else value


def _kept(own: pd.DataFrame, level: float) -> dict[str, float]:
    """The record of the forecasts of one metric and distance: how often right, and how good beside the last value."""
    ranged = own[np.isfinite(own["low"].astype("float64"))]
    inside = (ranged["low"] <= ranged["outcome"]) & (ranged["outcome"] <= ranged["high"])
    both = ranged[np.isfinite(ranged["naive_low"].astype("float64"))]
    scores = [
        float(interval_score(both[low], both[high], both["outcome"], level=level).mean())
        if len(both)
        else nan
        for low, high in (("low", "high"), ("naive_low", "naive_high"))
    ]
    spread = [_crps(own, name) for name in ("value", "naive")]
    return {"n_past": len(own), "n_ranged": len(ranged), "n_inside": int(inside.sum()), "score": scores[0],
            "naive_score": scores[1], "crps": spread[0], "naive_crps": spread[1]}  # fmt: skip


def _crps(own: pd.DataFrame, name: str) -> float:
    """Mean score of each forecast with the errors known when it was made, from the fifth on."""
    origin, end = (own[column].to_numpy() for column in ("origin", "end"))
    made, came = (own[column].to_numpy(dtype=np.float64) for column in (name, "outcome"))
    found = []
    for i, day in enumerate(origin):
        known = end <= day
        if known.sum() >= FIRST:
            found.append(crps_sample(made[i] + (came - made)[known], float(came[i])))
    return float(np.mean(found)) if found else nan


def next_quarter(book: Book, *, level: float = 0.8) -> pd.DataFrame:
    """Net and gross retention of the next three months, and ARR at their end: the first of :func:`next_quarters`.

    Raises
    ------
    ValueError
        When the level is no share.
    """
    found = next_quarters(book, quarters=1, level=level)
    return found.drop(columns="quarters")
