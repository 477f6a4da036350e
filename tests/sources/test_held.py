"""What was read once is taken again only while nothing about its files has changed."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

import cslib.book
from cslib.book import Book
from cslib.sources import held

DAY = dt.date(2026, 9, 30)
LEDGER = "account_id,start_date,end_date,mrr,currency\nA,2024-01-01,,100,USD\nB,2024-02-01,,50,USD\n"


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "company.toml").write_text('name = "Acme"\ncurrency = "USD"\n')
    (folder / "subscriptions.csv").write_text(LEDGER)
    return folder


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Folders that were parsed since, in their order."""
    held.accept(b"\x80\x05]\x94.")  # an empty list
    seen: list[Path] = []
    parse = cslib.book.load_tables

    def counted(folder, config, *, broken_rows=""):
        seen.append(folder)
        return parse(folder, config, broken_rows=broken_rows)

    monkeypatch.setattr(cslib.book, "load_tables", counted)
    return seen


def total(book: Book) -> int:
    return int(book.tables["subscriptions"]["mrr"].sum())


def test_the_same_files_are_parsed_once(company, parses):
    first, again = Book.load(company, as_of=DAY), Book.load(company, as_of=DAY)
    assert len(parses) == 1
    assert again.fingerprint == first.fingerprint
    assert again.account.equals(first.account)
    assert all(again.tables[name].equals(frame) for name, frame in first.tables.items())


def test_a_file_that_keeps_its_size_and_its_time_is_seen_to_have_changed(company, parses):
    ledger = company / "subscriptions.csv"
    Book.load(company, as_of=DAY)
    times = ledger.stat()
    ledger.write_text(LEDGER.replace("50", "70"))
    os.utime(ledger, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert total(Book.load(company, as_of=DAY)) == 17_000
    assert len(parses) == 2


def test_a_new_table_and_one_that_is_gone_are_seen(company, parses):
    Book.load(company, as_of=DAY)
    (company / "accounts.csv").write_text("account_id,name\nA,Alpha\nB,Beta\n")
    assert Book.load(company, as_of=DAY).tables["accounts"]["name"].tolist() == ["Alpha", "Beta"]
    (company / "accounts.csv").unlink()
    assert Book.load(company, as_of=DAY).tables["accounts"]["name"].tolist() == ["A", "B"]
    assert len(parses) == 3


@pytest.mark.parametrize("change", ["company.toml", "day", "broken rows"])
def test_another_question_is_another_reading(company, parses, change):
    Book.load(company, as_of=DAY)
    if change == "company.toml":
        (company / "company.toml").write_text('name = "Acme"\ncurrency = "EUR"\n[rates]\nUSD = 0.5\n')
        assert Book.load(company, as_of=DAY).currency == "EUR"
    elif change == "day":
        assert len(Book.load(company, as_of=dt.date(2024, 1, 15)).tables["subscriptions"]) == 1
    else:
        Book.load(company, as_of=DAY, broken_rows="reject")
    assert len(parses) == 2


def test_what_a_cell_does_to_its_tables_reaches_no_other_copy(company, parses):
    Book.load(company, as_of=DAY)
    mine = Book.load(company, as_of=DAY)
    mine.tables["subscriptions"].loc[0, "mrr"] = 1
    mine.account.loc[0, "rows_read"] = 99
    other = Book.load(company, as_of=DAY)
    assert total(other) == 15_000
    assert int(other.account.loc[0, "rows_read"]) == 2
    assert len(parses) == 1


def test_a_broken_file_is_told_although_a_good_one_was_read(company, parses):
    Book.load(company, as_of=DAY)
    (company / "subscriptions.csv").write_text(LEDGER.replace("50", "fifty"))
    with pytest.raises(Exception, match="fifty"):
        Book.load(company, as_of=DAY)


def test_what_is_packed_is_taken_by_who_accepts_it_and_no_day_else_is_packed(company, parses):
    Book.load(company, as_of=DAY)
    data = held.packed(company, as_of=DAY)
    assert not held.packed(company, as_of=dt.date(2026, 6, 30))
    assert not held.packed(company.parent, as_of=DAY)
    held.accept(b"\x80\x05]\x94.")
    held.accept(data)
    assert total(Book.load(company, as_of=DAY)) == 15_000
    assert len(parses) == 1


def test_too_much_is_not_kept(company, parses, monkeypatch):
    monkeypatch.setattr(held, "_MOST", 1)
    for _ in range(2):
        Book.load(company, as_of=DAY)
    assert len(parses) == 2
    assert held.packed(company, as_of=DAY) == b""
