"""Companies are read together; one that cannot be read is named with its cause and stops no other."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from cslib.portfolio import Portfolio, company_folders
from tests.report.conftest import LEDGER, make_company

DAY = dt.date(2026, 9, 30)


def named(name: str, currency: str = "USD") -> str:
    return f'name = "{name}"\ncurrency = "{currency}"\n'


def test_a_folder_stands_for_the_companies_in_it(tmp_path: Path) -> None:
    b, a = make_company(tmp_path / "all" / "b"), make_company(tmp_path / "all" / "a")
    (tmp_path / "all" / "notes").mkdir()
    alone = make_company(tmp_path / "alone")
    assert company_folders([alone, tmp_path / "all", b]) == [alone, a, b]


def test_a_folder_without_a_company_is_kept_to_be_reported(tmp_path: Path) -> None:
    assert company_folders([tmp_path / "nowhere"]) == [tmp_path / "nowhere"]


def test_broken_companies_are_named_with_their_cause(tmp_path: Path) -> None:
    make_company(tmp_path / "good", toml=named("Good"))
    make_company(tmp_path / "backwards", ledger=LEDGER + "C,2025-01-01,2024-01-01,10,USD\n")
    make_company(
        tmp_path / "later", ledger="account_id,start_date,end_date,mrr,currency\nA,2027-01-01,,1,USD\n"
    )
    read = Portfolio.load([tmp_path, tmp_path / "missing"], as_of=DAY)
    assert [book.name for book in read.books] == ["Good"]
    assert read.unread["company"].tolist() == ["backwards", "later", "missing"]
    causes = read.unread["cause"].tolist()
    assert "row 4" in causes[0]
    assert causes[1] == "no subscription starts on or before 2026-09-30"
    assert "no such folder" in causes[2]


def test_companies_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        make_company(tmp_path / folder, toml=named("Acme"))
    make_company(tmp_path / "three", toml=named("Other"))
    read = Portfolio.of_quarter([tmp_path], "2026Q3")
    assert [book.name for book in read.books] == ["Acme (one)", "Other", "Acme (two)"]
    assert read.as_of == DAY


def test_the_quarter_is_of_the_groups_year_whatever_the_companies_say(tmp_path: Path) -> None:
    make_company(tmp_path / "a", toml=named("A") + "fiscal_year_start = 2\n")
    (book,) = Portfolio.of_quarter([tmp_path], "2026Q2", fiscal_year_start=4).books
    assert book.as_of == dt.date(2025, 9, 30)


def test_a_portfolio_without_a_readable_company_is_refused(tmp_path: Path) -> None:
    make_company(tmp_path / "broken", ledger="")
    with pytest.raises(ValueError, match="none of the 2 given can be read") as refused:
        Portfolio.load([tmp_path / "broken", tmp_path / "gone"], as_of=DAY)
    assert "\nbroken: " in str(refused.value)
    assert "\ngone: " in str(refused.value)
