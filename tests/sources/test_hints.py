"""Ledgers that look as if they were written in another way than they are read."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from cslib.book import Book
from cslib.settings import Settings
from cslib.sources.hints import inclusive_ends


def ledger(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "start_date", "end_date"])
    return frame.astype({"start_date": "datetime64[s]", "end_date": "datetime64[s]"})


def test_last_days_of_months_and_a_start_on_the_day_after() -> None:
    told = inclusive_ends(ledger(("A", "2024-01-01", "2024-06-30"), ("A", "2024-07-01", None)))
    assert told.startswith(
        "subscriptions: 1 of 1 end dates are the last day of a month, and 1 are followed by a start"
    )
    assert '[settings] end_date = "inclusive"' in told


@pytest.mark.parametrize(
    "rows",
    [
        [("A", "2024-01-01", "2024-07-01"), ("A", "2024-07-01", None)],  # exclusive, as it is read
        [
            ("A", "2024-01-31", "2024-06-30"),
            ("A", "2024-06-30", None),
        ],  # on a month's last day, and from that day on
        [("A", "2024-01-01", "2024-06-30")],  # one end says nothing
        [("A", "2024-01-01", None)],
    ],
)
def test_nothing_is_said_without_evidence(rows: list[tuple[str, str, str | None]]) -> None:
    assert inclusive_ends(ledger(*rows)) == ""


def test_three_ends_on_last_days_are_evidence_on_their_own() -> None:
    rows = [
        (name, "2024-01-01", day)
        for name, day in (("A", "2024-06-30"), ("B", "2024-02-29"), ("C", "2024-03-31"))
    ]
    assert inclusive_ends(ledger(*rows)).startswith("subscriptions: 3 of 3")


def test_a_book_says_so_unless_its_settings_do() -> None:
    frame = pd.DataFrame(
        {
            "account_id": "A",
            "start_date": ["2024-01-01", "2024-07-01"],
            "end_date": ["2024-06-30", "2024-12-31"],
            "mrr": 10,
            "currency": "USD",
        }
    )
    day = dt.date(2025, 3, 31)
    hint = '[settings] end_date = "inclusive"'
    assert any(hint in note for note in Book.from_frames({"subscriptions": frame}, as_of=day).notes)
    told = Book.from_frames({"subscriptions": frame}, as_of=day, settings=Settings(end_date="inclusive"))
    assert not any(hint in note for note in told.notes)
