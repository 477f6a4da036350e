"""Commands about a company's data: ``demo`` writes some, ``check`` reads it."""

from __future__ import annotations

import argparse

from cslib.cli.text import aligned, money, printable, rows

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


def _html(arguments: argparse.Namespace) -> int:
    """Write the page; broken rows do not stop it, for they are what it is about."""
    from cslib.cli.quality import write_page
    from cslib.quality import examine

    seen = examine(arguments.folder, as_of=arguments.as_of)
    write_page(seen, arguments.html)
    print(f"{printable(seen.book.name)} as of {seen.book.as_of}")
    print(*(f"- {printable(line)}" for line in seen.summary()), sep="\n")
    print(f"\n{arguments.html}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Read a company folder and print the account of its data, or write a page of what is doubtful in it."""
    if arguments.html:
        return _html(arguments)
    from cslib.book import Book
    from cslib.metrics.retention import arr
    from cslib.sources.company import load_config
    from cslib.sources.files import load_tables

    day = arguments.as_of or load_config(arguments.folder).data_until
    if day is None:
        ledger = load_tables(arguments.folder, load_config(arguments.folder))["subscriptions"]
        last = ledger.frame[["start_date", "end_date"]].max().max()
        day = (ledger.covers_until if ledger.covers_until is not None else last).date()
    book = Book.load(arguments.folder, as_of=day)
    print(
        f"{printable(book.name)} as of {book.as_of}, in {book.currency}, prices quoted as {book.base.upper()}\n"
    )
    standing = arr(book)
    if len(standing):
        paid, n = int(standing["value"].iloc[-1]), int(standing["n_accounts"].iloc[-1])
        print(
            f"{n:,} of {book.n_accounts:,} accounts pay; ARR {money(paid, book.minor_units)} {book.currency}\n"
        )
    print(aligned(rows(book.account.drop(columns="sha256"))))
    if len(book.dropped):
        print("\nLeft out:")
        print(aligned(rows(book.dropped.drop(columns="amount"))))
    for note in book.notes:
        print(f"\nNote: {printable(note)}")
    return 0
