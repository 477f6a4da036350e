"""The `cslib` command: parse, call, print. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

    from cslib.book import Book
    from cslib.report.run import Record

__all__ = ["main"]

DONE, FAILED, BAD_INPUT, INFRASTRUCTURE = range(4)
INTERRUPTED: Final = 130
NOTEBOOKS: Final = Path("notebooks")

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
  cslib check demo/pontavia                            read the data, say what is in it and what is wrong
  cslib metrics demo/pontavia --as-of 2026-09-30       net and gross retention, ARR and its movements
  cslib run retention --company demo/*/ --quarter 2026Q3    a report for each, as PDF, HTML and notebook

{_CODES}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (without the program's name) and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.call(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `cslib metrics ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return _tell("interrupted", INTERRUPTED)
    except Exception as error:
        if arguments.debug:
            raise
        return _tell(*_explain(error))


def _explain(error: Exception) -> tuple[str, int]:
    """Words and exit code for an error; everything that is wrong with what was given is a ValueError."""
    if isinstance(error, ValueError):
        return str(error), BAD_INPUT
    if isinstance(error, OSError):
        return f"{error.filename or 'system'}: {error.strerror or error}", INFRASTRUCTURE
    if type(error).__name__ == "InfrastructureError":
        return str(error), INFRASTRUCTURE
    return f"{type(error).__name__}: {error}\nThis is a defect of cslib; --debug shows where.", INFRASTRUCTURE


def _tell(message: str, code: int) -> int:
    print(f"cslib: {_printable(message)}", file=sys.stderr)
    return code


def _printable(text: str) -> str:
    """`text` without what would steer a terminal; names come from data."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


# --- the commands


def _demo(arguments: argparse.Namespace) -> int:
    from cslib.simulate import write_demo

    seed = {} if arguments.seed is None else {"seed": arguments.seed}
    write_demo(arguments.out, **seed)
    folders = sorted(path.parent for path in arguments.out.glob("*/company.toml"))
    print(*(f"{folder}" for folder in folders), sep="\n")
    print(f"\nNext: cslib run retention --company {arguments.out}/*/ --quarter 2026Q3")
    return DONE


def _check(arguments: argparse.Namespace) -> int:
    from cslib.book import Book
    from cslib.sources.company import load_config

    day = arguments.as_of or load_config(arguments.folder).data_until
    if day is None:
        ledger = Book.load(arguments.folder, as_of=dt.date.max).account
        day = ledger.loc[ledger["table"] == "subscriptions", "last_date"].max().date()
    book = Book.load(arguments.folder, as_of=day)
    print(
        f"{_printable(book.name)} as of {book.as_of}, in {book.currency}, prices quoted as {book.base.upper()}\n"
    )
    print(_aligned(_rows(book.account.drop(columns="sha256"))))
    if len(book.dropped):
        print("\nLeft out:")
        print(_aligned(_rows(book.dropped.drop(columns="amount"))))
    for note in book.notes:
        print(f"\nNote: {_printable(note)}")
    return DONE


def _metrics(arguments: argparse.Namespace) -> int:
    from cslib.book import Book
    from cslib.metrics.retention import headline
    from cslib.months import months_before

    try:
        start = months_before(arguments.as_of, arguments.window)
    except ValueError:
        raise ValueError(f"window: found {arguments.window}, which reaches back before the year 1") from None
    book = Book.load(arguments.folder, as_of=arguments.as_of)
    frame = headline(book, window=arguments.window, by=arguments.by or None, base=arguments.base)
    known = list(dict.fromkeys(frame["metric"]))
    for metric in arguments.metric or []:
        if metric not in known:
            raise ValueError(f"metric: found {metric!r}, expected one of {', '.join(known)}")
    if arguments.metric:
        frame = frame[frame["metric"].isin(arguments.metric)]
    show = _document if arguments.json else _page
    print(show(book, frame, window=arguments.window, start=start))
    return DONE


