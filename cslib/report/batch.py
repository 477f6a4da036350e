"""One notebook for several companies: checked once, run one after the other, none stopping the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from cslib.months import quarter_bounds
from cslib.report.engine import OnCell
from cslib.report.group import check_group
from cslib.report.job import absolute, check_values, load_notebook
from cslib.report.parameters import ParameterError
from cslib.report.run import Record, Status, run_portfolio, run_report
from cslib.report.save import InfrastructureError, slug
from cslib.report.subject import is_portfolio

__all__ = ["check_batch", "run_batch"]


def check_batch(
    notebook: Path, *, companies: Sequence[Path], quarter: str, parameters: Mapping[str, object]
) -> int:
    """Number of reports that the batch makes; refuses what no company can be run with.

    A notebook about a portfolio makes one, whatever the number of companies.

    Raises
    ------
    ParameterError
        When notebook, parameters or quarter cannot be used, or two companies would share an output folder.
    """
    document = load_notebook(notebook)
    try:
        quarter_bounds(quarter)
    except ValueError as error:
        raise ParameterError(str(error)) from None
    if is_portfolio(document):
        check_group(document, companies=companies, quarter=quarter, given=parameters)
        return 1
    names: dict[str, Path] = {}
    for company in companies:
        source = absolute(company)
        check_values(document, company=source, quarter=quarter, given=parameters)
        if names.setdefault(slug(source.name), company) is not company:
            raise ParameterError(
                f"company: {names[slug(source.name)]} and {company} would write into the same folder; rename one"
            )
    return len(companies)


def run_batch(
    notebook: Path,
    *,
    companies: Sequence[Path],
    quarter: str,
    out: Path,
    parameters: Mapping[str, object],
    on_cell: OnCell | None = None,
) -> Iterator[Record]:
    """Record of each report, as soon as it has ended; parameters as in :func:`run_report`."""
    runs: list[tuple[str, Callable[[], Record]]]
    if is_portfolio(load_notebook(notebook)):
        whole = partial(run_portfolio, notebook, companies=companies)
        runs = [
            ("portfolio", partial(whole, quarter=quarter, out=out, parameters=parameters, on_cell=on_cell))
        ]
    else:
        one = partial(run_report, notebook, quarter=quarter, out=out, parameters=parameters, on_cell=on_cell)
        runs = [(absolute(company).name, partial(one, company=company)) for company in companies]
    for name, run in runs:
        try:
            yield run()
        except Exception as error:  # noqa: BLE001  one company never stops the others
            status: Status = "bad input" if isinstance(error, ValueError) else "not started"
            known = isinstance(error, ValueError | OSError | InfrastructureError)
            words = str(error) if known else f"{type(error).__name__}: {error}. This is a defect of cslib."
            yield Record(name, quarter, out, status, words, (), error)
