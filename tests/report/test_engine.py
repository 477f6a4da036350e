"""What papermill's engine hook repairs; the common cases are tested through `run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
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


def test_a_cell_that_hangs_is_stopped(tmp_path: Path) -> None:
    executed, failure = execute(notebook("1", "while True: pass"), folder=tmp_path, timeout=1)
    assert failure == Failure("kernel", 2, "CellTimeoutError", "no answer within 1 s")
    assert [cell.metadata.papermill.status for cell in executed.cells] == ["completed", "failed"]


def test_a_kernel_that_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    executed, failure = execute(notebook("1"), folder=tmp_path)
    assert failure is not None
    assert (failure.kind, failure.cell) == ("kernel", 0)
    assert str(failure).startswith("The kernel did not start: ")
    assert executed.cells[0].metadata.papermill.status == "pending"
