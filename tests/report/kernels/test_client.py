"""Asking for a kernel: one server is started and shared, replaced when it is gone, and given back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cslib.report.engine import environment
from cslib.report.kernels.client import Forked, end, fork, lease
from cslib.report.kernels.place import NoForkError, place_for

from .conftest import alive, clear, notebook, said, until

Bare = tuple[subprocess.Popen[bytes], dict[str, str]]


def ask(env: dict[str, str], *, linger: float = 0.0) -> Forked:
    """A kernel without a connection file: it starts, and waits for somebody to talk to."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        return fork([], env=env, cwd="/", out=null, err=null, linger=linger)
    finally:
        os.close(null)


def test_kernels_share_a_server(tmp_path: Path) -> None:
    one, two = (said("import os\nprint(os.getpid(), os.getppid())", tmp_path).split() for _ in range(2))
    assert one[0] != two[0]
    assert one[1] == two[1]
    assert psutil.Process(int(one[1])).ppid() != os.getpid()  # nobody's child: it can outlive a worker


def test_a_kernel_can_be_waited_for_and_killed(bare: Bare) -> None:
    kernel = ask(bare[1])
    assert kernel.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        kernel.wait(0.01)
    kernel.terminate()
    assert kernel.wait(5) == -signal.SIGTERM
    kernel.kill()  # no error, and nobody else's process
    assert not alive(kernel.pid)


def test_the_exit_of_a_kernel_is_known_without_its_server(bare: Bare) -> None:
    server, env = bare
    kernel = ask(env)
    server.kill()
    server.wait()
    assert kernel.poll() is None  # it goes on
    kernel.kill()
    assert kernel.wait(5) == -signal.SIGKILL


def test_no_zombies_are_left(bare: Bare) -> None:
    server, env = bare
    kernels = [ask(env) for _ in range(3)]
    for kernel in kernels:
        kernel.kill()
        kernel.wait(5)
    assert psutil.Process(server.pid).children() == []


def test_a_server_ends_when_the_last_lease_is_given_back(bare: Bare) -> None:
    server, env = bare
    with lease(env):
        with lease(env):
            pass
        assert server.poll() is None
        kernel = ask(env, linger=60)
        kernel.kill()
        kernel.wait(5)
    assert server.wait(5) == 0
    assert not place_for(env).socket.exists()


def test_a_server_ends_when_it_has_been_idle(bare: Bare) -> None:
    server, env = bare
    psutil.Process(server.pid)
    with lease(env):
        kernel = ask(env, linger=0.2)
    kernel.kill()
    assert server.wait(5) == 0


def test_a_lease_left_by_a_killed_batch_holds_nothing(bare: Bare) -> None:
    server, env = bare
    batch = "import os, sys\nfrom cslib.report.kernels.client import lease\nwith lease(os.environ):\n    print('held', flush=True)\n    sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", batch], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    process.kill()
    process.communicate()
    with lease(env):
        pass
    assert server.wait(5) == 0


def test_a_server_asked_to_end_lets_its_kernels_finish(bare: Bare) -> None:
    server, env = bare
    kernel = ask(env)
    end(env)
    assert not place_for(env).socket.exists()
    assert kernel.poll() is None
    kernel.kill()
    assert server.wait(5) == 0
    end(env)  # none: no error


@pytest.mark.parametrize(
    "bare",
    ["import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()"],
    indirect=True,
)
def test_nothing_is_forked_while_threads_are_alive(bare: Bare) -> None:
    with pytest.raises(NoForkError, match=r"^threads are alive in the fork server: python"):
        ask(bare[1])


def test_a_dead_server_is_replaced(bare: Bare, tmp_path: Path) -> None:
    """Its socket lies there still; the next kernel comes from a new server, that of many askers one has started."""
    server, env = bare
    server.kill()
    server.wait()
    assert place_for(env).socket.exists()
    asker = "import os\nfrom cslib.report.kernels.client import fork\nkernel = fork([], env=os.environ, cwd='/', out=1, err=2, linger=5.0)\nimport psutil\nprint(psutil.Process(kernel.pid).ppid())"
    askers = [
        subprocess.Popen([sys.executable, "-c", asker], env=env, stdout=subprocess.PIPE) for _ in range(3)
    ]
    parents = {process.communicate(timeout=60)[0] for process in askers}
    assert len(parents) == 1
    new = int(parents.pop())
    assert new != server.pid
    end(env)
    assert until(lambda: not alive(new))
    assert not list(
        place_for(env).socket.parent.glob(f"{place_for(env).socket.name}*")
    )  # it leaves no litter


def test_a_server_that_cannot_start_is_no_error_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its last words say why: a package that cannot be imported, as while it is being edited."""
    env = {**environment(), "CSLIB_OWN": "broken", "PYTHONPATH": os.devnull, "PYTHONHOME": os.devnull}
    with pytest.raises(NoForkError, match=r"no fork server: it did not start: "):
        ask(env)
    with lease(env):
        pass
    clear(place_for(env))


def test_a_cell_may_not_take_the_server_down(tmp_path: Path) -> None:
    parent = said("import os\nprint(os.getppid())", tmp_path)
    from cslib.report.engine import execute

    _, failure = execute(notebook("import os\nos.killpg(0, 9)"), folder=tmp_path)
    assert failure is not None
    assert said("import os\nprint(os.getppid())", tmp_path) == parent
