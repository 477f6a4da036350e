"""A notebook executed by papermill, through papermill's own engine hook, and what became of it.

Repaired here: a dead kernel is recorded as dead, the working directory reaches the kernel without a chdir,
nothing is saved between cells, and the kernel is this very Python whatever kernels are installed.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import ERROR_MARKER_TAG, execute_notebook

__all__ = ["ENGINE", "Failure", "OnCell", "execute"]

ENGINE: Final = "cslib"
_IPC_LIMIT: Final = 90  # a socket's path may hold about 107 bytes

Notebook = Any  # nbformat's NotebookNode
OnCell = Callable[[int, int], None]


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not reach its end.

    `kind` is ``cell`` when a cell raised, ``kernel`` when the kernel died, did not start or did not answer
    in time, ``file`` when a page could not be made. `cell` counts the cells of the executed notebook from 1;
    0 when it is about none.
    """

    kind: Literal["cell", "kernel", "file"]
    cell: int
    name: str
    message: str

    def __str__(self) -> str:
        """Words for the page and the terminal.

        >>> str(Failure("cell", 5, "ZeroDivisionError", "division by zero"))
        'Cell 5 stopped with ZeroDivisionError: division by zero'
        """
        if self.kind == "file":
            return f"All cells ran, but a file could not be made: {self.message} ({self.name})"
        if self.kind == "kernel" and not self.cell:
            return f"The kernel did not start: {self.message}"
        return f"Cell {self.cell} stopped with {self.name}: {self.message}"


class _ThisPython(KernelSpecManager):
    """One kernel, this interpreter: no kernel or setting of the user changes a report."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[
                *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                "--InteractiveShellApp.ignore_cwd=True",  # a random.py beside the data is not ours to import
                "--InteractiveShell.colors=nocolor",
            ],
            display_name="Python 3 (ipykernel)",
            language="python",
            metadata={},
        )


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells in order and leaves those after a failure pending."""

    on_cell: OnCell | None = None

    def papermill_execute_cells(self) -> None:
        for index, cell in enumerate(self.nb.cells):
            if self.on_cell:
                self.on_cell(index, len(self.nb.cells))
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                return
            except BaseException as error:
                self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                raise
            self.nb_man.cell_complete(cell, cell_index=index)


class CslibEngine(Engine):  # type: ignore[misc]
    """Papermill engine of cslib; keyword arguments of `execute_notebook` that papermill lacks arrive here."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        folder: Path,
        held: list[Notebook],
        on_cell: OnCell | None = None,
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **_: object,
    ) -> None:
        """Execute the notebook in `folder`; `held` receives it, as papermill drops it when it raises."""
        held.append(nb_man.nb)
        with tempfile.TemporaryDirectory(prefix="cslib-", ignore_cleanup_errors=True) as temporary:
            client = _Client(
                nb_man,
                km=_manager(Path(temporary), kernel_name),
                timeout=execution_timeout,
                startup_timeout=start_timeout,
                record_timing=False,
                coalesce_streams=True,
                resources={"metadata": {"path": str(folder)}},
            )
            client.on_cell = on_cell
            said = Path(temporary) / "kernel.log"
            with said.open("wb") as log:  # the terminal is ours
                try:
                    client.execute(cleanup_kc=True, env=_environment(Path(temporary)), stdout=log, stderr=log)
                except DeadKernelError:
                    raise
                except RuntimeError as error:  # it did not start, and its last words may say why
                    last = said.read_text(errors="replace").strip().splitlines()[-1:]
                    raise RuntimeError(": ".join([str(error), *last])) from error


papermill_engines.register(ENGINE, CslibEngine)
for _name in ("papermill", "traitlets"):  # what they would log is in the record
    logging.getLogger(_name).addHandler(logging.NullHandler())


def _manager(temporary: Path, kernel_name: str) -> AsyncKernelManager:
    connection = str(temporary / "kernel.json")
    local = os.name == "posix" and len(connection.encode()) < _IPC_LIMIT
    return AsyncKernelManager(
        kernel_name=kernel_name,
        kernel_spec_manager=_ThisPython(),
        connection_file=connection,
        transport="ipc" if local else "tcp",  # no port to race for, nothing to connect to from outside
    )


def _environment(temporary: Path) -> dict[str, str]:
    """The kernel's environment: ours, with everything that could change a report's bytes pinned."""
    return {
        **os.environ,
        "IPYTHONDIR": str(temporary),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TZ": "UTC",
    }


def execute(
    notebook: Notebook, *, folder: Path, on_cell: OnCell | None = None, timeout: int | None = None
) -> tuple[Notebook, Failure | None]:
    """Executed copy of `notebook`, and why it did not reach its end, if so.

    Parameters
    ----------
    notebook : NotebookNode
        With its parameters already injected.
    folder : Path
        Where the kernel runs.
    on_cell : callable, optional
        Called with the index and number of cells before each cell.
    timeout : int, optional
        Seconds that one cell may take.
    """
    held: list[Notebook] = []
    failure: Failure | None = None
    try:
        execute_notebook(
            notebook,
            None,
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            folder=folder,
            held=held,
            on_cell=on_cell,
            execution_timeout=timeout,
        )
    except PapermillExecutionError as error:
        failure = Failure("cell", _failed_cell(held[0]), error.ename, error.evalue)
    except DeadKernelError:
        failure = Failure("kernel", _failed_cell(held[0]), "DeadKernelError", "the kernel died")
    except CellTimeoutError:
        failure = Failure(
            "kernel", _failed_cell(held[0]), "CellTimeoutError", f"no answer within {timeout} s"
        )
    except (RuntimeError, OSError) as error:  # what jupyter_client raises when a kernel does not start
        failure = Failure("kernel", _failed_cell(held[0]), type(error).__name__, str(error))
        if not failure.cell:
            _mark_pending(held[0])
    executed = held[0]
    if not failure and (cell := _failed_cell(executed)):  # papermill takes sys.exit(0) for success
        failure = Failure("cell", cell, "SystemExit", "the cell ended the run")
    executed.cells = [c for c in executed.cells if ERROR_MARKER_TAG not in c.metadata.get("tags", [])]
    return executed, failure


def _mark_pending(notebook: Notebook) -> None:
    """Undo that papermill calls cells completed which never ran."""
    for cell in notebook.cells:
        cell.metadata.papermill["status"] = NotebookExecutionManager.PENDING


def _failed_cell(notebook: Notebook) -> int:
    cells = [c for c in notebook.cells if ERROR_MARKER_TAG not in c.metadata.get("tags", [])]
    failed = (n for n, cell in enumerate(cells, start=1) if cell.metadata.papermill.get("exception"))
    return next(failed, 0)
