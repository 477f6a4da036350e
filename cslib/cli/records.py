"""Commands about reports that lie there: ``verify`` makes one again and compares, ``index`` lists all."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from cslib.cli.text import printable

__all__ = ["index", "verify"]

_FEW: Final = 5


def verify(arguments: argparse.Namespace) -> int:
    """Make a report again and say what differs."""
    from cslib.report.verify import verify as again

    found = again(arguments.folder, companies=arguments.company or ())
    if arguments.json:
        print(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=2))
        return 0 if found.same else 1
    if found.same:
        counts = f"{found.n_numbers} numbers, {found.n_figures} figures, {found.n_files} files"
        print(f"{arguments.folder}: the same when made again: {counts}, to the byte")
        return 0
    print(f"{arguments.folder}: not the same when made again")
    if found.error:
        print(f"  made again it is: {printable(found.error)}")
    _say("changed since the run left them", found.touched)
    _say("numbers", found.numbers)
    _say("figures", found.figures)
    _say("files", found.files)
    _say("what it is made of is another now", found.moved)
    return 1


def _say(what: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"  {what}:")
        print(*(f"    {printable(line)}" for line in lines[:_FEW]), sep="\n")
        if len(lines) > _FEW:
            print(f"    and {len(lines) - _FEW} more")


def index(arguments: argparse.Namespace) -> int:
    """Write the page that lists every report."""
    from cslib.report.index import entries, write_index
    from cslib.report.parameters import ParameterError

    if not arguments.out.is_dir():
        raise ParameterError(f"--out {arguments.out}: no such folder")
    print(f"{write_index(arguments.out)}: {len(entries(arguments.out))} reports")
    return 0
