"""Calendar arithmetic: readings, windows across February, fiscal quarters."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.months import anchor_day, month_of, months_before, quarter_bounds, quarter_of, reading

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))


@given(DAYS, DAYS)
def test_a_change_is_first_seen_on_the_first_reading_on_or_after_it(day: date, as_of: date) -> None:
    anchor = anchor_day(as_of)
    month = month_of(day, anchor=anchor)
    assert reading(month - 1, anchor=anchor) < day <= reading(month, anchor=anchor)


@given(DAYS)
def test_the_as_of_day_is_itself_a_reading(as_of: date) -> None:
    anchor = anchor_day(as_of)
    assert reading(month_of(as_of, anchor=anchor), anchor=anchor) == as_of
    assert months_before(as_of, 0) == as_of


@pytest.mark.parametrize(("as_of", "months", "start"), [
    (date(2025, 2, 28), 12, date(2024, 2, 29)),
    (date(2024, 2, 29), 12, date(2023, 2, 28)),
    (date(2024, 2, 28), 12, date(2023, 2, 28)),  # no month end in a leap year, and yet the same day
    (date(2026, 9, 30), 3, date(2026, 6, 30)),
    (date(2026, 6, 30), 3, date(2026, 3, 31)),
    (date(2019, 11, 1), 12, date(2018, 11, 1)),
])  # fmt: skip
def test_month_end_stays_month_end(as_of: date, months: int, start: date) -> None:
    assert months_before(as_of, months) == start


@given(DAYS, st.integers(1, 12))
def test_every_day_lies_in_the_quarter_that_is_named_for_it(day: date, start: int) -> None:
    first, last = quarter_bounds(quarter_of(day, fiscal_year_start=start), fiscal_year_start=start)
    assert first <= day <= last
    assert quarter_of(first - timedelta(1), fiscal_year_start=start) != quarter_of(
        day, fiscal_year_start=start
    )


@pytest.mark.parametrize("text", ["2026", "2026Q5", "Q3 2026", "", "26Q1", "2026Q3; x"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a year and a quarter such as 2026Q3"):
        quarter_bounds(text)
