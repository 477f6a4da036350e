"""One report: a notebook executed for a company and a quarter, and the files it leaves.

The company's data is checked before a kernel starts. The kernel runs in the folder that holds the company,
and the notebook's `company` is that folder's name, so nothing in the executed notebook names a machine.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from cslib.report.engine import OnCell, execute
from cslib.report.failure import Failure
from cslib.report.files import about, manifest, owned, pages, warnings
from cslib.report.headline import headline
from cslib.report.job import Job, check_job
from cslib.report.log import held, now
from cslib.report.normal import normalise
from cslib.report.outputs import numbers
from cslib.report.private import bare, hushed, is_private
from cslib.report.proof import Outcome, read_proof
from cslib.report.save import MANIFEST, prepare, publish
from cslib.report.translate import LOCALE, language_tag, period_name
from cslib.sources.held import packed

__all__ = ["EXIT_CODES", "How", "Record", "Status", "run_job", "run_report"]

Status = Literal[
    "done", "unchanged", "failed", "proof failed", "bad input", "died", "not started", "interrupted"
]
EXIT_CODES: Final[Mapping[Status, int]] = {
    "done": 0,
    "unchanged": 0,
    "failed": 1,
    "proof failed": 1,
    "bad input": 2,
    "died": 3,
    "not started": 3,
    "interrupted": 3,
}


@dataclass(frozen=True)
class How:
    """How reports are run.

    `warm` forks kernels from one that has made the imports, where that is safe. `timeout` is seconds that one cell may
    take, `time_limit` seconds for all together; `memory` megabytes that a kernel may hold, 0 for no limit, three
    quarters of the machine's unless given. `retries` says how often a run is tried again whose kernel died or did not
    start; `force` runs what is unchanged too.
    """

    warm: bool = True
    timeout: float | None = None
    time_limit: float | None = None
    memory: int | None = None
    retries: int = 1
    force: bool = False


@dataclass(frozen=True)
class Record:
    """What became of one run. `error` is empty when the report is done; `files` lie in `folder`.

    `name` is the report's in the plan, `reasons` say why it was run, `tries` how often; `trace` is the traceback of
    what stopped it before any cell, for those who want it.
    """

    company: str
    quarter: str
    folder: Path
    status: Status
    error: str
    files: tuple[str, ...]
    name: str = ""
    seconds: float = 0
    tries: int = 1
    reasons: tuple[str, ...] = ()
    trace: str = ""

    @property
    def exit_code(self) -> int:
        """0 done, 1 the report failed, 2 its data cannot be used, 3 the machine failed it."""
        return EXIT_CODES[self.status]


class Laps:
    """Seconds spent between calls, by a clock that cannot jump."""

    def __init__(self) -> None:
        self.started = now()
        self.seconds: dict[str, float] = {}
        self._first = self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """Name what was done since the last call."""
        last, self._last = self._last, time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0) + self._last - last, 3)

    @property
    def total(self) -> float:
        """Seconds since the first."""
        return round(time.perf_counter() - self._first, 3)


def run_report(
    notebook: Path | str,
    *,
    company: Path | str,
    quarter: str,
    out: Path | str,
    parameters: Mapping[str, object] | None = None,
    on_cell: OnCell | None = None,
    how: How | None = None,
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
    how : How, optional
        Limits, retries, kernels.

    Returns
    -------
    Record
        Also when a cell failed or the kernel died: then the partial notebook and its page are saved, and the PDF is one
        page that says what failed. A report whose proof failed is complete, and marked on its first page.

    Raises
    ------
    ParameterError
        When notebook, quarter or parameters cannot be used; nothing is executed or written.
    TableError
        When the company's data cannot be used; nothing is executed or written.
    InfrastructureError
        When the output folder cannot be written.
    """
    laps = Laps()
    job = check_job(
        Path(notebook), company=Path(company), quarter=quarter, out=Path(out), given=parameters or {}
    )
    return run_job(job, how or How(), out=Path(out), laps=laps, on_cell=on_cell)


