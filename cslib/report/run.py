"""One report: a notebook executed for a company and a quarter, and the files it leaves.

The company's data is checked before a kernel starts. The kernel runs in the folder that holds the company,
and the notebook's `company` is that folder's name, so nothing in the executed notebook names a machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from cslib.report.engine import Failure, OnCell, execute
from cslib.report.group import check_portfolio
from cslib.report.html import html_page
from cslib.report.job import Job, check_job
from cslib.report.manifest import sha256, versions
from cslib.report.normal import normalise
from cslib.report.outputs import as_json, numbers, table_csv
from cslib.report.proof import VERDICT, Outcome, marked, read_proof
from cslib.report.save import MANIFEST, prepare, publish, slug

__all__ = ["Record", "run_portfolio", "run_report"]

Status = Literal["done", "failed", "proof failed", "bad input", "died", "not started"]
EXIT_CODES: Final[Mapping[Status, int]] = {
    "done": 0,
    "failed": 1,
    "proof failed": 1,
    "bad input": 2,
    "died": 3,
    "not started": 3,
}


UNFINISHED: Final = "This report is not finished and must not be used."


@dataclass(frozen=True)
class Record:
    """What became of one run. `error` is empty when the report is done; `files` lie in `folder`.

    `cause` is the exception that stopped the run before any cell, for those who want the traceback.
    """

    company: str
    quarter: str
    folder: Path
    status: Status
    error: str
    files: tuple[str, ...]
    cause: Exception | None = field(default=None, compare=False)

    @property
    def exit_code(self) -> int:
        """0 done, 1 the report failed, 2 its data cannot be used, 3 the machine failed it."""
        return EXIT_CODES[self.status]


class _Laps:
    """Seconds spent between calls."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = round(now - self._last, 3)
        self._last = now


def run_report(
    notebook: Path | str,
    *,
    company: Path | str,
    quarter: str,
    out: Path | str,
    parameters: Mapping[str, object] | None = None,
    on_cell: OnCell | None = None,
    timeout: int | None = None,
) -> Record:
    """Run `notebook` for one company and quarter, and save what it leaves in ``<out>/<quarter>/<company>``.

    Parameters
    ----------
    notebook : Path or str
        A notebook whose parameters cell declares `company` and `quarter`.
    company : Path or str
        Company folder; its name becomes the name of the output folder.
    quarter : str
        Fiscal quarter, such as ``2026Q3``; its last day is the as-of day.
    out : Path or str
        Folder for all reports.
    parameters : mapping, optional
        Values for the notebook's other parameters.
    on_cell : callable, optional
        Called with index and number of cells before each cell.
    timeout : int, optional
        Seconds that one cell may take.

    Returns
    -------
    Record
        Also when a cell failed or the kernel died: then the partial notebook and its page are saved, no PDF. A report
        whose proof failed is complete, and marked on its first page.

    Raises
    ------
    ParameterError
        When notebook, quarter or parameters cannot be used; nothing is executed or written.
    TableError
        When the company's data cannot be used; nothing is executed or written.
    InfrastructureError
        When the output folder cannot be written.
    """
    laps = _Laps()
    path, place = Path(notebook), Path(out)
    job = check_job(path, company=Path(company), quarter=quarter, out=place, given=parameters or {})
    return _run(job, laps, on_cell=on_cell, timeout=timeout)


def run_portfolio(
    notebook: Path | str,
    *,
    companies: Sequence[Path | str],
    quarter: str,
    out: Path | str,
    parameters: Mapping[str, object] | None = None,
    on_cell: OnCell | None = None,
    timeout: int | None = None,
) -> Record:
    """Run `notebook` once for several companies, and save what it leaves in ``<out>/<quarter>/portfolio``.

    Parameters and errors as in :func:`run_report`; the notebook declares `companies` and `quarter`, and a company that
    cannot be read is named on the page and in the manifest. `quarter` is one of the calendar year, unless the notebook
    declares `fiscal_year_start`.
    """
    laps = _Laps()
    path, place, folders = Path(notebook), Path(out), [Path(company) for company in companies]
    job = check_portfolio(path, companies=folders, quarter=quarter, out=place, given=parameters or {})
    return _run(job, laps, on_cell=on_cell, timeout=timeout)


def _run(job: Job, laps: _Laps, *, on_cell: OnCell | None, timeout: int | None) -> Record:
    prepare(job.folder)
    laps.lap("check")
    executed, failure = execute(job.notebook, folder=job.home, on_cell=on_cell, timeout=timeout)
    laps.lap("cells")
    normalise(executed, folder=job.home)
    executed.metadata["cslib"] = _about(job)
    try:
        proof = read_proof(executed)
    except ValueError as wrong:
        proof, failure = None, failure or Failure("file", 0, type(wrong).__name__, f"proof.json: {wrong}")
    files, failure = _files(job, executed, failure, proof, laps)
    status = _status(failure, proof)
    files[MANIFEST] = as_json(_manifest(job, files, status, failure, proof))
    files["timings.json"] = as_json({"seconds": laps.seconds})
    owned = [f"{job.name}.*", "numbers.json", "proof.json", "rejected/*.csv", "ledger/*.csv"]
    publish(job.folder, files, owned=owned)
    unproved = " ".join(proof.words) if proof and not proof.holds else ""
    error = str(failure) if failure else unproved
    return Record(job.subject.name, job.quarter, job.folder, status, error, tuple(files))


