"""Every ledger at hand as one: a cut each, so that one question to an engine is a question about all of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import data
from cslib.book import Book
from cslib.metrics.rows import rows_of
from tests import external

DEMO = Path(__file__).parents[2] / "demo"
RANDOM = 120
"""Random ledgers, of seeds 0 and on."""


@dataclass(frozen=True)
class Everything:
    """All ledgers, their names by cut, and what was not there."""

    ledger: pd.DataFrame
    names: list[str]
    absent: list[str]


def drawn(seed: int) -> pd.DataFrame:
    """Any ledger: overlaps, gaps, returns, refunds, empty periods, ends of months, leap days, money beyond 2**53."""
    dice = random.Random(seed)
    rows = []
    for _ in range(dice.randint(1, 40)):
        start = date(2015, 1, 1) + timedelta(days=dice.randint(0, 1500))
        if dice.random() < 0.3:
            start = (start.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        if dice.random() < 0.05:
            start = date(2016, 2, 29)
        length = dice.choice([None, None, 0, 1, 28, 30, 31, dice.randint(0, 900), dice.randint(0, 900)])
        cents = dice.choice([0, 1, 2550, 2550, dice.randint(1, 10**6), dice.randint(1, 10**6), 10**16 + 1])
        rows.append((dice.randint(0, 9), start, length and start + timedelta(days=length), cents))
    return pd.DataFrame(rows, columns=["entity", "start_date", "end_date", "amount"])


def everything(folder: Path) -> Everything:
    """Demo portfolio, data of others, the benchmark's ledger, and the random ones."""
    held: dict[str, pd.DataFrame] = {}
    absent = []
    for home in sorted(path.parent for path in DEMO.glob("*/company.toml")):
        held[home.name] = coded(Book.load(home, as_of=date(2026, 9, 30)))
    if not held:
        absent.append("demo portfolio")
    for name, make, day in (
        ("mrr_playbook", external.mrr_playbook, date(2020, 2, 1)),
        ("crm5", external.crm5, date(2024, 12, 31)),
        ("ravenstack", external.ravenstack, date(2024, 12, 31)),
    ):
        try:
            held[name] = coded(Book.load(make(folder), as_of=day))
        except pytest.skip.Exception:
            absent.append(f"../shared/data/{name}")
    bench = Book.load(data.company(folder, 300), as_of=date(2025, 12, 31))
    held["benchmark"] = coded(bench)
    held |= {f"random {seed}": drawn(seed) for seed in range(RANDOM)}
    whole = pd.concat([frame.assign(cut=cut) for cut, frame in enumerate(held.values())], ignore_index=True)
    for column in ("start_date", "end_date"):
        whole[column] = pd.to_datetime(whole[column]).astype("datetime64[s]")
    return Everything(whole[["cut", "entity", "start_date", "end_date", "amount"]], list(held), absent)


def coded(book: Book) -> pd.DataFrame:
    rows = rows_of(book)
    rows = rows.assign(entity=pd.factorize(rows["entity"])[0])
    return rows[["entity", "start_date", "end_date", "amount"]]
