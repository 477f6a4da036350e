"""Plays: which account each is for, worked out by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd

from cslib.book import Book
from cslib.metrics.actions import PLAYS, actions, by_play
from cslib.metrics.terms_ahead import by_month, terms_ahead

# as of 2025-12-31, MRR in dollars
ROWS = [
    # account, start, end, mrr, quantity, term end, notice
    ("steady", "2024-01-01", "", "100", 10, "2026-08-01", ""),
    ("noticed", "2024-01-01", "2026-02-01", "50", 5, "2026-02-01", "2025-12-01"),
    ("fewer", "2024-01-01", "2025-06-01", "90", 9, "2025-06-01", ""),
    ("fewer", "2025-06-01", "", "60", 6, "2026-06-01", ""),
    ("cheaper", "2024-01-01", "2025-06-01", "80", 8, "2025-06-01", ""),
    ("cheaper", "2025-06-01", "", "70", 8, "2026-06-01", ""),
    ("gone", "2024-01-01", "2025-11-15", "40", 4, "2025-11-15", ""),
    ("young", "2025-05-01", "", "30", 3, "2026-05-01", ""),
    ("back", "2023-01-01", "2023-12-01", "20", 2, "2023-12-01", ""),
    ("back", "2025-03-01", "", "25", 2, "2026-03-01", ""),
]


def book() -> Book:
    columns = ["account_id", "start_date", "end_date", "mrr", "quantity", "term_end_date", "notice_date"]
    ledger = pd.DataFrame(ROWS, columns=columns).assign(currency="USD").replace("", None)
    accounts = pd.DataFrame({"account_id": sorted(set(ledger["account_id"])), "segment": "SMB"})
    return Book.from_frames({"subscriptions": ledger, "accounts": accounts}, as_of=date(2025, 12, 31))


def of(play: str, rows: pd.DataFrame) -> dict[str, int]:
    own = rows[rows["play"] == play]
    return dict(zip(own["account_id"], own["at_stake"] // 1200, strict=True))  # MRR in dollars


def test_each_play_is_for_the_accounts_that_its_rule_names() -> None:
    rows = actions(book(), segments=[("segment", "SMB")])
    assert of("renewal_rescue", rows) == {"noticed": 50}
    assert of("value_recapture", rows) == {"fewer": 30}  # three seats fewer
    assert of("price_review", rows) == {"cheaper": 10}  # as many seats, for less
    assert of("win_back", rows) == {"gone": 40}
    assert of("onboarding_fix", rows) == {"young": 30}
    # today 100 + 50 + 60 + 70 + 30 + 25 = 335: a tenth is 33.5
    assert of("second_contact", rows) == {"steady": 100, "cheaper": 70, "fewer": 60, "noticed": 50}
    assert of("second_start", rows) == {"back": 25}
    assert of("next_offer", rows) == {"steady": 100, "noticed": 50}
    assert of("segment_review", rows) == {"gone": 40, "fewer": 30, "cheaper": 10}
    assert list(dict.fromkeys(rows["play"])) == list(PLAYS)
    assert rows["arr"].dtype == rows["at_stake"].dtype == "int64"


def test_a_book_without_anything_to_do() -> None:
    ledger = pd.DataFrame({"account_id": ["A"], "start_date": ["2025-12-01"], "end_date": [None], "mrr": [0],
                           "currency": ["USD"]})  # fmt: skip
    rows = actions(Book.from_frames({"subscriptions": ledger}, as_of=date(2025, 12, 31)))
    assert rows.empty
    assert by_play(rows).empty


def test_plays_are_summed() -> None:
    rows = by_play(actions(book()).query("play == 'second_contact'"))
    assert rows.iloc[0].to_dict() == {
        "play": "second_contact",
        "n_accounts": 4,
        "arr": 336_000,
        "at_stake": 336_000,
    }


def test_terms_ahead_end_in_the_months_ahead_and_are_summed_by_month() -> None:
    due = terms_ahead(book(), months=6)
    assert list(due["account_id"]) == ["noticed", "back", "young", "cheaper", "fewer"]
    assert due.set_index("account_id")["shrunk"].to_dict() == {
        "noticed": False, "back": False, "young": False, "cheaper": True, "fewer": True,
    }  # fmt: skip
    months = by_month(due)
    assert list(months["n_accounts"]) == [1, 1, 1, 2, 5]
    assert list(months["arr"] // 1200) == [50, 25, 30, 130, 235]
    assert list(months["notice"] // 1200) == [50, 0, 0, 0, 50]
    assert list(months["shrunk"] // 1200) == [0, 0, 0, 130, 130]
