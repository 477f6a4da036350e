"""What papermill's engine hook repairs; the common cases are tested through `run`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

from cslib.report.engine import Failure, execute


def notebook(*sources: str) -> Any:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_the_kernel_is_this_python_in_the_folder_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever kernel the user has installed under the name, and whatever lies beside the data."""
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["false"], "display_name": "trap", "language": "python"}')
    (tmp_path / "startup.py").write_text("raise SystemExit")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    before = Path.cwd()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "colorsys.py").write_text("raise RuntimeError('imported from beside the data')")
    seen: list[tuple[int, int]] = []
    executed, failure = execute(
        notebook("import colorsys, os, sys\nprint(sys.executable, os.getcwd())", ""),
        folder=tmp_path / "data",
        on_cell=lambda index, n: seen.append((index, n)),
    )
    assert failure is None
    assert executed.cells[0].outputs[0].text == f"{sys.executable} {tmp_path / 'data'}\n"
    assert seen == [(0, 2), (1, 2)]
    assert Path.cwd() == before


def test_a_cell_that_leaves_has_failed(tmp_path: Path) -> None:
    """papermill takes sys.exit(0) for success and skips the rest."""
    executed, failure = execute(notebook("import sys\nsys.exit(0)", "1"), folder=tmp_path)
    assert failure == Failure("cell", 1, "SystemExit", "the cell ended the run")
    assert [cell.metadata.papermill.status for cell in executed.cells] == ["failed", "pending"]


def statuses(executed: Any) -> list[str]:
    return [cell.metadata.papermill.status for cell in executed.cells]


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "ordinary"])
def test_a_kernel_that_is_killed(warm: bool, tmp_path: Path) -> None:
    """Later cells stay pending, the cell says what happened; papermill alone would call all of them completed."""
    cells = notebook("print('so far')", "import os\nprint('here')\nos.kill(os.getpid(), 9)", "1")
    executed, failure = execute(cells, folder=tmp_path, warm=warm)
    assert failure == Failure("kernel", 2, "DeadKernelError", "the kernel died (killed by SIGKILL)")
    assert (failure.fate, failure.passing) == ("died", True)
    assert statuses(executed) == ["completed", "failed", "pending"]
    assert executed.cells[0].outputs[0].text == "so far\n"
    assert executed.cells[1].outputs[-1].evalue == "the kernel died (killed by SIGKILL)"


def test_a_cell_that_ends_its_process(tmp_path: Path) -> None:
    _, failure = execute(notebook("import os\nos._exit(3)"), folder=tmp_path)
    assert failure == Failure("kernel", 1, "DeadKernelError", "the kernel died (it left with exit code 3)")


@pytest.mark.parametrize(
    "loop",
    [
        "while True: pass",
        "import time\nwhile True:\n    try:\n        time.sleep(9)\n    except KeyboardInterrupt:\n        pass",
    ],
    ids=["busy", "deaf to interrupts"],
)
def test_a_cell_that_hangs_is_stopped(loop: str, tmp_path: Path) -> None:
    executed, failure = execute(
        notebook("import os\nprint(os.getpid())", loop, "1"), folder=tmp_path, timeout=1
    )
    assert failure == Failure("kernel", 2, "CellTimeoutError", "no answer within 1 s")
    assert (failure.fate, failure.passing) == ("timed out", False)
    assert statuses(executed) == ["completed", "failed", "pending"]
    assert not psutil.pid_exists(int(executed.cells[0].outputs[0].text))


def test_a_report_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """No cell hangs; all together they take more than the report may."""
    cells = notebook(*["import time\ntime.sleep(0.4)"] * 5)
    executed, failure = execute(cells, folder=tmp_path, timeout=60, time_limit=1)
    assert failure is not None
    assert (failure.name, failure.message) == ("TimeLimitError", "the report took longer than 1 s")
    assert failure.fate == "timed out"
    assert statuses(executed)[-1] == "pending"


EATER = (
    "import time\nheld = []\nwhile True:\n    held.append(bytearray(b'x') * 20_000_000)\n    time.sleep(0.05)"
)


@pytest.mark.parametrize("warm", [True, False], ids=["warm", "ordinary"])
def test_a_cell_that_eats_memory_is_stopped(warm: bool, tmp_path: Path) -> None:
    executed, failure = execute(
        notebook("1", EATER, "1"), folder=tmp_path, memory_limit=700 * 10**6, warm=warm
    )
    words = "the report took more than 700 MB of memory"
    assert failure is not None
    assert statuses(executed) == ["completed", "failed", "pending"]
    if failure.name == "MemoryError":  # the kernel's own limit was reached before the watcher looked
        return
    assert failure == Failure("kernel", 2, "MemoryLimitError", words)
    assert (failure.fate, failure.passing) == ("out of memory", False)
    assert executed.cells[1].outputs[-1].evalue == words


