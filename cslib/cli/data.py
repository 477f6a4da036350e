"""Commands about a company's data: ``demo`` writes some, ``check`` reads it."""

from __future__ import annotations

import argparse
import datetime as dt

from cslib.cli.text import aligned, printable, rows

__all__ = ["check", "demo"]


def demo(arguments: argparse.Namespace) -> int:
    """Write the portfolio of made-up companies."""
    from cslib.simulate import write_demo

    seed = {} if arguments.seed is None else {"seed": arguments.seed}
    write_demo(arguments.out, **seed)
    folders = sorted(path.parent for path in arguments.out.glob("*/company.toml"))
    print(*(f"{folder}" for folder in folders), sep="\n")
    print(f"\nNext: cslib run retention --company {arguments.out}/*/ --quarter 2026Q3")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Read a company folder and print the account of its data."""
    from cslib.book import Book
    from cslib.sources.company import load_config

    day = arguments.as_of or load_config(arguments.folder).data_until
    if day is None:
        ledger = Book.load(arguments.folder, as_of=dt.date.max).account
        day = ledger.loc[ledger["table"] == "subscriptions", "last_date"].max().date()
    book = Book.load(arguments.folder, as_of=day)
    print(
        f"{printable(book.name)} as of {book.as_of}, in {book.currency}, prices quoted as {book.base.upper()}\n"
    )
    print(aligned(rows(book.account.drop(columns="sha256"))))
    if len(book.dropped):
        print("\nLeft out:")
        print(aligned(rows(book.dropped.drop(columns="amount"))))
    for note in book.notes:
        print(f"\nNote: {printable(note)}")
    return 0
