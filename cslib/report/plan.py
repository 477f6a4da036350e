"""Reports that were asked for, as tasks: what to run for whom and when, what must come before, the command for each.

A task knows no table yet: whatever needs a company's data, but for the words `latest` and `all`, is left to its run.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from cslib.portfolio import company_folders
from cslib.report.group import FOLDER, check_group
from cslib.report.job import PREVIOUS, absolute, check_values, load_notebook, own_folder
from cslib.report.parameters import ParameterError, read_parameters
from cslib.report.quarters import Known, known_quarters, needs_data, quarters_asked
from cslib.report.save import slug
from cslib.report.subject import is_portfolio

__all__ = ["Task", "Wish", "as_lines", "in_order", "plan", "read_lines"]


@dataclass(frozen=True)
class Wish:
    """Notebooks by companies by quarters, as asked for; `parameters` are for those notebooks that declare them."""

    notebooks: tuple[Path, ...]
    companies: tuple[Path, ...]
    quarters: tuple[str, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One report to be made, of one company or of a portfolio.

    `place` is its folder in `out`; `after` names the tasks whose files it reads, where they are in the plan.
    """

    notebook: Path
    companies: tuple[Path, ...]
    quarter: str
    out: Path
    place: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    portfolio: bool = False
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the report, unique in a plan."""
        return f"{self.place}/{slug(self.notebook.stem)}"

    @property
    def folder(self) -> Path:
        """Where its files go."""
        return self.out / self.place

    def command(self) -> str:
        """Shell command that makes this report and no other, from the folder in which the plan was made.

        >>> Task(Path("retention.ipynb"), (Path("my data"),), "2026Q3", Path("reports"), "2026Q3/my-data").command()
        "cslib run retention.ipynb --company 'my data' --quarter 2026Q3 --out reports"
        """
        words = ["cslib", "run", str(self.notebook), "--company", *map(str, self.companies)]
        words += ["--quarter", self.quarter, "--out", str(self.out)]
        for name, value in self.parameters.items():
            words += ["-p", f"{name}={_text(value)}"]
        return shlex.join(words)


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@dataclass(frozen=True)
class _Report:
    """A notebook of a wish with what it declares."""

    path: Path
    document: Any
    declared: frozenset[str]
    portfolio: bool


def plan(wishes: Iterable[Wish], *, out: Path, say: Callable[[str], object] | None = None) -> list[Task]:
    """Tasks for what was asked, each once, in an order in which none comes before one that it reads.

    What `latest` means for a company, and why, is told to `say`, where it is given.

    Raises
    ------
    ParameterError
        When a notebook, a parameter or a quarter cannot be used, or two reports would share a folder.
    TableError
        When quarters are asked for by `latest` or `all` and no company's data can be read.
    """
    tasks: dict[tuple[object, ...], Task] = {}
    readers: set[Path] = set()
    for wish in wishes:
        reports = [_report(path) for path in wish.notebooks]
        readers |= {report.path for report in reports if PREVIOUS in report.declared}
        for task in _tasks(wish, reports, out=out, say=say):
            given = tuple((name, _text(value)) for name, value in task.parameters.items())
            tasks.setdefault((task.name, task.notebook.resolve(), _sources(task), given), task)
    _refuse_clashes(tasks.values())
    return in_order(_linked(list(tasks.values()), readers))


def _sources(task: Task) -> tuple[Path, ...]:
    return tuple(absolute(company) for company in task.companies)


def _tasks(
    wish: Wish, reports: Sequence[_Report], *, out: Path, say: Callable[[str], object] | None
) -> list[Task]:
    companies = company_folders(wish.companies)
    if not companies:
        raise ParameterError("company: found none, expected one company's folder or more")
    _refuse_unknown(reports, wish.parameters)
    quarters, shared = _quarters(companies, wish.quarters, say=say)
    tasks = []
    for report in reports:
        given = {name: value for name, value in wish.parameters.items() if name in report.declared}
        if report.portfolio:
            for quarter in shared:
                _, values = check_group(report.document, companies=companies, quarter=quarter, given=given)
                place = Path(quarter, FOLDER, own_folder(report.document, values)).as_posix()
                tasks.append(Task(report.path, tuple(companies), quarter, out, place, given, portfolio=True))
            continue
        for company in companies:
            source = absolute(company)
            for quarter in quarters[company]:
                values = check_values(report.document, company=source, quarter=quarter, given=given)
                place = Path(quarter, slug(source.name), own_folder(report.document, values)).as_posix()
                tasks.append(Task(report.path, (company,), quarter, out, place, given))
    return tasks


def _report(path: Path) -> _Report:
    document = load_notebook(path)
    declared = frozenset(read_parameters(document))
    return _Report(path, document, declared, is_portfolio(document))


def _refuse_unknown(reports: Sequence[_Report], given: Mapping[str, object]) -> None:
    """One notebook of several must know a parameter; a single one is asked by the check of values, with a hint."""
    for name in given:
        if len(reports) > 1 and not any(name in report.declared for report in reports):
            known = sorted(set().union(*(report.declared for report in reports)))
            raise ParameterError(
                f"parameter {name}: none of these {len(reports)} notebooks has it: {', '.join(known)}"
            )
        if len(reports) == 1 and name not in reports[0].declared:
            check_values(reports[0].document, company=Path("any"), quarter="", given=given)


def _quarters(
    companies: Sequence[Path], words: Sequence[str], *, say: Callable[[str], object] | None
) -> tuple[dict[Path, list[str]], list[str]]:
    """Quarters of every company, and those of all together: from the first that one has to the last that all have.

    A company that cannot be read gets those of the others, so that its report says why.
    """
    if not words:
        raise ParameterError("quarter: found none, expected such as 2026Q3 or latest")
    if not needs_data(words):
        same = quarters_asked(words)
        return dict.fromkeys(companies, same), same
    first = any(word.lower() == "all" for word in words)
    known: dict[Path, Known] = {}
    wrong: list[Exception] = []
    for company in companies:
        try:
            known[company] = known_quarters(absolute(company), first=first)
        except ValueError as error:
            wrong.append(error)
    if not known:
        raise wrong[0]
    alike: dict[str, list[str]] = {}
    for company, found in known.items():
        alike.setdefault(str(found), []).append(company.name)
    for found_of_all, names in alike.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        if say:
            say(f"{', '.join(names[:3])}{more}: latest is {found_of_all}")
    lasts = [found.last for found in known.values()]
    begin = min(found.first for found in known.values()) if first else min(lasts)
    asked = {}
    for company in companies:
        its = known.get(company)
        opening, last = (its.first, its.last) if its else (begin, max(lasts))
        asked[company] = quarters_asked(words, first=opening, last=last)
    return asked, quarters_asked(words, first=begin, last=min(lasts))


def _refuse_clashes(tasks: Iterable[Task]) -> None:
    """Two reports in one folder would overwrite each other's numbers and manifest."""
    seen: dict[str, Task] = {}
    for task in tasks:
        other = seen.setdefault(task.place.casefold(), task)
        if other is task:
            continue
        if _sources(other) != _sources(task) and other.notebook == task.notebook:
            one, two = other.companies[0], task.companies[0]
            raise ParameterError(
                f"company: {one} and {two} would write into the same folder; rename one"
                if not task.portfolio
                else f"companies: two portfolios would write into {task.folder}; run them with another --out"
            )
        if other.name == task.name:
            raise ParameterError(f"{task.name}: asked for twice, with different parameters or notebooks")
        raise ParameterError(
            f"notebooks {other.notebook.name} and {task.notebook.name} would write into the same folder, "
            f'{task.folder}; give one a folder of its own, "cslib": {{"folder": "..."}} in its metadata'
        )


