"""Period against vintage: hand counts, the planted truth, and refusals."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cslib.metrics.period import period_or_vintage
from tests.books import book_of
from tests.metrics.planted import NEWER_WORSE, nothing_planted, simulated


def book(*, by: str) -> pd.DataFrame:
    """Twelve accounts a month for five years; two of twelve leave after five months, more of them where it is worse."""
    rows = []
    now = pd.Timestamp("2025-12-31")
    for month in range(60):
        start = pd.Timestamp("2021-01-01") + pd.DateOffset(months=month)
        for i in range(12):
            end = None
            leaves = start + pd.DateOffset(months=5 + i % 2)
            worse = (
                start > pd.Timestamp("2024-01-01") if by == "vintage" else leaves > pd.Timestamp("2025-01-01")
            )
            if i < 2 or (worse and i < 7):
                end = leaves.date().isoformat() if leaves <= now else None
            rows.append((f"A{month:02d}{i:02d}", start.date().isoformat(), end, "10"))
    return period_or_vintage(book_of(rows)).set_index("term")


def test_a_worse_vintage_is_told_from_a_worse_period() -> None:
    vintage, period = book(by="vintage"), book(by="period")
    assert set(vintage["verdict"]) == {"vintage"}
    assert vintage.loc["newer vintages", "low"] > 1.5
    assert not vintage.loc["recent months", "passed"]
    assert set(period["verdict"]) == {"period"}
    assert period.loc["recent months", "low"] > 1.5
    assert not period.loc["newer vintages", "passed"]


def test_hand_counts() -> None:
    """Ten old accounts, of which A0 left in 2024 and A1 in 2025; ten of 2024, of which B0 left in 2025."""
    rows = [(f"A{i}", "2023-01-01", {0: "2024-02-01", 1: "2025-02-01"}.get(i), "10") for i in range(10)]
    rows += [(f"B{i}", "2024-07-01", "2025-03-01" if i == 0 else None, "10") for i in range(10)]
    found = period_or_vintage(book_of(rows)).set_index("term")
    assert found.loc["newer vintages", "numerator"] == 1
    assert found.loc["recent months", "numerator"] == 2
    # B from August 2024 to December 2025: nine for 17 months, B0 for 8.
    assert found.loc["newer vintages", "denominator"] == 9 * 17 + 8
    # In 2025: eight of A for 12, A1 for 2; nine of B for 12, B0 for 3.
    assert found.loc["recent months", "denominator"] == 8 * 12 + 2 + 9 * 12 + 3
    assert set(found["verdict"]) == {"cannot tell"} and found["value"].isna().all()  # fewer than five losses


def test_the_planted_vintage_is_found_and_no_period() -> None:
    """Pontavia drawn with its newcomers much worse: five draws, no claim that it was the time."""
    spec = replace(NEWER_WORSE, newer_loss=3.0)
    said = [period_or_vintage(simulated(replace(spec, edition=f"v{i}")))["verdict"].iloc[0] for i in range(5)]
    assert said.count("vintage") >= 2
    assert said.count("period") <= 1
    null = [period_or_vintage(simulated(nothing_planted(i)))["verdict"].iloc[0] for i in range(8)]
    assert null.count("cannot tell") >= 6


def test_too_young_is_empty_and_spans_are_positive() -> None:
    assert period_or_vintage(book_of([("A", "2025-01-01", None, "10")])).empty
    with pytest.raises(ValueError, match="span: found 0, expected months of 1 or more"):
        period_or_vintage(book_of([("A", "2025-01-01", None, "10")]), span=0)
