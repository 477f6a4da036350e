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
    from cslib.metrics.proof import proof
    from cslib.quality import examine

    seen = examine(arguments.folder, as_of=arguments.as_of)
    write_page(seen, arguments.html)
    print(f"{printable(seen.book.name)} as of {seen.book.as_of}")
    print(*(f"- {printable(line)}" for line in seen.summary(proof(seen.book))), sep="\n")
    print(f"\n{arguments.html}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Read a company folder and print the account of its data, or write a page of what is doubtful in it."""
    if arguments.html:
        return _html(arguments)
    from cslib.book import Book
    from cslib.metrics.retention import arr
    from cslib.sources.company import load_config
    from cslib.sources.cut import reach
    from cslib.sources.files import load_tables
    from cslib.sources.warehouse import asked_starts

    day, why = arguments.as_of, ""
    if day is None:
        config = load_config(arguments.folder)
        until = reach(
            config,
            lambda: (
                asked_starts(config)
                if config.engine
                else load_tables(arguments.folder, config)["subscriptions"]
            ),
        )
        if until is None:
            raise ValueError(f"as_of: the ledger of {config.name} holds no subscription; say --as-of")
        day, why = until.day, f" ({until.why}; another day: --as-of)"
    book = Book.load(arguments.folder, as_of=day)
    quoted = f"in {book.currency}, prices quoted as {book.base.upper()}"
    print(f"{printable(book.name)} as of {book.as_of}{why}, {quoted}\n")
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
