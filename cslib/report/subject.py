"""What a report is about: one company, or several on one page, in the facts that its files name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from cslib.book import Book
from cslib.portfolio import Portfolio
from cslib.report.manifest import inputs, meanings, sha256
from cslib.report.outputs import kept_tables
from cslib.report.save import slug

__all__ = ["Subject", "is_portfolio", "of_company", "of_portfolio"]


@dataclass(frozen=True)
class Subject:
    """Facts that the files of a report carry.

    `inputs` are the files that were read, `meanings` what conventions and settings they were read with, `rejected` the
    rows that were not, `kept` files for a later run, `unread` the companies that could not be read, `warnings` what
    to know before any figure is used. Of several
    companies without a currency in common, `currency` is empty and `minor_units` 0.
    """

    name: str
    as_of: dt.date
    currency: str
    minor_units: int
    fiscal_year_start: int
    inputs: Sequence[Mapping[str, str]]
    meanings: Mapping[str, Any]
    rejected: Mapping[str, pd.DataFrame]
    kept: Mapping[str, bytes] = field(default_factory=dict)
    unread: Sequence[Mapping[str, str]] = ()
    warnings: Sequence[str] = ()


def is_portfolio(notebook: Any) -> bool:
    """Whether a notebook says of itself (metadata ``cslib.subject``) that it is about several companies at once."""
    return bool(notebook["metadata"].get("cslib", {}).get("subject") == "portfolio")


def of_company(book: Book) -> Subject:
    """The one company of most reports."""
    return Subject(
        name=book.name,
        as_of=book.as_of,
        currency=book.currency,
        minor_units=book.minor_units,
        fiscal_year_start=book.fiscal_year_start,
        inputs=inputs(book),
        meanings=meanings(book),
        rejected=book.rejected,
        kept=kept_tables(book),
        warnings=book.warnings,
    )


def of_portfolio(portfolio: Portfolio, *, name: str, fiscal_year_start: int) -> Subject:
    """Several companies; the files of one that could not be read are inputs too, as mending them changes the page."""
    books = portfolio.books
    one = {(book.currency, book.minor_units) for book in books}
    currency, minor_units = one.pop() if len(one) == 1 else ("", 0)
    rows = [{**row, "file": f"{_place(book)}/{row['file']}"} for book in books for row in inputs(book)]
    unread = portfolio.unread.to_dict("records")
    return Subject(
        name=name,
        as_of=portfolio.as_of,
        currency=currency,
        minor_units=minor_units,
        fiscal_year_start=fiscal_year_start,
        inputs=[*rows, *(row for company in unread for row in _files(Path(company["folder"])))],
        meanings={"companies": {book.name: {"currency": book.currency, **meanings(book)} for book in books}},
        rejected={f"{_place(b)}-{table}": rows for b in books for table, rows in b.rejected.items()},
        unread=[{"company": company["company"], "cause": company["cause"]} for company in unread],
        warnings=[f"{book.name}: {warning}" for book in books for warning in book.warnings],
    )


def _place(book: Book) -> str:
    assert book.folder is not None
    return slug(book.folder.resolve().name)


def _files(folder: Path) -> list[dict[str, str]]:
    found = sorted(path for path in folder.glob("*") if path.is_file())
    place = slug(folder.resolve().name)
    return [
        {"table": "", "file": f"{place}/{path.name}", "sha256": sha256(path.read_bytes())} for path in found
    ]
