"""What can be typed: the commands, their arguments, and help that teaches by example."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cslib.cli import data, diff, figures
from cslib.cli.import_arguments import add_imports
from cslib.cli.run_arguments import add_runs

__all__ = ["parser"]

_CODES: Final = """\
exit codes:
  0 done   1 a report failed   2 bad input or parameters   3 infrastructure (kernel, disk, a defect)
"""
_DESCRIPTION: Final = """\
Customer retention from a subscription ledger: numbers that name their convention, reports that prove themselves.

A company is a folder with a company.toml and its tables as CSV, Parquet or Excel files.
"""
_EXAMPLES: Final = f"""\
a first round:
  cslib demo                                            make a portfolio of companies in ./demo
  cslib import exports/ --out acme                      or start from the files of your billing system
  cslib check demo/pontavia                             read the data, say what is in it and what is wrong
  cslib metrics demo/pontavia --as-of 2026-09-30        net and gross retention, ARR and its movements
  cslib run retention --company demo --quarter 2026Q3      a report for each, as PDF, HTML and notebook

{_CODES}"""

_Add = Callable[..., argparse.ArgumentParser]


def parser() -> argparse.ArgumentParser:
    """Parser of the whole command; a command's function is `call` of what it returns."""
    import cslib

    raw = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser("cslib", description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=raw)
    whole.add_argument("--version", action="version", version=f"cslib {cslib.__version__}")
    whole.add_argument("--debug", action="store_true", help="show where an error comes from")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, call: Any, text: str, *examples: str, more: str = "") -> argparse.ArgumentParser:
        shown = "\n".join(f"  cslib {name} {example}" for example in examples)
        sub = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", parents=[common], formatter_class=raw,
            epilog=f"examples:\n{shown}\n\n{more}{_CODES}",
        )  # fmt: skip
        sub.set_defaults(call=call)
        return sub

    for group in (_data, add_imports, _figures, add_runs, _diff):
        group(add)
    return whole


def _data(add: _Add) -> None:
    demo = add("demo", data.demo, "write a portfolio of made-up companies", "--out demo --seed 7")
    demo.add_argument("--out", type=Path, default=Path("demo"), help="folder to write (default: demo)")
    demo.add_argument("--seed", type=int, help="another portfolio of the same kind")

    check = add(
        "check",
        data.check,
        "read a company's data and say what is in it",
        "demo/pontavia",
        "demo/pontavia --html doubts.html",
    )
    _folder(check)
    check.add_argument(
        "--as-of", type=_day, metavar="DAY", help="last known day (default: the last in the ledger)"
    )
    check.add_argument(
        "--html", type=Path, metavar="FILE",
        help="write a page of all that is doubtful: rows, money at stake, examples, what to do",
    )  # fmt: skip


def _figures(add: _Add) -> None:
    metrics = add(
        "metrics",
        figures.metrics,
        "print retention, recurring revenue and its movements as of a day",
        "demo/pontavia --as-of 2026-09-30",
        "demo/pontavia --as-of 2026-09-30 --by segment --metric net_retention",
        "demo/pontavia --as-of 2026-09-30 --window 3 --base arr --json",
        "demo/pontavia --as-of 2026-09-30 --convention 'product of months'",
        "demo/pontavia --as-of 2026-09-30 --all-conventions",
    )
    _folder(metrics)
    metrics.add_argument(
        "--as-of", type=_day, metavar="DAY", required=True, help="last known day, such as 2026-09-30"
    )
    metrics.add_argument(
        "--window", type=int, metavar="MONTHS", default=12, help="months looked back (default: 12)"
    )
    metrics.add_argument(
        "--by", action="append", metavar="COLUMN", help="column of accounts to cut by; repeatable"
    )
    metrics.add_argument("--metric", action="append", metavar="M", help="only this metric; repeatable")
    metrics.add_argument(
        "--base", choices=["mrr", "arr"], help="money to count in (default: what the ledger quotes)"
    )
    metrics.add_argument(
        "--convention",
        action="append",
        metavar="NAME",
        help="for the ratios that have a convention of this name; repeatable; see cslib conventions",
    )
    metrics.add_argument(
        "--all-conventions",
        action="store_true",
        help="every ratio under every convention, and the accounts that make the difference",
    )
    metrics.add_argument(
        "--json", action="store_true", help="one JSON document, money in minor units, undefined as null"
    )

    conventions = add(
        "conventions",
        figures.conventions,
        "list what every metric can mean, and who means it so",
        "--metric net_retention",
        "demo/pontavia --json",
    )
    conventions.add_argument(
        "folder", type=Path, nargs="?", metavar="FOLDER", help="company folder, for conventions of its own"
    )
    conventions.add_argument("--metric", metavar="M", help="only this metric")
    conventions.add_argument("--json", action="store_true", help="one JSON document")


def _diff(add: _Add) -> None:
    compare = add(
        "diff",
        diff.diff,
        "say which past figures moved between two readings, by how much and why",
        "reports/2026Q2/pontavia archive/2026Q2/pontavia",
        "exports/july/pontavia exports/october/pontavia --as-of 2026-06-30",
        "demo/pontavia --as-of 2026-06-30 --as-of 2026-09-30",
    )
    compare.add_argument("old", type=Path, metavar="OLD", help="run folder or company folder, as it was")
    compare.add_argument(
        "new",
        type=Path,
        nargs="?",
        metavar="NEW",
        help="the same later (default: OLD, read as of another day)",
    )
    compare.add_argument(
        "--as-of", type=_day, action="append", default=[], metavar="DAY",
        help="of company folders: last known day, for both; given twice, of OLD and of NEW",
    )  # fmt: skip
    compare.add_argument("--json", action="store_true", help="one JSON document, money in minor units")


def _folder(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="FOLDER", help="company folder, holds a company.toml")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a day such as 2026-09-30") from None
