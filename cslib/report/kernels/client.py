"""Asking the fork server for a kernel, starting it where there is none, and giving it back."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import reduction
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any, Final

from cslib.report.kernels.place import NoForkError, Place, place_for, server_environment, why_not

__all__ = ["Forked", "end", "fork", "lease"]

_PATIENCE: Final = 60.0  # seconds for the server's imports


class Forked:
    """A forked kernel, with the part of `subprocess.Popen` that jupyter_client uses."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, line: Connection) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:  # it has ended already, and the server has seen it
            self._handle = -1

    def poll(self) -> int | None:
        """Exit code, negative for a signal; None while it runs. Its server being gone, -9."""
        if self.returncode is None and (self._handle < 0 or _readable(self._handle, 0.0)):
            try:
                said = json.loads(self._line.recv_bytes()) if _readable(self._line.fileno(), 1.0) else {}
            except (EOFError, OSError):
                said = {}
            self.returncode = int(said.get("status", -signal.SIGKILL))
            self._line.close()
            if self._handle >= 0:
                os.close(self._handle)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit code, once it has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            After `timeout` seconds.
        """
        if self.returncode is None and self._handle >= 0 and not _readable(self._handle, timeout):
            raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, signum: int) -> None:
        """Signal to the kernel alone, if it still runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, signum)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def fork(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    out: int,
    err: int,
    linger: float,
    held: bytes = b"",
) -> Forked:
    """Fork a kernel with the arguments `argv`, writing to the open files `out` and `err`.

    `held` is what was read of a company (:func:`cslib.sources.held.packed`), so that the kernel need not read it again.

    Raises
    ------
    NoForkError
        When the server cannot be reached or started, or does not fork.
    """
    asked = {
        "ask": "kernel",
        "argv": list(argv),
        "env": dict(env),
        "cwd": cwd,
        "umask": _umask(),
        "nice": os.getpriority(os.PRIO_PROCESS, os.getpid()),  # ours, not this thread's
        "cpus": sorted(os.sched_getaffinity(os.getpid())),
        "linger": linger,
        "held": bool(held),
    }
    if not held:
        line, said = _answer(asked, env=env, handles=(out, err))
        return Forked(int(said["pid"]), line)
    with os.fdopen(os.memfd_create("cslib"), "wb") as memory:  # on no disk, and gone with its last reader
        memory.write(held)
        memory.flush()
        line, said = _answer(asked, env=env, handles=(out, err, memory.fileno()))
    return Forked(int(said["pid"]), line)


@contextmanager
def lease(environment: Mapping[str, str]) -> Iterator[None]:
    """Keep a server for kernels that get `environment`; when given back it ends, unless others still use it.

    Starting it takes a moment and no wait: it makes its imports while the caller goes on. Where kernels cannot be
    forked this does nothing, as ordinary ones will be started.
    """
    try:
        line: Connection | None = _ask({"ask": "lease"}, env=environment)
    except NoForkError:
        line = None
    try:
        yield
    finally:
        if line:
            with suppress(OSError):  # it may be gone already
                line.send_bytes(b'{"ask": "return"}')
            line.close()


def end(environment: Mapping[str, str]) -> None:
    """Ask the server for `environment`, if there is one, to end with its last kernel; new kernels get another one."""
    with suppress(OSError, EOFError):
        line = _connect(place_for(environment))
        line.send_bytes(b'{"ask": "end"}')
        if _readable(line.fileno(), _PATIENCE):
            line.recv_bytes()
        line.close()


def _answer(
    asked: Mapping[str, Any], *, env: Mapping[str, str], handles: Sequence[int]
) -> tuple[Connection, dict[str, Any]]:
    """Line and answer to a request."""
    for last in (False, True):  # a server may end between our hello and its answer
        line = _ask(asked, env=env, handles=handles)
        try:
            if not _readable(line.fileno(), _PATIENCE):
                raise NoForkError(f"the fork server did not answer within {_PATIENCE:.0f} s")
            said = json.loads(line.recv_bytes())
        except (EOFError, OSError):
            line.close()
            words = _last_words(place_for(env))
            if last or words:
                raise NoForkError(f"the fork server ended: {words}") from None
            continue
        if "refused" in said:
            line.close()
            raise NoForkError(said["refused"])
        return line, said
    raise AssertionError("the loop returns or raises")


def _ask(asked: Mapping[str, Any], *, env: Mapping[str, str], handles: Sequence[int] = ()) -> Connection:
    """Line on which a request has been sent, to a server started for it where there was none."""
    if words := why_not():
        raise NoForkError(words)
    try:
        line = _connect_or_start(place_for(env), server_environment(env))
        line.send_bytes(json.dumps(asked).encode())
        for handle in handles:
            reduction.send_handle(line, handle, None)
    except OSError as error:
        raise NoForkError(f"no fork server: {error}") from None
    return line


def _connect(place: Place) -> Connection:
    line = Client(str(place.socket), family="AF_UNIX")
    assert isinstance(line, Connection)
    return line


def _connect_or_start(place: Place, environment: Mapping[str, str]) -> Connection:
    import fcntl  # not on Windows, where this file is imported all the same

    with suppress(FileNotFoundError, ConnectionRefusedError):
        return _connect(place)
    with place.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of many workers one starts it
        with suppress(FileNotFoundError, ConnectionRefusedError):
            return _connect(place)
        place.socket.unlink(missing_ok=True)
        _start(place, environment)
        return _connect(place)


def _start(place: Place, environment: Mapping[str, str]) -> None:
    """Start the server; it listens when this returns, and leaves us by a second fork, so it is nobody's child."""
    said = subprocess.run(
        [sys.executable, "-c", "from cslib.report.kernels.start import main; main()"],
        env=dict(environment),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=_PATIENCE,
    )
    if said.stdout != b"listening\n":
        words = said.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise OSError(f"it did not start: {''.join(words) or _last_words(place)}")


def _readable(handle: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def _last_words(place: Place) -> str:
    try:
        return "".join(place.log.read_text(errors="replace").strip().splitlines()[-1:])
    except OSError:
        return ""


def _umask() -> int:
    """Mask of this process; `os.umask` can only tell it by changing it, for other threads too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Umask:")).split()[1], 8)
