"""First renewals: decisions where there are any, else the ledger's first anniversary."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.book import Book
from cslib.metrics.first_renewal import first_renewals
from cslib.metrics.lives import lives
from cslib.stats.survival import kaplan_meier
from tests.books import AS_OF, book_of
from tests.metrics.planted import NEWER_WORSE, simulated


def test_first_anniversary_by_hand() -> None:
    rows = [
        ("A", "2023-03-10", None, "100"),  # stays
        ("B", "2023-03-20", "2024-04-05", "100"),  # pays at 11 months (Feb 2024), gone at 13 (Apr 2024)
        ("C", "2023-03-01", "2023-08-01", "900"),  # gone before: nothing was up
        ("D", "2023-05-01", "2024-05-01", "100"),  # smaller at its anniversary
        ("D", "2024-05-01", None, "60"),
        ("E", "2024-06-01", "2025-06-01", "100"),  # larger: counts as kept whole
        ("E", "2025-06-01", None, "300"),
        ("F", "2025-01-01", None, "100"),  # too young
    ]
    found = first_renewals(book_of(rows))
    assert set(found["convention"]) == {"first anniversary"}
    assert found["end"].dt.year.tolist() == [2024, 2025]
    assert found["numerator"].tolist() == [160 * 1200, 100 * 1200]
    assert found["denominator"].tolist() == [300 * 1200, 100 * 1200]
    assert found["n_kept"].tolist() == [2, 1]


def test_decisions_by_hand() -> None:
    ledger = pd.DataFrame(
        {"account_id": list("ABC"), "start_date": "2023-01-01", "end_date": None, "mrr": 1, "currency": "USD"}
    )
    renewals = pd.DataFrame(
        [("A", "2024-01-01", 1000, "renewed", 1500), ("A", "2025-01-01", 1500, "lost", 0), ("B", "2024-02-01", 500, "lost", None),
         ("C", "2024-03-01", 500, "renewed", 400), ("D", "2025-12-01", 500, None, None)],
        columns=["account_id", "due_date", "target_arr", "outcome", "renewed_arr"],
    )  # fmt: skip
    found = first_renewals(Book.from_frames({"subscriptions": ledger, "renewals": renewals}, as_of=AS_OF))
    assert found["convention"].tolist() == ["renewal decisions"]
    assert found[["numerator", "denominator", "n_accounts", "n_kept"]].iloc[0].tolist() == [
        140000,
        200000,
        3,
        2,
    ]
    assert found["value"].iloc[0] == pytest.approx(0.7)


def test_nothing_has_come_up() -> None:
    assert first_renewals(book_of([("A", "2025-01-01", None, "100")])).empty


def test_the_planted_vintage_shows_at_its_first_renewal() -> None:
    found = first_renewals(simulated(NEWER_WORSE)).set_index(
        first_renewals(simulated(NEWER_WORSE))["end"].dt.year
    )
    assert found.loc[2026, "high"] < found.loc[[2024, 2025], "value"].min()


def test_g09_the_curve_at_month_12_is_the_direct_count_where_nothing_is_censored() -> None:
    rows = [(f"a{i}", "2023-01-01", "2024-01-01" if i < 3 else "2025-06-01", "10") for i in range(8)]
    book = book_of(rows)
    accounts = lives(book).accounts
    months = kaplan_meier(accounts["left"].fillna(accounts["last"]), accounts["left"].notna())
    direct = first_renewals(book)
    assert (
        months.survival[months.time <= 12][-1]
        == direct["n_kept"].iloc[0] / direct["n_accounts"].iloc[0]
        == 5 / 8
    )