def _document(book: Book, frame: pd.DataFrame, *, window: int, start: dt.date) -> str:
    """The one JSON document of ``cslib metrics --json``."""
    from cslib.record import record

    about = {
        "as_of": book.as_of.isoformat(),
        "start": start.isoformat(),
        "window_months": window,
        "currency": book.currency,
        "minor_units": book.minor_units,
    }
    metrics = [_as_json(row) for row in record(frame).records]
    return json.dumps({**about, "metrics": metrics}, indent=2, allow_nan=False)


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    whole = {
        name: None if row[name] is None else int(row[name])
        for name in ("numerator", "denominator", "n_accounts")
    }
    keys = ("metric", "convention", "by", "value", "numerator", "denominator", "n_accounts", "unit")
    return {key: whole.get(key, row[key]) for key in keys}


def _page(book: Book, frame: pd.DataFrame, *, window: int, start: dt.date) -> str:
    """What a person reads: a table, and under it what each number means."""
    from cslib.conventions import sentence
    from cslib.record import record

    rows = record(frame).records
    by = list(rows[0]["by"]) if rows else []
    table = [[*by, "metric", "value", "of", "accounts", "unit", "convention"]]
    for row in rows:
        fraction = "" if row["denominator"] is None else " / ".join(
            _amount(row[part], row["metric"], book.minor_units) for part in ("numerator", "denominator")
        )  # fmt: skip
        cut = [str(value if value is not None else "(blank)") for value in row["by"].values()]
        table.append(
            [
                *cut,
                row["metric"],
                _value(row, book.minor_units),
                fraction,
                f"{row['n_accounts']:,}",
                row["unit"],
                row["convention"],
            ]
        )
    head = f"{book.name} as of {book.as_of}, {book.currency}; retention and movements over {window} months from {start}"
    meanings = [
        f"{metric}: {sentence(metric, window=window)}" for metric in dict.fromkeys(r["metric"] for r in rows)
    ]
    notes = [f"Note: {note}" for note in book.notes]
    return _printable("\n".join([head, "", _aligned(table), "", *meanings, *notes]))


def _value(row: Mapping[str, Any], minor_units: int) -> str:
    if row["value"] is None:
        return "undefined"
    if row["unit"] == "ratio":
        return f"{row['value']:.2%}"
    return f"{row['value']:.3f}" if row["unit"] == "ratio to one" else _money(row["value"], minor_units)


def _amount(value: float, metric: str, minor_units: int) -> str:
    return f"{int(value):,}" if metric == "logo_retention" else _money(value, minor_units)


def _money(minor: float, minor_units: int) -> str:
    from decimal import Decimal

    return f"{Decimal(int(minor)).scaleb(-minor_units):,.{minor_units}f}"


def _params(arguments: argparse.Namespace) -> int:
    from cslib.report.job import GIVEN, find_notebook, load_notebook
    from cslib.report.parameters import read_parameters

    path = find_notebook(arguments.notebook, shelf=NOTEBOOKS)
    rows = [["name", "type", "default", "help"]]
    for parameter in read_parameters(load_notebook(path)).values():
        default = f"set by --{parameter.name}" if parameter.name in GIVEN else str(parameter.default)
        rows.append([parameter.name, str(parameter.kind), default, parameter.help])
    print(_aligned(rows) if len(rows) > 1 else f"{path}: no cell is tagged `parameters`")
    return DONE