def _linked(tasks: Sequence[Task], readers: set[Path]) -> list[Task]:
    """`tasks` with the names of those whose files each reads; `readers` are notebooks that read the quarter before."""
    own: dict[str, list[str]] = {}
    last: dict[tuple[object, ...], str] = {}
    for task in tasks:
        if not task.portfolio:
            own.setdefault(task.quarter, []).append(task.name)
        last[task.notebook, task.companies, _series(task), task.quarter] = task.name
    linked = []
    for task in tasks:
        after: list[str] = []
        if task.portfolio:
            after = own.get(task.quarter, [])
        elif task.notebook in readers and PREVIOUS not in task.parameters:
            before = last.get((task.notebook, task.companies, _series(task), _before(task.quarter)))
            after = [before] if before else []
        linked.append(replace(task, after=tuple(after)))
    return linked


def _series(task: Task) -> str:
    """What its folder has in common with those of other quarters."""
    return task.place.partition("/")[2]


def _before(quarter: str) -> str:
    """Quarter before one.

    >>> _before("2026Q1")
    '2025Q4'
    """
    year, number = int(quarter[:4]), int(quarter[5:])
    return f"{year - (number == 1):04d}Q{(number - 2) % 4 + 1}"


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """`tasks` so that each comes after those it names, else as they stand."""
    names = {task.name: task for task in tasks}
    graph = {task.name: [name for name in task.after if name in names] for task in tasks}
    return [names[name] for name in TopologicalSorter(graph).static_order()]


def as_lines(tasks: Iterable[Task]) -> list[str]:
    """One line of JSON for each task: its name, what it is made of, what must come before, and its command."""
    return [
        json.dumps(
            {
                "name": task.name,
                "notebook": str(task.notebook),
                "companies": [str(company) for company in task.companies],
                "quarter": task.quarter,
                "parameters": {name: _text(value) for name, value in task.parameters.items()},
                "portfolio": task.portfolio,
                "out": str(task.out),
                "place": task.place,
                "after": list(task.after),
                "command": task.command(),
            },
            ensure_ascii=False,
        )
        for task in tasks
    ]


def read_lines(lines: Iterable[str]) -> list[Task]:
    """Tasks that :func:`as_lines` wrote.

    Raises
    ------
    ParameterError
        When a line is none.
    """
    tasks = []
    for line in lines:
        try:
            raw = json.loads(line)
            tasks.append(
                Task(
                    notebook=Path(raw["notebook"]),
                    companies=tuple(map(Path, raw["companies"])),
                    quarter=str(raw["quarter"]),
                    out=Path(raw["out"]),
                    place=str(raw["place"]),
                    parameters=dict(raw["parameters"]),
                    portfolio=bool(raw["portfolio"]),
                    after=tuple(raw["after"]),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError(f"plan: found {line[:60]!r}, no line of `cslib plan` ({error})") from None
    return tasks
