"""Calendar arithmetic: months as integers, reading days, fiscal quarters. Imports nothing of cslib.

Three words for time, never mixed: a *month* is the integer ``year * 12 + month - 1``; a *reading* is the
day on which a month's state is read; *age* is months since the first paid month, from 0.
"""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Final

__all__ = ["anchor_day", "month_name", "month_of", "months_before", "quarter_bounds", "quarter_of", "reading"]

MONTH_END: Final = 31
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")


def _last_day(month: int) -> int:
    return calendar.monthrange(month // 12, month % 12 + 1)[1]


def month_of(day: date, *, anchor: int = MONTH_END) -> int:
    """Month in which a change on `day` is first seen: the first whose reading is on or after it.

    >>> month_of(date(2019, 11, 1)) == 2019 * 12 + 10
    True
    >>> month_of(date(2019, 11, 2), anchor=1) == 2019 * 12 + 11
    True
    """
    return day.year * 12 + day.month - 1 + (day.day > anchor)


def anchor_day(as_of: date) -> int:
    """Day of the month on which every month is read so that `as_of` is a reading; 31 stands for month end.

    >>> anchor_day(date(2024, 2, 29)), anchor_day(date(2019, 11, 1))
    (31, 1)
    """
    return MONTH_END if as_of.day == _last_day(as_of.year * 12 + as_of.month - 1) else as_of.day


def reading(month: int, *, anchor: int = MONTH_END) -> date:
    """Day on which `month` is read: the anchor day, or the month's last day where it is shorter.

    >>> reading(2024 * 12 + 1)
    datetime.date(2024, 2, 29)
    """
    return date(month // 12, month % 12 + 1, min(anchor, _last_day(month)))


def months_before(as_of: date, months: int) -> date:
    """Reading `months` months before `as_of`; month end stays month end.

    >>> months_before(date(2025, 2, 28), 12)
    datetime.date(2024, 2, 29)
    """
    anchor = anchor_day(as_of)
    return reading(month_of(as_of, anchor=anchor) - months, anchor=anchor)


def month_name(month: int) -> str:
    """ISO name of a month.

    >>> month_name(2024 * 12)
    '2024-01'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def quarter_bounds(quarter: str, *, fiscal_year_start: int = 1) -> tuple[date, date]:
    """First and last day of a fiscal quarter. A fiscal year is named for the calendar year in which it ends.

    Parameters
    ----------
    quarter : str
        Year and quarter, such as ``2026Q3`` or ``2026-Q3``.
    fiscal_year_start : int
        Month, 1 to 12, in which the fiscal year begins.

    Raises
    ------
    ValueError
        When `quarter` has another form.

    Examples
    --------
    >>> quarter_bounds("2026Q3")
    (datetime.date(2026, 7, 1), datetime.date(2026, 9, 30))
    >>> quarter_bounds("2026Q1", fiscal_year_start=2)[0]
    datetime.date(2025, 2, 1)
    """
    match = _QUARTER.fullmatch(quarter.strip().upper())
    if not match:
        raise ValueError(f"quarter: found {quarter!r}, expected a year and a quarter such as 2026Q3")
    year, number = int(match[1]), int(match[2])
    first = (year - (fiscal_year_start > 1)) * 12 + fiscal_year_start - 1 + 3 * (number - 1)
    return date(first // 12, first % 12 + 1, 1), reading(first + 2)


def quarter_of(day: date, *, fiscal_year_start: int = 1) -> str:
    """Fiscal quarter that holds `day`.

    >>> quarter_of(date(2026, 9, 30)), quarter_of(date(2025, 2, 1), fiscal_year_start=2)
    ('2026Q3', '2026Q1')
    """
    since = day.year * 12 + day.month - fiscal_year_start
    return f"{since // 12 + (fiscal_year_start > 1)}Q{since % 12 // 3 + 1}"
