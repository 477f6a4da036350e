"""The proof holds on correct books, and names what is wrong with each planted fault; it never raises."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.book import Book
from cslib.metrics import proof as p
from cslib.metrics import retention
from cslib.settings import Settings
from tests.books import AS_OF, EIGHT, SEGMENTS, book_of, eight, ledgers, subscriptions


def broken(book: Book, *, by: str | None = "segment") -> dict[str, str]:
    """Checks that do not hold, with what they say."""
    checks = p.proof(book, by=by)
    wrong = checks[~checks["holds"]]
    return dict(zip(wrong["check"], wrong["detail"], strict=True))


def with_table(book: Book, **tables: pd.DataFrame) -> Book:
    return replace(book, tables={**book.tables, **tables})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The eight accounts as files."""
    root = tmp_path / "eight"
    root.mkdir()
    (root / "company.toml").write_text('name = "Eight"\ncurrency = "USD"\n')
    subscriptions(EIGHT).to_csv(root / "subscriptions.csv", index=False)
    accounts = pd.DataFrame(
        {"account_id": list("ABCDEFGH"), "segment": [SEGMENTS.get(a) for a in "ABCDEFGH"]}
    )
    accounts.to_csv(root / "accounts.csv", index=False)
    return root


# --- correct books


def test_a_correct_book_ties_out(folder: Path) -> None:
    for book, n in ((eight(), 16), (Book.load(folder, as_of=AS_OF), 17)):
        checks = p.proof(book, by="segment")
        assert checks["holds"].all(), checks
        assert checks["n"].min() >= 1
        assert (checks["left"] == checks["right"]).all()
        assert len(checks) == n


def test_a_book_in_two_currencies_ties_out() -> None:
    frame = subscriptions([("A", "2024-01-01", None, "100.07"), ("B", "2024-01-01", None, "33.33")])
    frame["currency"] = ["EUR", "USD"]
    book = Book.from_frames({"subscriptions": frame}, as_of=AS_OF, rates={"EUR": 1})
    assert broken(book, by=None) == {}


def test_an_empty_book_ties_out() -> None:
    assert broken(book_of([("A", "2025-12-01", None, "0")]), by=None) == {}


@settings(max_examples=4)
@given(ledgers(), st.dates(date(2025, 1, 1), date(2026, 1, 31)))
def test_any_book_ties_out(ledger: pd.DataFrame, as_of: date) -> None:
    book = Book.from_frames({"subscriptions": ledger}, as_of=as_of)
    assert broken(book, by="product") == {}


def test_accounts_are_left_out_for_a_reason() -> None:
    book = book_of(
        [
            ("A", "2024-01-01", None, "10"),
            ("B", "2025-12-02", "2025-12-09", "10"),  # between two readings
            ("C", "2025-01-01", None, "0"),  # free
            ("D", "2024-01-01", "2024-06-01", "10"),  # gone before
            ("E", "2025-10-15", "2025-11-15", "10"),  # joined and left
        ]
    )
    rows = p.exclusions(book)
    assert dict(zip(rows["reason"], rows["n_accounts"], strict=True)) == {
        "gone before": 1,
        "joined and left": 1,
        "never paid": 1,
        "paid between two readings only": 1,
    }
    assert broken(book, by=None) == {}


def test_flags_tell_what_no_check_fails_for() -> None:
    excluded, edge, immature = p.flags(eight())
    assert excluded == "Accounts in no movement of the last 3 months: 2 (2 gone before)."
    assert "lies 91 days before the as-of day" in edge  # H and all others moved last on 2025-10-01
    assert immature.startswith("Of 44 cells of the quarterly cohorts 2 are blank")


def test_settings_leave_accounts_out_for_a_reason() -> None:
    rows = [("A", "2024-01-01", None, "10"), ("B", "2024-01-01", "2024-05-01", "10"), ("B", "2025-02-01", None, "10"),
            ("C", "2024-01-01", None, "10")]  # fmt: skip
    ledger = subscriptions(rows).assign(product=["core", "core", "core", "usage"])
    settings = Settings(not_recurring=("usage",), reactivation_days=90)
    book = Book.from_frames({"subscriptions": ledger}, as_of=AS_OF, settings=settings)
    assert broken(book, by=None) == {}
    rows_out = p.exclusions(book)
    assert dict(zip(rows_out["reason"], rows_out["n_accounts"], strict=True)) == {
        "gone before": 1,  # the first life of B
        "left out by a setting": 1,
    }


