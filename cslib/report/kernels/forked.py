"""A fork of the server becomes the kernel that was asked for, with nothing of the server left to see."""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import threading
import time

from ipykernel.kernelapp import IPKernelApp

from cslib.report.kernels.server import Asked
from cslib.sources import held

__all__ = ["run"]


def run(asked: Asked) -> None:
    """Be the kernel until it ends. Returns, so that the interpreter ends as any other does."""
    os.setsid()  # its own group, so that an interrupt reaches it and what it started, and nobody else
    _streams(asked)
    os.environ.clear()
    os.environ.update(asked.env)
    time.tzset()
    os.chdir(asked.cwd)
    os.umask(asked.umask)
    os.sched_setaffinity(0, asked.cpus)
    if (higher := asked.nice - os.getpriority(os.PRIO_PROCESS, 0)) > 0:
        os.nice(higher)
    _new_chance()
    if asked.held >= 0:
        with os.fdopen(asked.held, "rb") as memory:
            memory.seek(0)
            held.accept(memory.read())
    threading.Thread(target=_watch, args=(asked.line.fileno(),), name="line", daemon=True).start()
    sys.argv = ["ipykernel_launcher", *asked.argv]
    try:
        # 1 is the parent that ipykernel does not poll for: the line says who wants us
        IPKernelApp.launch_instance(argv=asked.argv, parent_handle=1)
    finally:
        gc.unfreeze()  # what is never collected is reported as leaked at the end


def _streams(asked: Asked) -> None:
    for target, source in ((1, asked.out), (2, asked.err)):
        os.dup2(source, target)
        os.close(source)
    words = sys.stdout.encoding
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding=words, closefd=False)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", encoding=words, errors="backslashreplace", closefd=False)  # type: ignore[misc]


def _new_chance() -> None:
    """Seed numpy's global generator anew, or all kernels would draw the same; Python's own reseeds at a fork."""
    if (generator := sys.modules.get("numpy.random")) is not None:
        generator.seed()


def _watch(line: int) -> None:
    """End this kernel and what it started once nobody wants it; the server, which also would, may be gone."""
    poll = select.poll()
    poll.register(line, select.POLLRDHUP)
    poll.poll()
    os.killpg(0, signal.SIGKILL)
