"""Commands about reports: ``run`` makes them, ``params`` lists what a notebook can be given."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cslib.cli.text import aligned, printable

if TYPE_CHECKING:
    from cslib.report.run import Record

__all__ = ["params", "run"]

NOTEBOOKS: Final = Path("notebooks")


def params(arguments: argparse.Namespace) -> int:
    """List a notebook's parameters."""
    from cslib.report.job import GIVEN, find_notebook, load_notebook
    from cslib.report.parameters import read_parameters

    path = find_notebook(arguments.notebook, shelf=NOTEBOOKS)
    rows = [["name", "type", "default", "help"]]
    for parameter in read_parameters(load_notebook(path)).values():
        given = GIVEN.get(parameter.name)
        default = f"set by {given}" if given else str(parameter.default)
        rows.append([parameter.name, str(parameter.kind), default, parameter.help])
    print(aligned(rows) if len(rows) > 1 else f"{path}: no cell is tagged `parameters`")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Run a notebook for companies and a quarter; the worst exit code of all."""
    from tqdm import tqdm

    from cslib.report.batch import check_batch, run_batch
    from cslib.report.job import find_notebook

    notebook, companies = find_notebook(arguments.notebook, shelf=NOTEBOOKS), arguments.company
    parameters = dict(arguments.parameter)
    n_reports = check_batch(notebook, companies=companies, quarter=arguments.quarter, parameters=parameters)
    worst = 0
    with tqdm(total=n_reports, unit="report", disable=not sys.stderr.isatty(), leave=False) as bar:
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
            bar.write(printable(_outcome(record)), file=sys.stderr if record.exit_code else sys.stdout)
    return worst


def _outcome(record: Record) -> str:
    if not record.exit_code:
        pdf = next(name for name in record.files if name.endswith(".pdf"))
        return f"{record.company}: done, {record.folder / pdf}"
    see = f"\n  what there is of it: {record.folder}" if record.files else ""
    return f"{record.company}: {record.status}. {record.error}{see}"
