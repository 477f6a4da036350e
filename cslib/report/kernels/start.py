"""From a bare interpreter to the fork server, and from its forks to kernels."""

from __future__ import annotations

import os
import signal
import sys

from cslib.report.kernels.imports import make_imports
from cslib.report.kernels.place import place_for
from cslib.report.kernels.server import Server

__all__ = ["main"]


def main() -> None:
    """Listen, say so on standard output, make the imports, serve; every fork becomes a kernel."""
    if sys.path[0] == "":  # as ipykernel_launcher does
        del sys.path[0]
    if not _detach():
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    place = place_for(os.environ)
    server = Server(place)
    ready = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    log = os.open(place.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)
    os.close(log)
    os.close(null)
    os.chdir("/")
    os.write(ready, b"listening\n")
    os.close(ready)
    try:
        make_imports()
        if place_for(os.environ) != place:
            sys.exit("cslib changed while it was imported")
    except BaseException:
        place.socket.unlink(missing_ok=True)
        raise
    asked = server.serve()
    if asked is None:
        place.log.unlink(missing_ok=True)
        os._exit(0)  # nothing to clear up, and nobody to wait for it
    from cslib.report.kernels.forked import run

    run(asked)


def _detach() -> bool:
    """Leave the process that started us, by a second fork; true in the one that goes on."""
    if os.fork():
        return False
    os.setsid()
    return True