def _status(failure: Failure | None, proof: Outcome | None) -> Status:
    if failure is None:
        return "done" if proof is None or proof.holds else "proof failed"
    if failure.kind == "kernel":
        return "died"
    return "bad input" if failure.name == "TableError" else "failed"


def _files(
    job: Job, executed: Any, failure: Failure | None, proof: Outcome | None, laps: _Laps
) -> tuple[dict[str, bytes], Failure | None]:
    """Everything the run leaves but its manifest; a file that cannot be made is a failure like a cell's."""
    import nbformat

    unproved = proof is not None and not proof.holds
    told = marked(executed, proof) if proof and unproved else executed
    files = {f"{job.name}.ipynb": nbformat.writes(told).encode()}  # type: ignore[no-untyped-call]
    files |= {f"rejected/{slug(name)}.csv": table_csv(rows) for name, rows in job.subject.rejected.items()}
    if proof:
        files["proof.json"] = as_json(_proof(job, proof))
    finished: dict[str, Callable[[], bytes]] = {
        "numbers.json": lambda: _numbers(job, executed),
        f"{job.name}.pdf": lambda: _pdf(told),
    }
    made: dict[str, bytes] = {}
    for name, make in finished.items():
        if failure is None:
            try:
                made[name] = make()
            except Exception as error:  # noqa: BLE001  whatever a notebook's outputs do to an exporter
                failure = Failure("file", 0, type(error).__name__, f"{name}: {error}")
            laps.lap(name)
    if failure is None:
        files |= {**made, **job.subject.kept}
    verdict = UNFINISHED if failure else VERDICT
    reasons = [str(failure)] if failure else proof.words if proof else []
    files[f"{job.name}.html"] = html_page(executed, verdict=verdict, reasons=reasons)
    laps.lap(f"{job.name}.html")
    return files, failure


def _numbers(job: Job, executed: Any) -> bytes:
    about = {"company": job.subject.name, "quarter": job.quarter, "as_of": job.subject.as_of.isoformat()}
    return as_json(
        {
            **about,
            "currency": job.subject.currency,
            "minor_units": job.subject.minor_units,
            "numbers": numbers(executed),
        }
    )


def _proof(job: Job, proof: Outcome) -> dict[str, Any]:
    return {
        "company": job.subject.name,
        "quarter": job.quarter,
        "as_of": job.subject.as_of.isoformat(),
        "holds": proof.holds,
        "checks": list(proof.checks),
        "flags": list(proof.flags),
        "inputs": list(job.subject.inputs),
    }


def _pdf(executed: Any) -> bytes:
    from cslib.report.typst.exporter import pdf_bytes

    return pdf_bytes(executed)


def _about(job: Job) -> dict[str, str]:
    """Metadata for the pages: what the notebook says of itself, with the company and the period filled in."""
    own: Mapping[str, str] = job.notebook.metadata.get("cslib", {})
    fiscal = "fiscal " if job.subject.fiscal_year_start != 1 else ""
    facts = {
        "company": job.subject.name,
        "period": f"{fiscal}Q{job.quarter[5:]} {job.quarter[:4]}",
        "date": job.subject.as_of.isoformat(),
    }
    title = own.get("title", f"{{company}}: {job.name}, {{period}}")
    for name, fact in facts.items():
        title = title.replace(f"{{{name}}}", fact)
    return {"lang": "en", "author": "", **own, **facts, "title": title}


def _manifest(
    job: Job, files: Mapping[str, bytes], status: Status, failure: Failure | None, proof: Outcome | None
) -> dict[str, Any]:
    return {
        "status": status,
        "error": asdict(failure) if failure else None,
        "proof": {"holds": proof.holds, "broken": proof.words} if proof else None,
        "notebook": job.name,
        "code_sha256": job.code_sha256,
        "notebook_sha256": job.notebook_sha256,
        "company": job.subject.name,
        "quarter": job.quarter,
        "as_of": job.subject.as_of.isoformat(),
        "parameters": dict(job.parameters),
        **job.subject.meanings,
        "inputs": [*job.subject.inputs, *job.earlier],
        **({"unread": list(job.subject.unread)} if job.subject.unread else {}),
        "rows_rejected": {name: len(rows) for name, rows in job.subject.rejected.items()},
        "versions": versions(),
        "files": {name: sha256(content) for name, content in sorted(files.items())},
    }
