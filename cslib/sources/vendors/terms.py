"""Billing periods as months or weeks: what was agreed, never counted in days."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pandas as pd

__all__ = ["period_of"]

_MONTHS: Final = {
    **dict.fromkeys(("month", "months", "monthly", "m", "per_month", "permonth"), 1),
    **dict.fromkeys(("quarter", "quarterly", "quarters", "q", "perquarter", "specificmonths"), 3),
    **dict.fromkeys(
        ("semiannual", "semiannually", "semiannualy", "halfyear", "halfyearly", "biannually", "persixmonths"),
        6,
    ),
    **dict.fromkeys(
        ("year", "years", "yearly", "annual", "annually", "annum", "y", "peryear", "perannum"), 12
    ),
    **dict.fromkeys(("twoyears", "pertwoyears", "biennial"), 24),
    **dict.fromkeys(("threeyears", "perthreeyears"), 36),
    **dict.fromkeys(("fouryears", "perfouryears"), 48),
    **dict.fromkeys(("fiveyears", "perfiveyears"), 60),
}
_WEEKS: Final = {**dict.fromkeys(("week", "weeks", "weekly", "w", "perweek"), 1), "biweekly": 2}
_DAYS: Final = ("day", "days", "daily", "d")


def _one(text: str) -> tuple[int, int, int]:
    """Months, weeks and days of a period such as ``month``, ``6 months``, ``P12M`` or ``every 2 weeks``."""
    word = text.strip().lower()
    if match := re.fullmatch(r"p(?:([0-9]+)y)?(?:([0-9]+)m)?(?:([0-9]+)w)?(?:([0-9]+)d)?", word):
        years, months, weeks, days = (int(part or 0) for part in match.groups())
        return years * 12 + months, weeks, days
    number = re.search(r"[0-9]+", word)
    times = int(number.group()) if number else 1
    name = re.sub(r"[^a-z]", "", word).removeprefix("every")
    if name in _MONTHS:
        return times * _MONTHS[name], 0, 0
    if name in _WEEKS:
        return 0, times * _WEEKS[name], 0
    return 0, 0, times if name in _DAYS else 0


def period_of(interval: pd.Series, count: pd.Series | None = None) -> tuple[pd.Series, pd.Series]:
    """Months, else weeks, of a billing period; missing where there is none. Days count only as whole weeks.

    >>> months, weeks = period_of(pd.Series(["year", "week", "P6M", "day"]), pd.Series([1, 2, None, 14]))
    >>> months.tolist(), weeks.tolist()
    ([12, <NA>, 6, <NA>], [<NA>, 2, <NA>, 2])
    """
    times = pd.Series(1, index=interval.index) if count is None else count.fillna(1)
    known = {text: _one(str(text)) for text in interval.dropna().unique()}
    parts = np.array([known.get(text, (0, 0, 0)) for text in interval], dtype="int64").reshape(-1, 3)
    parts = parts * times.to_numpy(dtype="int64")[:, None]
    months = pd.Series(parts[:, 0], index=interval.index, dtype="Int64")
    days = parts[:, 1] * 7 + parts[:, 2]
    weeks = pd.Series(
        np.where((days % 7 == 0) & (parts[:, 0] == 0), days // 7, 0), index=interval.index, dtype="Int64"
    )
    return months.where(months > 0), weeks.where(weeks > 0)
