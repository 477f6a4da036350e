from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.book import Book
from cslib.sources.money import convert
from cslib.tables import TableError

DAY = dt.date(2024, 6, 30)


def ledger(*rows: tuple[str, str, str], base: str = "mrr") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", base, "currency"])
    return frame.assign(start_date="2024-01-01", end_date="")


def test_monthly_amounts_are_converted_then_annualised() -> None:
    rows = ledger(("A", "10.01", "EUR"), ("B", "10", "USD"), ("C", "1001", "JPY"))
    book = Book.from_frames(
        {"subscriptions": rows}, as_of=DAY, rates={"EUR": Decimal("1.05"), "JPY": Decimal("0.0065")}
    )
    frame = book.tables["subscriptions"]
    assert frame["mrr"].tolist() == [1001, 1000, 1001]
    # 1001 x 1.05 = 1051.05 -> 1051; 1001 yen x 0.0065 = 6.5065 dollars -> 651 cents
    assert frame["arr"].tolist() == [1051 * 12, 12000, 651 * 12]
    assert frame["arr"].dtype == "int64"
    assert "subscriptions: 1 rows in EUR are converted at 1.05 USD per EUR." in book.notes


def test_annual_amounts_are_kept_as_quoted() -> None:
    book = Book.from_frames(
        {"subscriptions": ledger(("A", "100.01", "EUR"), base="arr")},
        as_of=DAY,
        rates={"EUR": Decimal("1.5")},
    )
    assert book.base == "arr"
    assert book.tables["subscriptions"][["quoted_arr", "arr"]].values.tolist() == [[10001, 15002]]


def test_where_both_are_given_the_monthly_one_counts_and_differences_are_told() -> None:
    rows = ledger(("A", "10", "USD"), ("B", "10", "USD")).assign(arr=["120", "100"])
    book = Book.from_frames({"subscriptions": rows}, as_of=DAY)
    assert book.base == "mrr"
    assert book.tables["subscriptions"]["arr"].tolist() == [12000, 12000]
    assert any("arr is not 12 mrr in 1 rows" in note for note in book.notes)


def test_a_currency_without_a_rate_is_refused_with_the_lines_to_add() -> None:
    rows = ledger(("A", "10", "USD"), ("B", "10", "EUR"), ("C", "10", "GBP"), ("D", "10", "EUR"))
    with pytest.raises(TableError) as error:
        Book.from_frames({"subscriptions": rows}, as_of=DAY)
    euro, pound = str(error.value).splitlines()
    assert "2 of 4 rows are in EUR, for which there is no rate, first: row 3 (also 5)" in euro
    assert "[rates] EUR = ... (USD per 1 EUR)" in euro
    assert "GBP" in pound


def test_a_rate_that_makes_amounts_unbelievable_is_refused() -> None:
    rows = ledger(("A", "9999999999999", "EUR"))
    with pytest.raises(TableError, match=r"EUR.*too large"):
        Book.from_frames({"subscriptions": rows}, as_of=DAY, rates={"EUR": 999_999_999})


@given(
    st.lists(st.integers(0, 10**15), max_size=20),
    st.decimals("0.000001", 50, places=6),
    st.sampled_from([(2, 2), (0, 2), (2, 0), (3, 2)]),
)
def test_conversion_is_exact(amounts: list[int], rate: Decimal, digits: tuple[int, int]) -> None:
    turned = convert(pd.Series(amounts, dtype="int64"), rate, digits=digits)
    assert turned.tolist() == [
        round(Fraction(a) * Fraction(rate) * Fraction(10) ** (digits[1] - digits[0])) for a in amounts
    ]