def test_an_account_may_change_its_segment_over_time() -> None:
    accounts = pd.DataFrame({"account_id": ["A", "A", "B"], "segment": ["SMB", "Mid", "SMB"],
                             "valid_from": ["2024-01-01", "2025-06-01", None]})  # fmt: skip
    ledger = subscriptions([("A", "2024-01-01", None, "10"), ("B", "2024-01-01", None, "10")])
    book = Book.from_frames({"subscriptions": ledger, "accounts": accounts}, as_of=AS_OF)
    assert broken(book) == {}
    dated = book.account_values
    assert dated is not None
    twice = pd.concat([dated, dated.iloc[[0]].assign(segment="Mid")], ignore_index=True)
    said = broken(replace(book, account_values=twice))["every account has one segment"]
    assert "account" in said and " and " in said


# --- planted faults: each is named


def test_a_dropped_account(folder: Path) -> None:
    for book in (eight(), Book.load(folder, as_of=AS_OF)):
        ledger = book.tables["subscriptions"]
        found = broken(with_table(book, subscriptions=ledger[ledger["account_id"] != "B"]))
        said = found["rows in the book are the rows read"]
        assert said == "subscriptions: 9 rows in the book, 11 read from its files, dropped perhaps: account B"
    assert found["the files, read again, are the book"] == "subscriptions: account B: 2 rows are missing"


def test_a_duplicated_row(folder: Path) -> None:
    for book in (eight(), Book.load(folder, as_of=AS_OF)):
        ledger = book.tables["subscriptions"]
        double = pd.concat([ledger, ledger[ledger["account_id"] == "C"].tail(1)], ignore_index=True)
        found = broken(with_table(book, subscriptions=double))
        assert "12 rows in the book, 11 read" in found["rows in the book are the rows read"]
        assert "duplicated: account C from 2025-03-01" in found["rows in the book are the rows read"]
    assert "account C: 1 rows are not in the files" in found["the files, read again, are the book"]


def test_one_cent_in_a_row(folder: Path) -> None:
    for book in (eight(), Book.load(folder, as_of=AS_OF)):
        ledger = book.tables["subscriptions"].copy()
        ledger.loc[ledger["account_id"] == "E", "arr"] += 1
        found = broken(with_table(book, subscriptions=ledger))
        said = found["ARR of each row is its price, annualised"]
        assert said == "account E from 2025-04-01: ARR 96,001 minor units is not its price, annualised"
    assert "account E: arr 96001 instead of 96000" in found["the files, read again, are the book"]


def test_one_cent_in_a_price_and_its_arr_shows_against_the_files(folder: Path) -> None:
    book = Book.load(folder, as_of=AS_OF)
    ledger = book.tables["subscriptions"].copy()
    ledger.loc[ledger["account_id"] == "E", ["mrr", "arr"]] += [1, 12]
    assert broken(with_table(book, subscriptions=ledger)) == {
        "the files, read again, are the book": "subscriptions: account E: mrr 8001 instead of 8000, "
        "arr 96012 instead of 96000"
    }


def test_one_cent_in_a_row_of_another_currency() -> None:
    frame = subscriptions([(f"A{i}", "2024-01-01", None, f"{100 + i}.37") for i in range(9)])
    frame["currency"] = "EUR"
    book = Book.from_frames({"subscriptions": frame}, as_of=AS_OF, rates={"EUR": Decimal("1.0837")})
    assert broken(book, by=None) == {}
    ledger = book.tables["subscriptions"].copy()
    ledger.loc[4, "arr"] += 24
    assert (
        "account A4"
        in broken(with_table(book, subscriptions=ledger), by=None)["ARR of each row is its price, annualised"]
    )