def _run(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from cslib.report.batch import check_batch, run_batch
    from cslib.report.job import find_notebook

    notebook, companies = find_notebook(arguments.notebook, shelf=NOTEBOOKS), arguments.company
    parameters = dict(arguments.parameter)
    check_batch(notebook, companies=companies, quarter=arguments.quarter, parameters=parameters)
    worst = DONE
    with tqdm(total=len(companies), unit="report", disable=not sys.stderr.isatty(), leave=False) as bar:
        for record in run_batch(
            notebook,
            companies=companies,
            quarter=arguments.quarter,
            out=arguments.out,
            parameters=parameters,
            on_cell=lambda index, n: bar.set_postfix_str(f"cell {index + 1} of {n}"),
        ):
            if record.cause and arguments.debug:
                raise record.cause
            worst = max(worst, record.exit_code)
            bar.update()
            bar.write(_printable(_outcome(record)), file=sys.stderr if record.exit_code else sys.stdout)
    return worst


def _outcome(record: Record) -> str:
    if not record.exit_code:
        pdf = next(name for name in record.files if name.endswith(".pdf"))
        return f"{record.company}: done, {record.folder / pdf}"
    see = f"\n  what there is of it: {record.folder}" if record.files else ""
    return f"{record.company}: {record.status}. {record.error}{see}"


# --- text


def _rows(frame: pd.DataFrame) -> list[list[str]]:
    shown = frame.astype("str").fillna("").to_numpy().tolist()
    return [[str(column) for column in frame.columns], *shown]


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as columns of text, the first row being the head; columns of numbers to the right."""
    clean = [[_printable(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    right = [
        all(not cell or cell[0] in "-0123456789" for cell in column[1:])
        for column in zip(*clean, strict=True)
    ]
    lines = [
        "  ".join(c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        for row in clean
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


# --- the arguments


def _parser() -> argparse.ArgumentParser:
    import cslib

    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("cslib", description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=raw)
    parser.add_argument("--version", action="version", version=f"cslib {cslib.__version__}")
    parser.add_argument("--debug", action="store_true", help="show where an error comes from")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, call: Any, text: str, examples: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", parents=[common], formatter_class=raw,
            epilog=f"examples:\n{examples}\n{_CODES}",
        )  # fmt: skip
        sub.set_defaults(call=call)
        return sub

    demo = command(
        "demo", _demo, "write a portfolio of made-up companies", "  cslib demo --out demo --seed 7\n"
    )
    demo.add_argument("--out", type=Path, default=Path("demo"), help="folder to write (default: demo)")
    demo.add_argument("--seed", type=int, help="another portfolio of the same kind")

    check = command(
        "check", _check, "read a company's data and say what is in it", "  cslib check demo/pontavia\n"
    )
    check.add_argument("folder", type=Path, metavar="FOLDER", help="company folder, holds a company.toml")
    check.add_argument(
        "--as-of", type=_day, metavar="DAY", help="last known day (default: the last in the ledger)"
    )

    metrics = command(
        "metrics", _metrics, "print retention, recurring revenue and its movements as of a day",
        "  cslib metrics demo/pontavia --as-of 2026-09-30\n"
        "  cslib metrics demo/pontavia --as-of 2026-09-30 --by segment --metric net_retention\n"
        "  cslib metrics demo/pontavia --as-of 2026-09-30 --window 3 --base arr --json\n",
    )  # fmt: skip
    metrics.add_argument("folder", type=Path, metavar="FOLDER", help="company folder, holds a company.toml")
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
        "--json", action="store_true", help="one JSON document, money in minor units, undefined as null"
    )

    run = command(
        "run", _run, "run a notebook for companies and a quarter; leaves PDF, HTML, notebook and numbers",
        "  cslib run retention --company demo/pontavia --quarter 2026Q3\n"
        "  cslib run notebooks/retention.ipynb --company demo/*/ --quarter 2026Q3 --out reports -p window=12\n",
    )  # fmt: skip
    run.add_argument("notebook", metavar="NOTEBOOK", help="path, or the name of a notebook in ./notebooks")
    run.add_argument(
        "--company", type=Path, nargs="+", required=True, metavar="FOLDER", help="company folders"
    )
    run.add_argument(
        "--quarter", required=True, help="fiscal quarter, such as 2026Q3; its last day is the as-of day"
    )
    run.add_argument(
        "--out", type=Path, default=Path("reports"), help="folder for all reports (default: reports)"
    )
    run.add_argument(
        "-p", "--parameter", type=_pair, action="append", default=[], metavar="NAME=VALUE",
        help="value for a parameter of the notebook; see cslib params",
    )  # fmt: skip

    params = command("params", _params, "list a notebook's parameters", "  cslib params retention\n")
    params.add_argument("notebook", metavar="NOTEBOOK", help="path, or the name of a notebook in ./notebooks")
    return parser


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a day such as 2026-09-30") from None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected name=value")
    return name.strip(), value


if __name__ == "__main__":
    sys.exit(main())