def run_job(
    job: Job,
    how: How,
    *,
    out: Path,
    laps: Laps,
    on_cell: OnCell | None = None,
    made_meanwhile: Callable[[], bool] | None = None,
) -> Record:
    """Record of a checked job, run while no other process runs the same.

    Where another one did and this had to wait, `made_meanwhile` tells whether there is nothing left to do.
    """
    prepare(job.folder)
    place = job.folder.relative_to(out).as_posix()
    laps.lap("check")
    with held(out, place) as free:
        if not free and made_meanwhile and made_meanwhile():
            return Record(job.subject.name, job.quarter, job.folder, "unchanged", "", (), seconds=laps.total)
        return _run(job, how, laps=laps, on_cell=on_cell)


def _run(job: Job, how: How, *, laps: Laps, on_cell: OnCell | None) -> Record:
    executed, failure, tries = _executed(job, how, on_cell=on_cell)
    laps.lap("cells")
    if is_private(job.notebook):
        job, failure = replace(job, subject=bare(job.subject)), hushed(executed, failure)
    normalise(executed, folder=job.home)
    executed.metadata["cslib"] = _about(job)
    try:
        proof = read_proof(executed)
    except ValueError as wrong:
        proof, failure = None, failure or Failure("file", 0, type(wrong).__name__, f"proof.json: {wrong}")
    files, failure = pages(job, executed, failure, proof, tries=tries, lap=laps.lap)
    status = _status(failure, proof)
    told = {
        "started": laps.started,
        "tries": tries,
        "warm": how.warm,
        "seconds": {**laps.seconds, "total": laps.total},
    }
    files[MANIFEST] = manifest(
        job,
        files,
        status=status,
        failure=failure,
        proof=proof,
        warned=warnings(job, executed, proof),
        shown=[] if failure else headline(numbers(executed), _few(job)),
        run=told,
    )
    publish(job.folder, files, owned=owned(job.name))
    unproved = " ".join(proof.words) if proof and not proof.holds else ""
    error = str(failure) if failure else unproved
    return Record(
        job.subject.name,
        job.quarter,
        job.folder,
        status,
        error,
        tuple(files),
        seconds=laps.total,
        tries=tries,
    )


def _few(job: Job) -> list[str]:
    """Metrics that the notebook wants to be known by."""
    named = job.notebook.metadata.get("cslib", {}).get("headline", [])
    return [str(name) for name in named] if isinstance(named, list) else []


def _executed(job: Job, how: How, *, on_cell: OnCell | None) -> tuple[Any, Failure | None, int]:
    """The executed notebook; run again from its beginning where its kernel died or did not start."""
    tries = 0
    read = packed(job.sources[0], as_of=job.subject.as_of) if len(job.sources) == 1 else b""
    while True:
        tries += 1
        notebook = copy.deepcopy(job.notebook)
        executed, failure = execute(
            notebook,
            folder=job.home,
            on_cell=on_cell,
            timeout=how.timeout,
            time_limit=how.time_limit,
            memory_limit=None if how.memory is None else how.memory * 10**6,
            warm=how.warm,
            read=read,
        )
        if not (failure and failure.passing) or tries > how.retries:
            return executed, failure, tries


def _status(failure: Failure | None, proof: Outcome | None) -> Status:
    if failure is None:
        return "done" if proof is None or proof.holds else "proof failed"
    if failure.passing:
        return "died"
    return "bad input" if failure.name == "TableError" else "failed"


def _about(job: Job) -> dict[str, Any]:
    locale = str(job.parameters.get(LOCALE) or "en_US")
    facts = {
        "company": job.subject.name,
        "period": period_name(job.quarter, fiscal=job.subject.fiscal_year_start != 1, locale=locale),
        "date": job.subject.as_of.isoformat(),
        **({"lang": language_tag(locale)} if LOCALE in job.parameters else {}),
        **({"paper": job.dress.paper} if job.dress.paper else {}),
    }
    return about(job.notebook.metadata.get("cslib", {}), facts, name=job.name)