def test_one_cent_in_a_movement(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one fault that no book can carry: a metric that adds up wrongly."""
    true = retention.movements

    def one_cent_off(book: Book, **kwargs: Any) -> pd.DataFrame:
        rows = true(book, **kwargs)
        rows.loc[rows.index[rows["metric"] == "churn"][-1], "value"] += 1
        return rows

    monkeypatch.setattr(retention, "movements", one_cent_off)
    assert broken(eight())["ARR bridge closes, every month"] == "2025-12-31 off by -1 minor units"


def test_a_row_after_the_as_of_day(folder: Path) -> None:
    for book in (eight(), Book.load(folder, as_of=AS_OF)):
        ledger = book.tables["subscriptions"].copy()
        ledger.loc[ledger["account_id"] == "E", "start_date"] = pd.Timestamp("2026-01-05")
        found = broken(with_table(book, subscriptions=ledger))
        said = found["nothing in a table is later than the as-of day"]
        assert said == "subscriptions: account E from 2026-01-05 has start_date 2026-01-05, after 2025-12-31"


def test_an_end_after_the_as_of_day_needs_notice() -> None:
    book = eight()
    ledger = book.tables["subscriptions"].copy()
    ledger.loc[ledger["account_id"] == "E", "end_date"] = pd.Timestamp("2026-02-01")
    later = with_table(book, subscriptions=ledger)
    assert "end_date 2026-02-01" in broken(later)["nothing in a table is later than the as-of day"]
    told = with_table(book, subscriptions=ledger.assign(notice_date=pd.Timestamp("2025-12-01")))
    assert "nothing in a table is later than the as-of day" not in broken(told)


def test_an_account_counted_in_two_segments(folder: Path) -> None:
    for book in (eight(), Book.load(folder, as_of=AS_OF)):
        accounts = book.tables["accounts"]
        again = accounts[accounts["account_id"] == "A"].assign(segment="Enterprise")
        twice = with_table(book, accounts=pd.concat([accounts, again], ignore_index=True))
        said = broken(twice)["every account has one segment"]
        assert said == "account A is counted in SMB and Enterprise"


def test_rows_that_nobody_accounts_for() -> None:
    book = eight()
    account = book.account.assign(rows_kept=book.account["rows_kept"] - [1, 0])
    found = broken(replace(book, account=account))
    assert found["rows read are used or accounted for"].endswith("11 rows read, 10 accounted for")


def test_rows_left_out_without_a_cause() -> None:
    book = eight(as_of=date(2025, 1, 31))
    assert broken(book) == {}
    assert len(book.dropped) == 1
    found = broken(replace(book, dropped=book.dropped.iloc[:0]))
    assert found["rows left out have a cause"] == "subscriptions: 5 left out, 0 with a cause"


def test_an_input_without_a_hash() -> None:
    book = eight()
    found = broken(replace(book, account=book.account.assign(sha256="")))
    assert set(found) == {"every input has its hash"}


def test_a_file_that_is_no_longer_there(folder: Path) -> None:
    book = Book.load(folder, as_of=AS_OF)
    (folder / "subscriptions.csv").unlink()
    (said,) = broken(book).values()
    assert said.startswith("cannot be computed: TableError")


# --- one row of a file, several of the ledger


def matrix(folder: Path) -> Path:
    """A keeps its price, B changes it, C leaves, D leaves and comes back, E comes last and pays nothing before."""
    (folder / "company.toml").write_text(
        'name = "Wide"\ncurrency = "USD"\n[tables.subscriptions]\nfile = "m.csv"\nshape = "matrix"\n'
        'columns = {account_id = "Customer"}\nconstants = {currency = "USD"}\n'
    )
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    rows = {"A": [100] * 12, "B": [100] * 3 + [200] * 9, "C": [50] * 5 + [0] * 7, "D": [9, 0, 9] + [9] * 9,
            "E": [0] * 11 + [70]}  # fmt: skip
    lines = [",".join(map(str, (name, *paid))) for name, paid in rows.items()]
    (folder / "m.csv").write_text("\n".join([",".join(["Customer", *months]), *lines, ""]))
    return folder


@pytest.mark.parametrize("day", [date(2024, 12, 31), date(2024, 9, 30), date(2024, 3, 31)])
def test_a_matrix_with_a_change_and_a_churn_is_proven(tmp_path: Path, day: date) -> None:
    book = Book.load(matrix(tmp_path), as_of=day)
    assert broken(book, by=None) == {}
    assert int(book.account["rows_read"].sum()) == 5  # lines of the file, whatever periods they make


def test_a_period_lost_from_a_matrix_is_named(tmp_path: Path) -> None:
    book = Book.load(matrix(tmp_path), as_of=date(2024, 12, 31))
    ledger = book.tables["subscriptions"]
    assert len(ledger) == 7
    found = broken(with_table(book, subscriptions=ledger[ledger["account_id"] != "B"]), by=None)
    said = found["rows in the book are the rows read"]
    assert said == "subscriptions: 5 rows in the book, 7 read from its files, dropped perhaps: account B"
