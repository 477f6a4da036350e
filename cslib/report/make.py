"""One task of a plan brought to its end, whatever happens: a record is returned, never an exception raised."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cslib.report.engine import OnCell
from cslib.report.files import about, notice_pdf, owned
from cslib.report.fresh import reasons
from cslib.report.group import check_portfolio
from cslib.report.html import html_page
from cslib.report.job import Job, absolute, check_job, load_notebook
from cslib.report.log import held
from cslib.report.manifest import RUN, code_sha256, notebook_sha256, package_sha256, sha256, versions
from cslib.report.notice import UNFINISHED, Notice, about_data
from cslib.report.outputs import as_json
from cslib.report.plan import Task
from cslib.report.private import hushed_notice, is_private
from cslib.report.proof import with_mark
from cslib.report.run import How, Laps, Record, Status, run_job
from cslib.report.save import MANIFEST, InfrastructureError, publish, slug
from cslib.sources.company import load_config
from cslib.tables import TableError

__all__ = ["leave_notice", "make", "subject_of"]


def subject_of(task: Task) -> str:
    """Folder name of the company, or what stands for all."""
    return "portfolio" if task.portfolio else absolute(task.companies[0]).name


def _job(task: Task) -> Job:
    path, out, given = task.notebook, task.out, task.parameters
    if task.portfolio:
        return check_portfolio(path, companies=task.companies, quarter=task.quarter, out=out, given=given)
    return check_job(path, company=task.companies[0], quarter=task.quarter, out=out, given=given)


def make(task: Task, how: How, *, why: Sequence[str] = (), on_cell: OnCell | None = None) -> Record:
    """Record of a task's run; `why` says why it is run.

    A company whose data cannot be used leaves a page that says so, in place of a report of other data.
    """
    laps = Laps()

    def unchanged() -> bool:
        return not how.force and not reasons(task)

    try:
        job = _job(task)
        found = run_job(job, how, out=task.out, laps=laps, on_cell=on_cell, made_meanwhile=unchanged)
        return replace(found, name=task.name, reasons=tuple(why))
    except Exception as error:  # noqa: BLE001  one report never stops the others
        status: Status = "bad input" if isinstance(error, ValueError) else "not started"
        known = isinstance(error, ValueError | OSError | InfrastructureError)
        words = str(error) if known else f"{type(error).__name__}: {error}. This is a defect of cslib."
        files: tuple[str, ...] = ()
        if isinstance(error, TableError) and all(company.is_dir() for company in task.companies):
            files = leave_notice(task, status, about_data(words), started=laps.started)
        return Record(
            subject_of(task), task.quarter, task.folder, status, words, files,
            name=task.name, seconds=laps.total, reasons=tuple(why), trace=traceback.format_exc(),
        )  # fmt: skip


def leave_notice(
    task: Task, status: Status, notice: Notice, *, started: str, tries: int = 1
) -> tuple[str, ...]:
    """Files left for a report that was not begun, or whose process was lost: pages that say so, and a manifest.

    Where they cannot be written nothing is left, and the record of the run still says what happened.
    """
    name = slug(task.notebook.stem)
    try:
        notebook = load_notebook(task.notebook)
        notice = hushed_notice(notice) if is_private(notebook) else notice
        told = _about(task, notebook)
        hashes = {"code_sha256": code_sha256(notebook), "notebook_sha256": notebook_sha256(notebook)}
        files = _files(name, notebook, notice, told)
        files[MANIFEST] = as_json(
            {
                "status": status,
                "error": {"kind": "run", "cell": 0, "name": status, "message": notice.detail},
                "proof": None,
                "notebook": name,
                **hashes,
                "company": told["company"],
                "quarter": task.quarter,
                "parameters": {key: str(value) for key, value in task.parameters.items()},
                "inputs": [],
                "warnings": [],
                "versions": versions(),
                "package_sha256": package_sha256(),
                "files": {file: sha256(content) for file, content in sorted(files.items())},
                RUN: {"started": started, "tries": tries, "seconds": {}},
            }
        )
        with held(task.out, task.place):
            task.folder.mkdir(parents=True, exist_ok=True)
            publish(task.folder, files, owned=owned(name))
    except (ValueError, OSError, InfrastructureError):
        return ()
    return tuple(files)


def _files(name: str, notebook: Any, notice: Notice, told: dict[str, Any]) -> dict[str, bytes]:
    import nbformat

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata["cslib"] = told
    lines = tuple(notice.detail.splitlines())
    stopped = with_mark(notebook, UNFINISHED, lines, name="not-begun")
    page = html_page(notebook, verdict=UNFINISHED, reasons=[f"{notice.where} {notice.why}", *lines])
    written: str = nbformat.writes(stopped)  # type: ignore[no-untyped-call]
    return {
        f"{name}.ipynb": written.encode(),
        f"{name}.html": page,
        **notice_pdf(name, notice, told, []),
    }


def _about(task: Task, notebook: Any) -> dict[str, Any]:
    try:
        company = "Portfolio" if task.portfolio else load_config(absolute(task.companies[0])).name
    except ValueError:
        company = subject_of(task)
    facts = {"company": company, "period": f"Q{task.quarter[5:]} {task.quarter[:4]}", "date": ""}
    return about(notebook.metadata.get("cslib", {}), facts, name=slug(task.notebook.stem))
