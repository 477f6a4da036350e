"""The planted truths, worked out from the written files by loops that share no code with cslib."""

from __future__ import annotations

import csv
import tomllib
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

AS_OF, OPENING = date(2026, 9, 30), date(2025, 9, 30)
Rows = list[tuple[str, date, date | None, int]]


def rows(home: Path) -> Rows:
    """Account after mergers, start, end, ARR in cents of the reporting currency."""
    config = tomllib.loads((home / "company.toml").read_text(encoding="utf-8"), parse_float=Decimal)
    mapped = config.get("tables", {}).get("subscriptions", {})
    theirs = mapped.get("columns", {})
    into = {}
    with (home / "account_links.csv").open(encoding="utf-8") as file:
        for link in csv.DictReader(file):
            into[link["account_id"]] = link["into_id"]
    found: Rows = []
    with (home / mapped.get("file", "subscriptions.csv")).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            code = row.get("currency", config["currency"])
            rate = Decimal(1) if code == config["currency"] else config["rates"][code]
            quoted = row["mrr"] if "mrr" in row else row[theirs["arr"]]
            cents = int((Decimal(quoted) * 100 * rate).quantize(Decimal(1))) * (12 if "mrr" in row else 1)
            who = row[theirs.get("account_id", "account_id")]
            start, end = row[theirs.get("start_date", "start_date")], row[theirs.get("end_date", "end_date")]
            begun, ended = date.fromisoformat(start), date.fromisoformat(end) if end else None
            found.append((into.get(who, who), begun, ended, cents))
    return found


def book(ledger: Rows, day: date) -> dict[str, int]:
    held: dict[str, int] = defaultdict(int)
    for who, start, end, cents in ledger:
        if cents > 0 and start <= day and (end is None or end > day):
            held[who] += cents
    return dict(held)


def kept(opening: dict[str, int], closing: dict[str, int]) -> tuple[float, float, float]:
    """Net, gross, logo."""
    total = sum(opening.values())
    net = sum(closing.get(who, 0) for who in opening)
    gross = sum(min(amount, closing.get(who, 0)) for who, amount in opening.items())
    logos = sum(1 for who in opening if closing.get(who, 0) > 0)
    return net / total, gross / total, logos / len(opening)


def month_end(year: int, month: int) -> date:
    return date.fromordinal(date(year + month // 12, month % 12 + 1, 1).toordinal() - 1)


def vintage(ledger: Rows, *years: int) -> tuple[float, float, float]:
    """Net, gross, logo twelve months after the end of the first paid month, for accounts started in `years`."""
    first: dict[str, date] = {}
    for who, start, _, cents in ledger:
        if cents > 0:
            first[who] = min(start, first.get(who, start))
    opening, closing = {}, {}
    for who, start in first.items():
        then, now = month_end(start.year, start.month), month_end(start.year + 1, start.month)
        if start.year in years and now <= AS_OF:
            mine = [row for row in ledger if row[0] == who]
            if who in (held := book(mine, then)):
                opening[who], closing[who] = held[who], book(mine, now).get(who, 0)
    return kept(opening, closing)


@pytest.fixture(scope="module")
def ledgers(demo: Path) -> dict[str, Rows]:
    return {home.name: rows(home) for home in sorted(demo.iterdir()) if home.is_dir()}


def test_the_file_tells_the_truth(ledgers: dict[str, Rows], told: dict[str, Any]) -> None:
    for name, ledger in ledgers.items():
        opening, closing = book(ledger, OPENING), book(ledger, AS_OF)
        year = told[name]["trailing_twelve_months"]
        assert told[name]["arr"] == sum(closing.values()) and told[name]["n_accounts"] == len(closing)
        assert year["opening_arr"] == sum(opening.values()) and year["n_accounts"] == len(opening)
        figures = [year[f"{kind}_retention"] for kind in ("net", "gross", "logo")]
        assert figures == [round(value, 4) for value in kept(opening, closing)]
        after = told[name]["twelve_months_after_start"]["2025"]
        figures = [after[f"{kind}_retention"] for kind in ("net", "gross", "logo")]
        assert figures == [round(value, 4) for value in vintage(ledger, 2025)]


def test_newer_cohorts_are_worse_under_a_fine_headline(ledgers: dict[str, Rows]) -> None:
    ledger = ledgers["pontavia"]
    for day, before in (
        (OPENING, date(2024, 9, 30)),
        (date(2026, 6, 30), date(2025, 6, 30)),
        (AS_OF, OPENING),
    ):
        assert kept(book(ledger, before), book(ledger, day))[0] > 1.04
    net, gross, logo = vintage(ledger, 2025)
    for year in (2022, 2023, 2024):
        older = vintage(ledger, year)
        assert older[0] > net + 0.25 and older[1] > gross + 0.15 and older[2] > logo + 0.10


def test_one_account_carries_the_result(ledgers: dict[str, Rows]) -> None:
    ledger = ledgers["thornbury-signal"]
    opening, closing = book(ledger, OPENING), book(ledger, AS_OF)
    largest = max(opening, key=opening.__getitem__)
    assert 0.25 < opening[largest] / sum(opening.values()) < 0.35
    assert closing[largest] > 1.4 * opening[largest]
    assert 1.08 < kept(opening, closing)[0] < 1.12
    rest = {who: amount for who, amount in opening.items() if who != largest}
    assert 0.90 < kept(rest, closing)[0] < 0.98
    assert max(rest.values()) < 0.06 * sum(opening.values())


def test_the_healthy_company_is_healthy_throughout(ledgers: dict[str, Rows]) -> None:
    ledger = ledgers["larkfield-systems"]
    opening, closing = book(ledger, OPENING), book(ledger, AS_OF)
    net, gross, _ = kept(opening, closing)
    assert 1.08 < net < 1.12 and 0.92 < gross < 0.94
    assert max(opening.values()) < 0.05 * sum(opening.values())
    vintages = {year: vintage(ledger, year) for year in (2021, 2022, 2023, 2024, 2025)}
    assert all(net > 1.03 and gross > 0.88 for net, gross, _ in vintages.values())
    older, newer = vintage(ledger, 2022, 2023, 2024), vintages[2025]
    assert abs(older[1] - newer[1]) < 0.03 and abs(older[2] - newer[2]) < 0.04


def test_companies_are_of_believable_size_and_growth(ledgers: dict[str, Rows]) -> None:
    for name, ledger in ledgers.items():
        opening, closing = book(ledger, OPENING), book(ledger, AS_OF)
        assert 3_000_000_00 < sum(closing.values()) < 25_000_000_00, name
        assert 1.2 < sum(closing.values()) / sum(opening.values()) < 1.6, name
