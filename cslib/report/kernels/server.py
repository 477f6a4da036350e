"""The fork server: one thread that has made the imports and turns copies of itself into kernels.

A connection is a kernel, or a lease, for as long as it is open: who asked for a kernel and is gone wants it no more.
"""

from __future__ import annotations

import fcntl
import json
import os
import selectors
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path
from socketserver import BaseRequestHandler, UnixStreamServer
from typing import Any, Final

from cslib.report.kernels.imports import threads
from cslib.report.kernels.place import Place

__all__ = ["Asked", "Server"]

_FIRST: Final = 30.0  # seconds that a server waits for its first request


@dataclass(frozen=True)
class Asked:
    """What a fork is to become: a kernel with these arguments, in this place, writing to these two files.

    `line` is open for as long as anyone wants the kernel; `held` is what was read for it, an open file or -1.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: str
    umask: int
    nice: int
    cpus: list[int]
    out: int
    err: int
    line: Connection
    held: int = -1


class Server:
    """Listens at a place until it is idle, asked to end, or no longer of the state that its name says."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.listener = UnixStreamServer(str(place.socket), BaseRequestHandler)
        place.socket.chmod(0o600)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener.fileno(), selectors.EVENT_READ, self._greet)
        self.kernels: dict[int, tuple[int, Connection]] = {}  # pidfd -> pid, connection
        self.open: dict[Connection, float] = {}  # and the seconds to linger after it
        self.until = time.monotonic() + _FIRST
        self.ending = False
        self.become: Asked | None = None

    def serve(self) -> Asked | None:
        """Serve until the end, and return None; in every fork, return at once with what it is to be."""
        while not (self.ending and not self.kernels):
            busy = bool(self.open)
            wait = None if busy else max(0.0, self.until - time.monotonic())
            events = self.selector.select(wait)
            if not events and not busy and self._leave():
                return None
            for key, _ in events:
                key.data(key)
                if self.become:
                    return self.become
        self._leave()
        return None

    def _greet(self, _: Any) -> None:
        stream, _address = self.listener.get_request()
        line = Connection(stream.detach())
        self.open[line] = 0.0
        self.selector.register(line.fileno(), selectors.EVENT_READ, lambda key: self._hear(line))

    def _hear(self, line: Connection) -> None:
        try:
            asked = json.loads(line.recv_bytes())
            if asked["ask"] == "end":
                self.ending = True
                self._stop_listening()
                line.send_bytes(b"{}")
            elif asked["ask"] == "return":
                self._drop(line)
                self.until = time.monotonic()
            elif asked["ask"] == "kernel":
                self._fork(asked, line)
        except (EOFError, OSError):
            self._drop(line)

    def _fork(self, asked: dict[str, Any], line: Connection) -> None:
        out, err = reduction.recv_handle(line), reduction.recv_handle(line)
        held = reduction.recv_handle(line) if asked.get("held") else -1
        given = [handle for handle in (out, err, held) if handle >= 0]
        alive = threads()
        if alive or self.ending:
            words = f"threads are alive in the fork server: {', '.join(alive)}" if alive else "it is ending"
            line.send_bytes(json.dumps({"refused": words}).encode())
            _close(given)
            return
        self.open[line] = float(asked["linger"])
        pid = os.fork()
        if pid == 0:
            self._forget(line)
            wanted = {key: asked[key] for key in ("argv", "env", "cwd", "umask", "nice", "cpus")}
            self.become = Asked(**wanted, out=out, err=err, line=line, held=held)
            return
        _close(given)
        handle = os.pidfd_open(pid)
        self.kernels[handle] = (pid, line)
        self.selector.register(handle, selectors.EVENT_READ, self._bury)
        line.send_bytes(json.dumps({"pid": pid}).encode())

    def _bury(self, key: selectors.SelectorKey) -> None:
        pid, line = self.kernels.pop(key.fd)
        self.selector.unregister(key.fd)
        os.close(key.fd)
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):  # perhaps nobody asks any more
            line.send_bytes(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())
        self._drop(line)

    def _drop(self, line: Connection) -> None:
        """Forget a connection that has ended; its kernel, if it lives, is wanted by nobody."""
        if line in self.open:
            self.until = max(self.until, time.monotonic() + self.open.pop(line))
            self.selector.unregister(line.fileno())
            for pid, other in self.kernels.values():
                if other is line:
                    _kill_group(pid)
            line.close()

    def _stop_listening(self) -> None:
        if self.listener.fileno() in self.selector.get_map():
            self.selector.unregister(self.listener.fileno())
            self.place.socket.unlink(missing_ok=True)
            self.listener.server_close()

    def _leave(self) -> bool:
        """Unlink the socket, unless somebody is just now connecting to it."""
        with _locked(self.place.lock) as mine:
            if not mine or (not self.ending and self.selector.select(0)):
                self.until = time.monotonic() + 1.0
                return False
            if not self.ending:
                self._stop_listening()
            return True

    def _forget(self, own: Connection) -> None:
        """In a fork: close everything that belongs to the server."""
        self.selector.close()
        self.listener.server_close()
        for handle in self.kernels:
            os.close(handle)
        for line in self.open.keys() - {own}:
            line.close()


def _close(handles: list[int]) -> None:
    for handle in handles:
        os.close(handle)


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)  # forked, and not yet the head of its group


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
