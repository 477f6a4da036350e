"""Hand-made and random books for the tests."""

from __future__ import annotations

from datetime import date

import pandas as pd
from hypothesis import strategies as st

from cslib.book import Book

AS_OF = date(2025, 12, 31)

# Eight accounts, one per movement over the year 2025 (MRR in dollars at 2024-12-31 -> 2025-12-31):
#   A 100 -> 100 unchanged      B 100 -> 150 expansion     C 100 -> 60 contraction   D 100 -> 0 churn
#   E   0 ->  80 new            F 0 -> 70 reactivation     G joined and left         H gone before
# opening 400; closing 100 + 150 + 60 + 80 + 70 = 460; new 80, expansion 50, reactivation 70, contraction 40, churn 100
# net = (100 + 150 + 60) / 400 = 310/400; gross = (100 + 100 + 60) / 400 = 260/400; logo = 3/4
EIGHT = [
    ("A", "2024-01-01", None, "100"),
    ("B", "2024-01-15", "2025-06-15", "100"),
    ("B", "2025-06-15", None, "150"),
    ("C", "2024-02-01", "2025-03-01", "100"),
    ("C", "2025-03-01", None, "60"),
    ("D", "2024-03-01", "2025-10-01", "100"),
    ("E", "2025-04-01", None, "80"),
    ("F", "2024-01-01", "2024-07-01", "90"),
    ("F", "2025-08-01", None, "70"),
    ("G", "2025-02-01", "2025-05-01", "40"),
    ("H", "2024-01-01", "2024-06-01", "30"),
]
SEGMENTS = {"A": "SMB", "B": "SMB", "C": "SMB", "D": "Enterprise", "E": "Enterprise", "F": "SMB", "G": "SMB"}


def subscriptions(rows: list[tuple[str, str, str | None, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "start_date", "end_date", "mrr"])
    return frame.assign(currency="USD")


def eight(as_of: date = AS_OF) -> Book:
    accounts = pd.DataFrame({"account_id": list("ABCDEFGH")})
    accounts["name"] = [f"Account {a}" for a in accounts["account_id"]]
    accounts["segment"] = accounts["account_id"].map(SEGMENTS)  # H has none
    frames = {"subscriptions": subscriptions(EIGHT), "accounts": accounts}
    return Book.from_frames(frames, as_of=as_of, name="Eight", currency="USD")


def book_of(rows: list[tuple[str, str, str | None, str]], as_of: date = AS_OF) -> Book:
    return Book.from_frames(
        {"subscriptions": subscriptions(rows)}, as_of=as_of, name="Random", currency="USD"
    )


@st.composite
def ledgers(draw: st.DrawFn) -> pd.DataFrame:
    """Any ledger: overlapping periods, gaps, returns, add-ons, empty periods, mid-month dates, zero prices."""
    n = draw(st.integers(1, 14))
    rows = []
    for i in range(n):
        account = draw(st.sampled_from("ABCDE"))
        start = draw(st.dates(date(2024, 1, 1), date(2025, 12, 31)))
        length = draw(st.none() | st.integers(0, 500))
        end = None if length is None else date.fromordinal(start.toordinal() + length)
        mrr = draw(st.sampled_from(["0", "10", "25.50", "25.50", "99.99", "1000", "0.01"]))
        product = draw(st.sampled_from(["core", "add-on"]))
        rows.append((f"s{i}", account, start.isoformat(), end and end.isoformat(), mrr, "USD", product))
    columns = ["subscription_id", "account_id", "start_date", "end_date", "mrr", "currency", "product"]
    return pd.DataFrame(rows, columns=columns)