def test_memory_that_a_cell_lets_another_process_eat_is_counted(tmp_path: Path) -> None:
    cell = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {EATER!r}])"
    _, failure = execute(notebook(cell), folder=tmp_path, memory_limit=700 * 10**6)
    assert failure is not None
    assert failure.name == "MemoryLimitError"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us limit another process")
def test_more_memory_than_there_may_be_is_refused_at_once(tmp_path: Path) -> None:
    executed, failure = execute(
        notebook("x = bytearray(b'x') * 20 * 10**9"), folder=tmp_path, memory_limit=700 * 10**6
    )
    assert failure is not None
    assert (failure.kind, failure.name, failure.fate) == ("cell", "MemoryError", "out of memory")
    assert executed.cells[0].outputs[0].ename == "MemoryError"


def test_an_interrupted_kernel(tmp_path: Path) -> None:
    cell = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)"
    executed, failure = execute(notebook(cell, "1"), folder=tmp_path)
    assert failure is not None
    assert (failure.kind, failure.cell, failure.name, failure.fate) == (
        "cell",
        1,
        "KeyboardInterrupt",
        "failed",
    )
    assert statuses(executed) == ["failed", "pending"]


def test_an_interrupted_run_leaves_no_kernel(tmp_path: Path) -> None:
    """Ctrl-C: the exception reaches the caller, the kernel is gone."""
    runner = """\
import sys
from pathlib import Path
import nbformat
from cslib.report.engine import execute
cell = "import os, time\\nfrom pathlib import Path\\nPath('part').write_text(str(os.getpid()))\\nPath('part').rename('pid')\\ntime.sleep(60)"
try:
    execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]), folder=Path(sys.argv[1]))
except KeyboardInterrupt:
    print("interrupted")
"""
    process = subprocess.Popen([sys.executable, "-c", runner, str(tmp_path)], stdout=subprocess.PIPE)
    end = time.monotonic() + 30
    while not (tmp_path / "pid").exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[0] == b"interrupted\n"
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


def test_a_syntax_error(tmp_path: Path) -> None:
    executed, failure = execute(notebook("1", "def f(:", "1"), folder=tmp_path)
    assert failure is not None
    assert (failure.kind, failure.cell, failure.name, failure.fate) == ("cell", 2, "SyntaxError", "failed")
    assert statuses(executed) == ["completed", "failed", "pending"]


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_run_outlives_its_fork_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 of the server in the middle: the report goes on. That the next one finds a new server: test_client."""
    monkeypatch.setenv("CSLIB_OWN", "killed")  # a server that no other test uses
    cells = notebook(
        f"import os\nassert os.getppid() != {os.getpid()}, 'no fork server'\nprint(os.getppid())\nos.kill(os.getppid(), 9)",
        "import pandas\nprint(pandas.Series([1]).sum())",
    )
    executed, failure = execute(cells, folder=tmp_path)
    assert failure is None
    assert executed.cells[1].outputs[0].text == "1\n"
    server = int(executed.cells[0].outputs[0].text)
    assert not psutil.pid_exists(server) or psutil.Process(server).status() == psutil.STATUS_ZOMBIE


def test_a_kernel_that_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    executed, failure = execute(notebook("1"), folder=tmp_path)
    assert failure is not None
    assert (failure.kind, failure.cell) == ("kernel", 0)
    assert str(failure).startswith("The kernel did not start: ")
    assert executed.cells[0].metadata.papermill.status == "pending"


def papermill(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("papermill")
    command = [script, "--engine", "cslib", "--no-progress-bar", "in.ipynb", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_papermill_finds_the_engine_and_leaves_the_same_bytes_each_time(tmp_path: Path) -> None:
    cells = notebook("top = 1", "import os\nprint(top, os.getcwd())\nobject()")
    cells.cells[0].metadata["tags"] = ["parameters"]
    cells.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(cells, tmp_path / "in.ipynb")
    for name in ("one.ipynb", "two.ipynb"):
        done = papermill(tmp_path, name, "-p", "top", "3")
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.ipynb").read_bytes() == (tmp_path / "two.ipynb").read_bytes()
    executed = nbformat.read(tmp_path / "one.ipynb", 4)
    assert executed.cells[2].outputs[0].text == "3 .\n"
    assert executed.metadata.papermill.parameters == {"top": 3}
    assert sorted(path.name for path in tmp_path.glob("*")) == ["in.ipynb", "one.ipynb", "two.ipynb"]


def test_papermill_tells_the_truth_about_a_dead_kernel(tmp_path: Path) -> None:
    cells = notebook("1", "import os\nos._exit(1)", "2")
    cells.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(cells, tmp_path / "in.ipynb")
    assert papermill(tmp_path, "out.ipynb").returncode != 0
    executed = nbformat.read(tmp_path / "out.ipynb", 4)
    assert statuses(executed) == ["completed", "failed", "pending"]
    assert executed.cells[1].outputs[0].evalue == "the kernel died (it left with exit code 1)"
    assert executed.metadata.papermill.exception is True
