"""Every program of Jupyter reaches the fork server by a name, and gets an ordinary kernel where none can be forked."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import get_kernel_spec
from jupyter_client.manager import KernelManager, start_new_kernel
from jupyter_client.multikernelmanager import AsyncMultiKernelManager
from traitlets.config import Config

from cslib.report.engine import environment
from cslib.report.kernels.provisioner import ForkedProvisioner

from .conftest import notebook, until


@contextmanager
def kernel(**options: Any) -> Iterator[tuple[KernelManager, BlockingKernelClient]]:
    manager, client = start_new_kernel(kernel_name="cslib", **{"env": environment(), **options})
    try:
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client: BlockingKernelClient, code: str) -> str:
    texts: list[str] = []

    def keep(message: dict[str, Any]) -> None:
        texts.append(message["content"].get("text", "") or message["content"].get("ename", ""))

    client.execute_interactive(code, output_hook=keep, timeout=30)
    return "".join(texts)


def test_the_package_installs_a_kernel_of_that_name() -> None:
    spec = get_kernel_spec("cslib")
    assert spec.display_name == "Python 3 (cslib, warm)"
    assert spec.metadata["kernel_provisioner"]["provisioner_name"] == "cslib"


def test_an_interrupt_stops_the_cell_and_what_it_started_and_nobody_else() -> None:
    with kernel() as (manager, client), kernel() as (other, _):
        assert isinstance(manager.provisioner, ForkedProvisioner)
        assert manager.provisioner.why == ""
        started = client.execute(
            "import subprocess\nprint('go', flush=True)\nsubprocess.run(['sleep', '60'])",
            stop_on_error=False,  # else a kernel may drop what it is asked while it tells of the error
        )
        assert until(lambda: client.get_iopub_msg(timeout=5)["msg_type"] == "stream")
        assert until(lambda: bool(psutil.Process(manager.provisioner.pid).children()))
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=10)
        assert (reply["parent_header"]["msg_id"], reply["content"]["ename"]) == (started, "KeyboardInterrupt")
        assert printed(client, "print(1)") == "1\n"
        assert psutil.Process(manager.provisioner.pid).children() == []
        assert other.is_alive()


def test_a_restart_gives_a_new_kernel_with_nothing_of_the_old() -> None:
    with kernel() as (manager, client):
        first = manager.provisioner.pid
        printed(client, "x = 1")
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=30)
        assert manager.provisioner.pid != first
        assert printed(client, "x") == "NameError"


def test_kernels_started_at_once_have_ports_of_their_own() -> None:
    """JupyterLab talks to its kernels over TCP."""
    with kernel() as (one, first), kernel() as (two, second):
        assert one.get_connection_info()["shell_port"] != two.get_connection_info()["shell_port"]
        assert printed(first, "import os\nprint(os.getpid())") == f"{one.provisioner.pid}\n"
        assert printed(second, "import os\nprint(os.getpid())") == f"{two.provisioner.pid}\n"


def test_the_exit_code_of_a_kernel_is_told() -> None:
    with kernel() as (manager, client):
        client.execute("import os\nos._exit(7)")
        process = manager.provisioner.process
        assert until(lambda: process.poll() is not None)
        assert process.poll() == 7


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"independent": True}, "a forked kernel does not outlive who asked for it"),
        ({"stdout": subprocess.PIPE}, "a forked kernel writes into no pipe of its own"),
        ({"pass_fds": ()}, "a forked kernel cannot be given pass_fds"),
    ],
    ids=["independent", "pipe", "unknown"],
)
def test_what_a_fork_cannot_give_an_ordinary_kernel_gives(options: dict[str, Any], words: str) -> None:
    with kernel(**options) as (manager, client):
        assert words in manager.provisioner.why
        assert printed(client, "print(1)") == "1\n"


def test_without_a_place_for_its_socket_kernels_are_ordinary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with kernel() as (manager, client):
        assert "too long for the path of a socket" in manager.provisioner.why
        assert printed(client, "print(1)") == "1\n"


def test_a_kernel_of_another_program_is_left_to_it() -> None:
    provisioner = ForkedProvisioner(config=Config(), kernel_spec=get_kernel_spec("cslib"), kernel_id="1")
    provisioner.connection_info = {}
    command = ["sleep", "60"]
    asyncio.run(provisioner.launch_kernel(command, env=dict(os.environ)))
    assert provisioner.why == "it is not an ipykernel of this Python: sleep 60"
    asyncio.run(provisioner.kill())
    asyncio.run(provisioner.wait())


WHO = "import os, psutil\nprint('start import main' in ' '.join(psutil.Process(os.getppid()).cmdline()))"


def test_jupyterlab_reaches_it() -> None:
    """By the manager of many kernels that its server runs on."""

    async def ask() -> str:
        managers = AsyncMultiKernelManager()
        name = await managers.start_kernel(kernel_name="cslib", env=environment())
        manager = managers.get_kernel(name)
        try:
            return type(manager.provisioner.process).__name__
        finally:
            await managers.shutdown_kernel(name, now=True)

    assert asyncio.run(ask()) == "Forked"


@pytest.mark.parametrize("way", ["papermill", "nbconvert", "nbval"])
def test_it_is_reached_from_everywhere(way: str, tmp_path: Path) -> None:
    """papermill and nbconvert by the kernel's name; nbval, which knows no option for it, by Jupyter's own default."""
    cells = notebook(WHO)
    cells.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells.cells[0].outputs = [nbformat.v4.new_output("stream", name="stdout", text="True\n")]
    cells.cells[0].execution_count = 1
    nbformat.write(cells, tmp_path / "in.ipynb")
    run = {
        "papermill": ["papermill", "-k", "cslib", "--no-progress-bar", "in.ipynb", "out.ipynb"],
        "nbconvert": [
            *("jupyter", "nbconvert", "--execute", "--ExecutePreprocessor.kernel_name=cslib"),
            *("--to", "notebook", "in.ipynb", "--output", "out.ipynb"),
        ],
        "nbval": ["pytest", "--nbval", "-q", "-p", "no:cacheprovider", "in.ipynb"],
    }[way]
    env = environment()
    env.pop("PYTEST_CURRENT_TEST", None)
    if way == "nbval":
        env["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "cslib"
    script = Path(sys.executable).with_name(run[0])
    done = subprocess.run(
        [script, *run[1:]], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if way != "nbval":
        outputs = json.loads((tmp_path / "out.ipynb").read_text())["cells"][0]["outputs"]
        assert outputs[0]["text"] == ["True\n"]
