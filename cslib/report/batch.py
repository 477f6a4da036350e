"""One notebook for several companies: checked once, run one after the other, none stopping the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cslib.months import quarter_bounds
from cslib.report.engine import OnCell
from cslib.report.job import absolute, check_values, load_notebook
from cslib.report.parameters import ParameterError
from cslib.report.run import Record, Status, run_report
from cslib.report.save import InfrastructureError, slug

__all__ = ["check_batch", "run_batch"]


def check_batch(
    notebook: Path, *, companies: Sequence[Path], quarter: str, parameters: Mapping[str, object]
) -> None:
    """Refuse what no company can be run with.

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
    names: dict[str, Path] = {}
    for company in companies:
        source = absolute(company)
        check_values(document, company=source, quarter=quarter, given=parameters)
        if names.setdefault(slug(source.name), company) is not company:
            raise ParameterError(
                f"company: {names[slug(source.name)]} and {company} would write into the same folder; rename one"
            )


def run_batch(
    notebook: Path,
    *,
    companies: Sequence[Path],
    quarter: str,
    out: Path,
    parameters: Mapping[str, object],
    on_cell: OnCell | None = None,
) -> Iterator[Record]:
    """Record of each company's run, as soon as it has ended; parameters as in :func:`run_report`."""
    for company in companies:
        try:
            yield run_report(
                notebook, company=company, quarter=quarter, out=out, parameters=parameters, on_cell=on_cell
            )
        except Exception as error:  # noqa: BLE001  one company never stops the others
            status: Status = "bad input" if isinstance(error, ValueError) else "not started"
            known = isinstance(error, ValueError | OSError | InfrastructureError)
            words = str(error) if known else f"{type(error).__name__}: {error}. This is a defect of cslib."
            yield Record(absolute(company).name, quarter, out, status, words, (), error)
