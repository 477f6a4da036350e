"""Tasks that a run would refuse, and why, known without making any: by the very checks of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path

from cslib.portfolio import HELD
from cslib.report.fresh import aim_of
from cslib.report.job import Aim, check_place, check_private, read_company
from cslib.report.plan import Task
from cslib.sources.company import load_config

__all__ = ["refusals"]


def refusals(tasks: Sequence[Task]) -> dict[str, str]:
    """Why a run would refuse tasks, by their names; a task that it would begin is not there.

    A company is read for the first and the last of its days; only where one of them is refused, for those between.
    """
    refused: dict[str, str] = {}
    begun: list[tuple[Task, Aim]] = []
    for task in tasks:
        try:
            aim = aim_of(task)
            aim.injected()
            if not task.portfolio:
                check_place(aim.notebook, companies=aim.sources)
            begun.append((task, aim))
        except (ValueError, OSError) as error:
            refused[task.name] = str(error)
    known = _known(
        (source, aim.end)
        for task, aim in begun
        for source in aim.sources
        if not (task.portfolio and _held(source))
    )
    for task, aim in begun:
        causes = [known.get((source, aim.end), HELD) for source in aim.sources]
        if all(causes):  # a portfolio names those that cannot be read, while one can
            refused[task.name] = "\n".join(causes)
        elif not task.portfolio and (cause := _private(aim)):
            refused[task.name] = cause
    return refused


def _known(asked: Iterable[tuple[Path, date]]) -> dict[tuple[Path, date], str]:
    """Why a company cannot be read as of a day; blank where it can."""
    days: dict[Path, set[date]] = {}
    for source, end in asked:
        days.setdefault(source, set()).add(end)
    read = cache(_cause)
    found: dict[tuple[Path, date], str] = {}
    for source, ends in days.items():
        whole = not read(source, max(ends)) and not read(source, min(ends))
        found |= {(source, end): "" if whole else read(source, end) for end in ends}
    return found


def _cause(source: Path, end: date) -> str:
    try:
        read_company(source, end)
    except (ValueError, OSError) as error:
        return str(error)
    return ""


def _held(source: Path) -> bool:
    """Whether a page across companies cannot read one of them, as its rows are not here."""
    with suppress(ValueError):  # what is wrong with its company.toml is told where it is read
        return bool(load_config(source).engine)
    return False


def _private(aim: Aim) -> str:
    try:
        check_private(aim)
    except ValueError as error:
        return str(error)
    return ""
