"""How much memory and time a report may take, watched from outside its kernel."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import psutil

__all__ = ["Deadline", "MemoryWatch", "default_memory"]

_EVERY: Final = 0.05  # seconds between two looks
_FAMILY: Final = 8  # looks after which it is asked anew what the kernel has started
_ROOM: Final = (
    512 * 2**20
)  # what a kernel may reserve beyond its limit, as allocators reserve more than they use


def default_memory() -> int:
    """Bytes that one report may take where nothing else is said: three quarters of what machine or container have."""
    return min([int(psutil.virtual_memory().total), *_of_container()]) * 3 // 4


def _of_container() -> list[int]:
    """Memory of the control group that a container is; the machine's own tells nothing of it."""
    for place in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = (Path("/sys/fs/cgroup") / place).read_text().strip()
        except OSError:
            continue
        return [int(text)] if text.isdecimal() else []
    return []


class MemoryWatch:
    """Ends the kernel `pid` and what it started once together they hold more than `limit` bytes.

    A thread looks at what is resident, so the machine never gets to swapping; a kernel that asks for far more in one go
    is refused by the operating system where it can be told to, and the cell gets a MemoryError.
    """

    def __init__(self, pid: int | None, limit: int) -> None:
        self.pid, self.limit = (
            pid or 0,
            limit if pid else 0,
        )  # a kernel elsewhere is watched by whoever runs it
        self.exceeded = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name=f"memory of {pid}", daemon=True)

    def __enter__(self) -> MemoryWatch:
        """Start to watch."""
        if self.limit:
            _cap(self.pid, self.limit + _ROOM)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop; `exceeded` is final now."""
        self._stop.set()
        if self.limit:
            self._thread.join()

    def _look(self) -> None:
        looks = 0
        family: list[psutil.Process] = []
        while not self._stop.wait(_EVERY):
            try:
                if looks % _FAMILY == 0:  # to find children is to look at every process there is
                    kernel = psutil.Process(self.pid)
                    family = [kernel, *kernel.children(recursive=True)]
            except psutil.Error:
                return
            looks += 1
            if sum(_resident(process) for process in family) > self.limit:
                self.exceeded = True
                _end(family)
                return


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _end(family: list[psutil.Process]) -> None:
    for process in family:
        try:
            process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
        except psutil.Error:
            continue


def _cap(pid: int, limit: int) -> None:
    """Refuse the process more than `limit` bytes of data, where the system has such a limit for others."""
    if sys.platform == "linux":
        import resource

        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
            top = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.prlimit(pid, resource.RLIMIT_DATA, (top, hard))
        except (ProcessLookupError, PermissionError):
            return


class Deadline:
    """Seconds that a cell may still take, where each has `per_cell` and all together `in_all`; None is no limit."""

    def __init__(self, *, per_cell: float | None, in_all: float | None) -> None:
        self.per_cell, self.in_all = per_cell, in_all
        self._start = time.monotonic()

    def left(self) -> float | None:
        """Seconds for the next cell; never 0, which nbclient takes for no limit."""
        rest = [] if self.in_all is None else [self.in_all - (time.monotonic() - self._start)]
        given = [] if self.per_cell is None else [self.per_cell]
        return max(0.001, min(rest + given)) if rest or given else None

    def passed(self) -> bool:
        """Whether all the time of the report is used up."""
        return self.in_all is not None and time.monotonic() - self._start >= self.in_all
