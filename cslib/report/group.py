"""A report about several companies at once, checked before any work is spent."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cslib.months import quarter_bounds, quarter_of
from cslib.portfolio import Portfolio, company_folders
from cslib.report.dress import dress_of
from cslib.report.job import Aim, Job, absolute, check_name, job_of, load_notebook, own_folder, refuse_given
from cslib.report.kinds import Value
from cslib.report.parameters import ParameterError, check_parameters, read_parameters
from cslib.report.save import slug
from cslib.report.subject import of_portfolio

__all__ = ["aim_portfolio", "check_group", "check_portfolio"]

FOLDER: Final = "portfolio"
YEAR: Final = "fiscal_year_start"  # a notebook may declare it: the month in which the group's year starts
NAME: Final = "group"  # and this: the name of the portfolio


def check_group(
    notebook: Any, *, companies: Sequence[Path], quarter: str, given: Mapping[str, object]
) -> tuple[Path, dict[str, Value]]:
    """Folder in which `notebook` runs, and every parameter's value: what is `given`, the companies, the quarter.

    Raises
    ------
    ParameterError
        When the notebook cannot take them, a folder has no usable name or two have the same.
    """
    refuse_given(given)
    folders = [absolute(folder) for folder in company_folders(companies)]
    if not folders:
        raise ParameterError("companies: found none, expected one company's folder or more")
    seen: dict[str, Path] = {}
    for folder in folders:
        check_name(folder)
        if (other := seen.setdefault(slug(folder.name), folder)) is not folder:
            raise ParameterError(f"companies: {other} and {folder} have the same name; rename one")
    if FOLDER in seen:
        raise ParameterError(
            f"companies: {seen[FOLDER]} has the name of the portfolio's own folder; rename it"
        )
    home = Path(os.path.commonpath([folder.parent for folder in folders]))
    names = [folder.relative_to(home).as_posix() for folder in folders]
    declared = read_parameters(notebook)
    return home, check_parameters(declared, {**given, "companies": names, "quarter": quarter})


def aim_portfolio(
    path: Path, *, companies: Sequence[Path], quarter: str, out: Path, given: Mapping[str, object]
) -> Aim:
    """Aim of the notebook at `path` for all of `companies`; errors as :func:`check_portfolio`, but for the data's."""
    notebook = load_notebook(path)
    home, values = check_group(notebook, companies=companies, quarter=quarter, given=given)
    start = int(str(values.get(YEAR, 1)))
    try:
        end = quarter_bounds(quarter, fiscal_year_start=start)[1]
    except ValueError as error:
        raise ParameterError(str(error)) from None
    label = values["quarter"] = quarter_of(end, fiscal_year_start=start)
    names = values["companies"]
    assert isinstance(names, list)
    sources = tuple(home / str(name) for name in names)
    return Aim(
        name=slug(path.stem),
        path=absolute(path),
        notebook=notebook,
        parameters=values,
        shown=frozenset({"companies", "quarter", *given}),
        end=end,
        fiscal_year_start=start,
        quarter=label,
        home=home,
        sources=sources,
        folder=out / label / FOLDER / own_folder(notebook, values),
        dress=dress_of(sources),
    )


def check_portfolio(
    path: Path, *, companies: Sequence[Path], quarter: str, out: Path, given: Mapping[str, object]
) -> Job:
    """Job for the notebook at `path`; see :func:`cslib.report.run.run_portfolio` for parameters and errors."""
    aim = aim_portfolio(path, companies=companies, quarter=quarter, out=out, given=given)
    portfolio = Portfolio.load(aim.sources, as_of=aim.end)
    name = str(aim.parameters.get(NAME, "Portfolio"))
    return job_of(aim, of_portfolio(portfolio, name=name, fiscal_year_start=aim.fiscal_year_start))
