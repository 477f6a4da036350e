"""Tasks of a plan, run side by side: one failure never stops the others, and what is unchanged is left alone.

The work goes through joblib, so that another backend runs the same tasks elsewhere::

    with Client("tcp://scheduler:8786"), joblib.parallel_config(backend="dask"):
        records = list(run_batch(tasks, out=Path("reports")))

Workers need the same folders under the same paths, and the same cslib.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import joblib
from joblib.parallel import get_active_backend

from cslib.report.engine import OnCell, environment
from cslib.report.fresh import reasons, remembering
from cslib.report.job import absolute
from cslib.report.kernels.client import lease
from cslib.report.log import Log, events, now
from cslib.report.make import leave_notice, make, subject_of
from cslib.report.notice import Notice
from cslib.report.plan import Task, as_lines
from cslib.report.run import EXIT_CODES, How, Record, Status
from cslib.report.save import InfrastructureError

__all__ = ["run_batch", "waves"]

LOST: Final = "the process that made it was killed, most often because the machine had no memory left"
_OURS: Final = "LokyBackend"
_CAPS: Final = (
    *(
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    *("VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS", "ENABLE_IPC"),
)
"""Variables that joblib sets in its workers; kernels get the environment of `cslib` itself."""


@dataclass(frozen=True)
class _Due:
    """A task that has to be run, and why."""

    task: Task
    why: tuple[str, ...]


def waves(tasks: Iterable[Task]) -> list[list[Task]]:
    """`tasks` in waves: each comes in a later wave than those of the plan that it reads.

    >>> one = Task(Path("a.ipynb"), (Path("x"),), "2026Q2", Path("out"), "2026Q2/x")
    >>> two = replace(one, quarter="2026Q3", place="2026Q3/x", after=(one.name,))
    >>> [[task.name for task in wave] for wave in waves([two, one])]
    [['2026Q2/x/a'], ['2026Q3/x/a']]
    """
    left = {task.name: task for task in tasks}
    found = []
    while left:
        wave = [task for task in left.values() if not any(name in left for name in task.after)]
        if not wave:  # a circle cannot come out of a plan
            wave = list(left.values())
        for task in wave:
            del left[task.name]
        found.append(wave)
    return found


def run_batch(
    tasks: Sequence[Task],
    *,
    out: Path,
    how: How | None = None,
    jobs: int | None = None,
    on_cell: OnCell | None = None,
) -> Iterator[Record]:
    """Record of each report as soon as it has come to its end, in that order.

    Parameters
    ----------
    tasks : sequence of Task
        As :func:`cslib.report.plan.plan` makes them.
    out : Path
        Folder for all reports, in which the log is kept.
    how : How, optional
        Limits, retries, kernels, and whether to run what is unchanged too.
    jobs : int, optional
        Reports at a time; as many as there are processors unless given. On a cluster the cluster decides.
    on_cell : callable, optional
        Called with index and number of cells before each cell, where reports are run in this process.

    Raises
    ------
    InfrastructureError
        When the log cannot be written; nothing was run then.
    """
    how = how or How()
    log = Log.begin(out, as_lines(tasks))
    ended: Counter[str] = Counter()
    with _kernels(how, tasks):
        for wave in waves(tasks):
            hashed, due = remembering(), []
            for task in wave:
                why = tuple(reasons(task, hashed=hashed)) or (("forced",) if how.force else ())
                if why:
                    due.append(_Due(task, why))
                    continue
                record = Record(
                    subject_of(task), task.quarter, task.folder, "unchanged", "", (), name=task.name
                )
                _tell(log, record)
                ended[record.status] += 1
                yield record
            for record in _run(due, log, how, jobs=jobs, on_cell=on_cell):
                ended[record.status] += 1
                yield record
    _written(log, "finish", statuses=dict(ended))


@contextmanager
def _kernels(how: How, tasks: Sequence[Task]) -> Iterator[None]:
    """Hold a server of warm kernels for the whole batch, if one is wanted and pays."""
    if not how.warm or not tasks or not _here():
        yield
        return
    with lease(environment()):
        yield


def _here() -> bool:
    """Whether joblib runs on this machine, and not on the cluster that a caller chose."""
    return type(get_active_backend()[0]).__name__ in {_OURS, "SequentialBackend", "ThreadingBackend"}


def _run(
    due: Sequence[_Due], log: Log, how: How, *, jobs: int | None, on_cell: OnCell | None
) -> Iterator[Record]:
    at_once = min(jobs or joblib.cpu_count(), len(due))
    if not due:
        return
    if at_once == 1 and _here():
        for one in due:
            yield _logged(one, log, how, on_cell)
        return
    left = {one.task.name: one for one in due}
    idle = 0
    while left:
        yield from _together(left, log, how, at_once=at_once)
        starts = _starts(log)
        begun = {name: left.pop(name) for name in list(left) if starts[name]}
        # Of several a fellow may have been to blame: then nobody has yet failed a try of its own.
        tries = how.retries + (len(begun) > 1)
        for name, one in begun.items():
            alone = {name: one}
            for _ in range(tries):
                yield from _together(alone, log, how, at_once=1)
            if alone:
                yield _given_up(one, log, tries=_starts(log)[name])
        idle += not begun
        if idle > how.retries:  # workers die before they begin anything
            yield from (_given_up(one, log, tries=idle) for one in left.values())
            return


def _starts(log: Log) -> Counter[str]:
    """How often a process of the batch has begun each report."""
    own = (event for event in events(log.out) if event.get("run") == log.run)
    return Counter(str(event["report"]) for event in own if event["event"] == "start")


def _together(left: dict[str, _Due], log: Log, how: How, *, at_once: int) -> Iterator[Record]:
    """Run what is `left` side by side and take out of it what came to its end, until a worker is killed."""
    if not left:
        return
    parent, known = os.getpid(), frozenset(os.environ)
    if _here():
        parallel = joblib.Parallel(n_jobs=max(2, at_once), backend="loky", **_STREAM, pre_dispatch=at_once)
    else:
        streams = getattr(get_active_backend()[0], "supports_return_generator", False)
        parent, parallel = 0, joblib.Parallel(**(_STREAM if streams else {}), pre_dispatch="all")
    calls = [joblib.delayed(_work)(one, log, how, parent, known) for one in left.values()]
    try:
        for record in parallel(calls):
            one = left.pop(record.name)
            yield replace(record, folder=one.task.folder)
    except Exception as error:
        if type(error).__name__ not in _KILLED:
            raise
        for event in list(events(log.out)):
            if event.get("run") == log.run and event["event"] == "end" and event.get("report") in left:
                yield _from_event(left.pop(str(event["report"])), event)


_STREAM: Final[Mapping[str, Any]] = {"return_as": "generator_unordered", "batch_size": 1}
_KILLED: Final = frozenset(
    {"TerminatedWorkerError", "BrokenProcessPool", "ShutdownExecutorError", "KilledWorker"}
)


def _work(one: _Due, log: Log, how: How, parent: int, known: frozenset[str]) -> Record:
    """One report in a worker. Paths are absolute, as a worker may stand in another folder."""
    if parent:
        _die_with(parent)
        for name in _CAPS:
            if name not in known:
                os.environ.pop(name, None)
    task = one.task
    there = replace(
        task,
        notebook=absolute(task.notebook),
        companies=tuple(map(absolute, task.companies)),
        out=absolute(task.out),
    )
    return _logged(_Due(there, one.why), Log(there.out, log.run), how, None)


def _logged(one: _Due, log: Log, how: How, on_cell: OnCell | None) -> Record:
    _written(log, "start", report=one.task.name, why=list(one.why), pid=os.getpid())
    record = make(one.task, how, why=one.why, on_cell=on_cell)
    _tell(log, record)
    return record


def _tell(log: Log, record: Record) -> None:
    _written(
        log,
        "end",
        report=record.name,
        status=record.status,
        company=record.company,
        quarter=record.quarter,
        error=record.error,
        files=list(record.files),
        seconds=record.seconds,
        tries=record.tries,
    )


def _written(log: Log, event: str, **facts: object) -> None:
    """Append to the log; a disk that filled up since the batch began fails the reports, and each says so itself."""
    try:
        log.append(event, **facts)
    except InfrastructureError:
        return


def _from_event(one: _Due, event: Mapping[str, Any]) -> Record:
    """Record of a report that came to its end in a pool that broke before it could say so."""
    status: Status = next((one for one in EXIT_CODES if one == event.get("status")), "not started")
    return Record(
        company=str(event.get("company")),
        quarter=one.task.quarter,
        folder=one.task.folder,
        status=status,
        error=str(event.get("error", "")),
        files=tuple(event.get("files", ())),
        name=one.task.name,
        seconds=float(event.get("seconds", 0)),
        tries=int(event.get("tries", 1)),
        reasons=one.why,
    )


def _given_up(one: _Due, log: Log, *, tries: int) -> Record:
    """Record of a report whose worker was killed every time, told to the log in the worker's stead."""
    words = f"{LOST}; tried {tries} times"
    why = "The process that made it was ended from outside; most often the machine had no memory left."
    remedy = "Whoever runs the machine can put it right: run fewer reports at once (--jobs), or give it more memory."
    notice = Notice("It did not reach its end.", why, remedy, words)
    files = leave_notice(one.task, "died", notice, started=now(), tries=tries)
    task = one.task
    record = Record(
        subject_of(task), task.quarter, task.folder, "died", words, files,
        name=task.name, tries=tries, reasons=one.why,
    )  # fmt: skip
    _tell(log, record)
    return record


_watching: set[int] = set()


def _die_with(parent: int) -> None:
    """End this worker, and with it its kernel, when the process that started it is gone."""
    if parent in _watching:
        return
    _watching.add(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)  # lets go of its kernel and its folder
        time.sleep(5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
