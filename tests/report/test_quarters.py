"""Words for quarters become quarters, or are refused with the words that are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from cslib.report.parameters import ParameterError
from cslib.report.quarters import all_quarters, known_quarters, needs_data, quarters_asked

from .conftest import LEDGER, make_company


def test_a_range_runs_over_the_turn_of_the_year_and_only_forwards() -> None:
    assert all_quarters("2025Q3", "2026Q2") == ["2025Q3", "2025Q4", "2026Q1", "2026Q2"]
    with pytest.raises(ParameterError, match=r"runs backwards; write 2025Q1\.\.2026Q1"):
        all_quarters("2026Q1", "2025Q1")


def test_words_add_up_and_come_in_order_once() -> None:
    assert quarters_asked(["2026Q2", "2026q1..2026-Q2"]) == ["2026Q1", "2026Q2"]
    assert quarters_asked(["all"], first="2025Q4", last="2026Q1") == ["2025Q4", "2026Q1"]
    assert quarters_asked(["2025Q4..latest", "2024Q1"], last="2026Q1") == ["2024Q1", "2025Q4", "2026Q1"]
    assert [needs_data([word]) for word in ("2026Q1", "latest", "2025Q1..latest", "all")] == [
        False, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["autumn", "2026Q5", "2026Q1..2026Q2..2026Q3", "..", "2026Q1.."])
def test_other_words_are_refused_with_the_choices(word: str) -> None:
    with pytest.raises(ParameterError, match=r"2025Q1\.\.2026Q3"):
        quarters_asked([word], last="2026Q3")


def test_the_last_quarter_is_the_last_that_the_data_cover_to_the_end(tmp_path: Path) -> None:
    """A known end in 2028 does not stretch the data; one day short of the quarter's end is short."""
    toml = 'name = "A"\ncurrency = "USD"\ndata_until = 2026-09-{}\n'
    whole = make_company(tmp_path / "whole", toml=toml.format(30))
    short = make_company(tmp_path / "short", toml=toml.format(29))
    silent = make_company(tmp_path / "silent", ledger=LEDGER + "C,2025-12-31,2028-01-01,10,USD\n")
    found = [
        known_quarters(whole, first=True),
        known_quarters(short, first=False),
        known_quarters(silent, first=False),
    ]
    assert [(one.first, one.last) for one in found] == [
        ("2024Q1", "2026Q3"), ("2026Q2", "2026Q2"), ("2024Q1", "2025Q4"),
    ]  # fmt: skip
    assert str(found[1]).endswith("its data, which reach to 2026-09-29 (data_until in company.toml)")
    assert str(found[2]).endswith("its data, which reach to 2025-12-31 (the newest start in the ledger)")


def test_the_fiscal_year_of_the_company_counts(tmp_path: Path) -> None:
    toml = 'name = "A"\ncurrency = "USD"\nfiscal_year_start = 2\ndata_until = 2026-04-30\n'
    assert known_quarters(make_company(tmp_path / "a", toml=toml), first=False).last == "2027Q1"


def test_data_that_cover_no_quarter_are_told(tmp_path: Path) -> None:
    company = make_company(tmp_path / "new", ledger=LEDGER.splitlines()[0] + "\nA,2026-02-01,,1,USD\n")
    with pytest.raises(
        ParameterError,
        match=r"the data of new end on 2026-02-01 \(the newest start in the ledger\) and cover no quarter",
    ):
        known_quarters(company, first=True)
