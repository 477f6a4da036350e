"""What can be typed after ``cslib import`` and ``cslib tables``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cslib.cli import imports

__all__ = ["add_imports"]

_MORE: Final = """\
answers and corrections, with --map KEY=VALUE (repeatable):
  currency=EUR  rate.GBP=1.17  name=Acme  origin=stripe  date_format=%d/%m/%Y  time_zone=Europe/Paris
  value=total|month|year      what a list's amount is for
  end_date=inclusive|exclusive    whether the end date is the last day of service or the first without
  grace_days=31               gaps of up to so many days before a renewal are none
  account=Client  start=From  end=To  mrr=Monthly  ...    which column holds what; docs/sources.md has all fields

"""


def add_imports(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add both commands."""
    command = add(
        "import",
        imports.import_files,
        "recognise files of a billing system, a CRM or a spreadsheet, and write a company folder that reads them",
        "subscriptions.csv --out acme",
        "exports/ --out acme --map currency=EUR --map name='Acme GmbH'",
        "contracts.xlsx --out acme --yes --map value=year",
        more=_MORE,
    )
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files, or folders of files")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="company folder to write")
    command.add_argument(
        "--map",
        type=_pair,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an answer or a correction; repeatable",
    )
    command.add_argument(
        "--yes",
        action="store_true",
        help="take the documented default of every question, and say so; fail where there is none",
    )
    command.add_argument(
        "--link", action="store_true", help="refer to the files where they are instead of copying them"
    )
    command.add_argument(
        "--again", action="store_true", help="replace the files and the company.toml that are there"
    )
    tables = add(
        "tables", imports.tables, "list the tables that can be read, with their columns", "", "subscriptions"
    )
    tables.add_argument("table", nargs="?", metavar="TABLE", help="only this one")
    tables.add_argument(
        "--origins", action="store_true", help="list the origins that cslib import recognises instead"
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"found {text!r}, expected KEY=VALUE")
    return name.strip(), value
