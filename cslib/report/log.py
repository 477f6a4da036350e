"""What happened, one line of JSON an event, appended to `runs.jsonl` in the folder of all reports.

Any number of processes may append: every event is one write at the end of the file, under a lock. A process that is
killed in the middle leaves at most one broken line, which readers pass over. Times of the day are labels for people:
nothing is decided by them, and durations come from a clock that cannot jump.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from cslib.report.save import InfrastructureError

__all__ = ["LOG", "Log", "held", "now", "unfinished"]

LOG: Final = "runs.jsonl"
LOCKS: Final = ".locks"


def now() -> str:
    """Time of the day, UTC, for people.

    >>> now()[4] == "-" and now()[-1] == "Z"
    True
    """
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@contextmanager
def held(out: Path, name: str) -> Iterator[bool]:
    """Hold the lock `name` of the folder `out`; gives whether it was free at once. A process that dies lets it go.

    Raises
    ------
    InfrastructureError
        When the folder cannot be written.
    """
    folder = out / LOCKS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{name.replace('/', '+')}.lock")
        try:
            lock.acquire(timeout=0)
            free = True
        except Timeout:
            lock.acquire()
            free = False
    except OSError as error:
        raise InfrastructureError(
            f"cannot write into {out}: {error.strerror or error}. Free space there, or choose another --out."
        ) from None
    try:
        yield free
    finally:
        lock.release()


@dataclass(frozen=True)
class Log:
    """The log in the folder `out`; `run` names the batch whose events are written."""

    out: Path
    run: str

    @classmethod
    def begin(cls, out: Path, lines: Sequence[str]) -> Log:
        """Log of a new batch, whose plan (see :func:`cslib.report.plan.as_lines`) is its first event."""
        log = cls(out, f"{now()}-{os.getpid()}")
        log.append("plan", tasks=list(lines))
        return log

    def append(self, event: str, **facts: object) -> None:
        """Append one event.

        Raises
        ------
        InfrastructureError
            When it cannot be written.
        """
        line = json.dumps(
            {"run": self.run, "event": event, "at": now(), **facts}, ensure_ascii=False, default=str
        )
        with held(self.out, "log"):
            _append(self.out / LOG, line.encode("utf-8", "backslashreplace"))


def _append(path: Path, line: bytes) -> None:
    """One line at the end of a file, after a line that a killed process left without its end."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            broken = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            whole = (b"\n" if broken else b"") + line + b"\n"
            if os.write(handle, whole) != len(whole):
                os.ftruncate(handle, size)
                raise OSError(28, "No space left on device")
        finally:
            os.close(handle)
    except OSError as error:
        raise InfrastructureError(
            f"cannot write {path}: {error.strerror or error}. Free space there."
        ) from None


def events(out: Path) -> Iterator[Mapping[str, Any]]:
    """Events in the order in which they were written; broken lines are passed over."""
    try:
        with (out / LOG).open("rb") as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict) and "event" in event:
                    yield event
    except OSError:
        return


def unfinished(out: Path) -> tuple[str, list[str], set[str]] | None:
    """The last batch, if it did not reach its end: its name, its plan, and the reports that it did bring to an end.

    A batch still at work counts as unfinished too; the lock of each report keeps two from making the same.
    """
    last: Mapping[str, Any] | None = None
    ended: set[str] = set()
    for event in events(out):
        if event["event"] == "plan":
            last, ended = event, set()
        elif last and event.get("run") == last["run"]:
            if event["event"] == "finish":
                last = None
            elif event["event"] == "end" and event.get("status") != "interrupted":
                ended.add(str(event.get("report")))
    return (str(last["run"]), list(last["tasks"]), ended) if last else None


def ended(out: Path, run: str) -> Iterable[Mapping[str, Any]]:
    """Events of reports that a batch brought to an end."""
    return (event for event in events(out) if event["event"] == "end" and event.get("run") == run)
