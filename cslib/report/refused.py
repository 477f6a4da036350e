"""Tasks that a run would refuse, and why, known without making any: by the very checks of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path

from cslib.report.fresh import aim_of
from cslib.report.job import Aim, check_private, read_company
from cslib.report.plan import Task

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
            begun.append((task, aim))
        except (ValueError, OSError) as error:
            refused[task.name] = str(error)
    known = _known(aim for _, aim in begun)
    for task, aim in begun:
        causes = [known[source, aim.end] for source in aim.sources]
        if all(causes):  # a portfolio names those that cannot be read, while one can
            refused[task.name] = "\n".join(causes)
        elif not task.portfolio and (cause := _private(aim)):
            refused[task.name] = cause
    return refused


def _known(aims: Iterable[Aim]) -> dict[tuple[Path, date], str]:
    """Why a company cannot be read as of a day; blank where it can."""
    days: dict[Path, set[date]] = {}
    for aim in aims:
        for source in aim.sources:
            days.setdefault(source, set()).add(aim.end)
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


def _private(aim: Aim) -> str:
    try:
        check_private(aim)
    except ValueError as error:
        return str(error)
    return ""
