"""What can be typed after ``cslib run`` and its sisters, with help that teaches."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cslib.cli import records, runs

__all__ = ["add_runs"]

_Add = Callable[..., argparse.ArgumentParser]
_NOTEBOOK = "path, or the name of a notebook in ./notebooks or of one that cslib brings along"


def add_runs(add: _Add) -> None:
    """Add the commands about reports."""
    run = add(
        "run",
        runs.run,
        "run notebooks for companies and quarters; leaves PDF, HTML, notebook and numbers for each",
        "retention --company demo/pontavia --quarter 2026Q3",
        "retention cohorts --company demo --quarter 2025Q1..2026Q3 --jobs 4",
        "all --company all --quarter latest --why",
        "--list quarter-end.csv --out reports",
        "--resume",
        more=(
            "What is unchanged (inputs, notebook, parameters, code, lock, outputs: all by their hashes) is left\n"
            "alone; --why says why the rest is not. A report that fails stops no other: its folder then holds the\n"
            "notebook as far as it ran and one page that says what failed. reports/index.html lists everything.\n"
        ),
    )
    _what(run)
    run.add_argument("--jobs", type=_count, metavar="N", help="reports at a time (default: one a processor)")
    run.add_argument("--force", action="store_true", help="run what is unchanged too")
    run.add_argument(
        "--resume", action="store_true",
        help="take up the last run in this folder that did not reach its end, and make only what it did not",
    )  # fmt: skip
    run.add_argument(
        "--cold",
        action="store_true",
        help="a fresh kernel for each report instead of one forked from a warm one",
    )
    run.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="what one cell may take")
    run.add_argument("--time-limit", type=_seconds, metavar="SECONDS", help="what one report may take")
    run.add_argument(
        "--memory", type=int, metavar="MB",
        help="what one kernel may hold (default: three quarters of the machine's; 0: no limit)",
    )  # fmt: skip
    run.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="run on the Dask cluster with this scheduler, such as tcp://host:8786",
    )

    plan = add(
        "plan",
        runs.plan,
        "print the reports that a run would make, one line of JSON each, with the command that makes it alone",
        "all --company demo --quarter latest",
        "retention --company demo --quarter 2025Q1..2026Q3 | jq -r .command",
        more=(
            "For schedulers (Airflow, Kubernetes, CI): `command` makes this report and no other, from this folder;\n"
            "`after` names those that must come before it. What a run would refuse (data that cannot be read, a\n"
            "quarter before the ledger begins, an unknown account) is no line: stderr says why, exit code 2.\n"
        ),
    )
    _what(plan)

    params = add("params", runs.params, "list a notebook's parameters", "retention")
    params.add_argument("notebook", metavar="NOTEBOOK", help=_NOTEBOOK)

    verify = add(
        "verify",
        records.verify,
        "make a report again from what it says it was made of, and compare numbers, figures and bytes",
        "reports/2026Q3/pontavia",
        "archive/2026Q3/pontavia --company exports/2026-10/pontavia",
        more="Exit code 1 where anything differs. Nothing in the folder is changed.\n",
    )
    verify.add_argument(
        "folder", type=Path, metavar="FOLDER", help="folder of one report, holds a manifest.json"
    )
    verify.add_argument(
        "--company",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="where its data lie now (default: as they lay)",
    )
    verify.add_argument("--json", action="store_true", help="one JSON document")

    index = add("index", records.index, "write the page that lists every report", "--out reports")
    _out(index)


def _what(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", nargs="*", metavar="NOTEBOOK", help=f"{_NOTEBOOK}; several; or all")
    command.add_argument(
        "--company", nargs="+", default=[], metavar="FOLDER",
        help="company folders, or folders that hold them; or all in this folder and one below",
    )  # fmt: skip
    command.add_argument(
        "--quarter", nargs="+", default=[], metavar="QUARTER",
        help="fiscal quarters, the last day of each being its as-of day: 2026Q3, 2025Q1..2026Q3, "
        "latest (the last that a company's data cover to its end), all",
    )  # fmt: skip
    command.add_argument(
        "--list", type=Path, action="append", default=[], metavar="FILE",
        help="CSV with the columns notebook, company, quarter and any parameters, or TOML with [[report]]; repeatable",
    )  # fmt: skip
    _out(command)
    command.add_argument(
        "-p", "--parameter", type=_pair, action="append", default=[], metavar="NAME=VALUE",
        help="value for a parameter of the notebooks that have it; see cslib params; repeatable",
    )  # fmt: skip
    command.add_argument("--why", action="store_true", help="say for each report why it has to be made")


def _out(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out", type=Path, default=Path("reports"), help="folder for all reports (default: reports)"
    )


def _count(text: str) -> int:
    if text.isdigit() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number above 0")


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if 0 < found < float("inf"):
        return found
    raise argparse.ArgumentTypeError(f"found {text!r}, expected seconds above 0")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected name=value")
    return name.strip(), value
