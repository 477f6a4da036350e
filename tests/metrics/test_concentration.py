"""Concentration by hand and by recomputation."""

from __future__ import annotations

import math

import pytest

from cslib.metrics import concentration as k
from cslib.metrics import retention
from tests.books import EIGHT, book_of, eight


def test_leave_one_out_equals_the_book_without_the_account() -> None:
    rows = k.leave_one_out(eight(), top=4)
    assert set(rows["account_id"]) == {"A", "B", "C", "D"}
    for row in rows.itertuples():
        without = book_of([r for r in EIGHT if r[0] != row.account_id])
        again = retention.net_retention(without).iloc[-1]
        assert (row.numerator, row.denominator, row.n_accounts) == (
            again["numerator"],
            again["denominator"],
            again["n_accounts"],
        )
        assert row.value == again["value"]
        assert row.share == 0.25


def test_effective_accounts_by_hand() -> None:
    assert k.effective_accounts(eight()) == 4  # four equal accounts
    # shares 30, 30, 20, 20: the example of the US Department of Justice, HHI 2600
    uneven = book_of(
        [(a, "2024-01-01", None, m) for a, m in zip("ABCD", ["30", "30", "20", "20"], strict=True)]
    )
    assert k.effective_accounts(uneven) == pytest.approx(10000 / 2600)


def test_undefined_where_nothing_is_left() -> None:
    assert math.isnan(k.leave_one_out(book_of([("A", "2024-01-01", None, "5")])).iloc[0]["value"])
    assert math.isnan(k.effective_accounts(book_of([("A", "2025-12-01", None, "5")])))
