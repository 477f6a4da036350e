"""One fork server for the whole session: it takes seconds to make its imports, its kernels take a moment."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from cslib.report.engine import environment, execute
from cslib.report.kernels.client import lease
from cslib.report.kernels.place import Place, place_for, why_not

if why_not():
    collect_ignore_glob = ["test_*.py"]  # nothing is forked here; test_engine runs on ordinary kernels

# A server without the imports: quick to start, and nobody else's.
BARE = """\
import os, sys
from cslib.report.kernels.place import place_for
from cslib.report.kernels.server import Server
{before}
server = Server(place_for(os.environ))
print("listening", flush=True)
asked = server.serve()
if asked:
    from cslib.report.kernels.forked import run
    run(asked)
"""


@pytest.fixture(scope="session", autouse=True)
def warm() -> Iterator[None]:
    with lease(environment()):
        yield


@pytest.fixture
def bare(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A bare server of this test's own, and the environment that leads to it."""
    before = getattr(request, "param", "")
    env = {**environment(), "CSLIB_OWN": request.node.name}
    process = subprocess.Popen(
        [sys.executable, "-c", BARE.format(before=before)], env=env, stdout=subprocess.PIPE, cwd="/"
    )
    assert process.stdout
    assert process.stdout.readline() == b"listening\n"
    yield process, env
    process.kill()
    process.wait()
    process.stdout.close()
    clear(place_for(env))


def clear(place: Place) -> None:
    for path in (place.socket, place.log):
        path.unlink(missing_ok=True)


def notebook(*sources: str) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def said(source: str, folder: Path, *, warm: bool = True) -> str:
    """What a cell prints, run in a kernel of its own."""
    executed, failure = execute(notebook(source), folder=folder, warm=warm)
    assert failure is None, failure
    text: str = executed.cells[0].outputs[0].text
    return text


def until(holds: Callable[[], bool], *, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return held


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def inodes(pid: int) -> set[str]:
    """Sockets that a process holds."""
    targets = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return {target for target in targets if target.startswith("socket:")}
