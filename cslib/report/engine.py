"""A notebook executed by papermill, through papermill's own engine hook, and what became of it.

``papermill --engine cslib`` and `cslib run` come here alike. Repaired: a dead kernel, a hung cell, one that took too
much memory are recorded as what they are; the file is written once, whole; the working directory reaches the kernel
without a chdir; time, memory and threads are limited; nothing that differs from run to run stays in the notebook.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines

from cslib.report.client import CellRunner, MemoryLimitError, OnCell, QuickClient, TimeLimitError
from cslib.report.failure import Failure
from cslib.report.kernels import PROVISIONER
from cslib.report.limits import Deadline, default_memory
from cslib.report.normal import normalise
from cslib.report.save import write_whole

__all__ = ["ENGINE", "CslibEngine", "Failure", "OnCell", "environment", "execute"]

ENGINE: Final = "cslib"
_IPC_LIMIT: Final = 90  # a socket's path may hold about 107 bytes
_INJECTED: Final = "injected-parameters"
_ERROR_MARKER: Final = "papermill-error-cell-tag"

Notebook = Any  # nbformat's NotebookNode


class _ThisPython(KernelSpecManager):
    """One kernel, this interpreter: no kernel or setting of the user changes a report."""

    warm = True

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(
            argv=[
                *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                "--InteractiveShellApp.ignore_cwd=True",  # a random.py beside the data is not ours to import
                "--InteractiveShell.colors=nocolor",
                "--HistoryManager.enabled=False",  # a thread and a database that no report reads
            ],
            display_name="Python 3 (ipykernel)",
            language="python",
            metadata={
                "kernel_provisioner": {"provisioner_name": PROVISIONER if self.warm else "local-provisioner"}
            },
        )


class _Record(NotebookExecutionManager):  # type: ignore[misc]
    """Papermill's record of a run without its times: those belong into the log of the run, not into the notebook."""

    def notebook_complete(self, **_: object) -> None:
        """Leave cells that never ran pending, and drop what differs from run to run."""
        self.complete_pbar()
        self.cleanup_pbar()


class CslibEngine(Engine):  # type: ignore[misc]
    """Papermill engine of cslib; keyword arguments of `execute_notebook` that papermill lacks arrive here.

    For every user of papermill: `execution_timeout` (seconds a cell), `time_limit` (seconds in all), `memory_limit`
    (bytes, 0 for none), `folder` (where the kernel runs).
    """

    @classmethod
    def execute_notebook(
        cls,
        nb: Notebook,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 0,
        **options: Any,
    ) -> Notebook:
        """Execute `nb`; its file is written once, whole, also when the run ends early."""
        record = _Record(nb, log_output=log_output, progress_bar=progress_bar, autosave_cell_every=0)
        record.notebook_start()
        try:
            cls.execute_managed_notebook(record, kernel_name, log_output=log_output, **options)
        finally:
            record.notebook_complete()
            if "held" not in options:  # ours is normalised by the runner, which knows more
                _settle(nb, folder=Path(options.get("folder") or Path.cwd()))
            if output_path and output_path != "-":
                _save(nb, output_path)
        return record.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        folder: Path | str | None = None,
        held: list[Notebook] | None = None,
        specs: KernelSpecManager | None = None,
        on_cell: OnCell | None = None,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
        read: bytes = b"",
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        **_: object,
    ) -> None:
        """Execute the notebook in `folder`; `held` receives it, as papermill drops it when it raises."""
        if held is not None:
            held.append(nb_man.nb)
        deadline = Deadline(per_cell=execution_timeout, in_all=time_limit)
        with tempfile.TemporaryDirectory(prefix="cslib-", ignore_cleanup_errors=True) as temporary:
            client = CellRunner(
                nb_man,
                km=_manager(Path(temporary), kernel_name, specs),
                timeout_func=lambda _cell: deadline.left(),
                startup_timeout=start_timeout,
                iopub_timeout=60,  # a busy machine is not a cell that hangs
                record_timing=False,
                coalesce_streams=True,
                shutdown_kernel="immediate" if specs else "graceful",
                log_output=log_output,
                stdout_file=stdout_file,
                stderr_file=stderr_file,
                resources={"metadata": {"path": str(folder or Path.cwd())}},
            )
            client.on_cell, client.deadline = on_cell, deadline
            client.memory_limit = default_memory() if memory_limit is None else memory_limit
            said = Path(temporary) / "kernel.log"
            with said.open("wb") as log, _last_words(said):  # the terminal is ours
                own = {**environment(), "IPYTHONDIR": temporary} if specs else {**environment(), **os.environ}
                more = {"held": read} if read else {}
                client.execute(cleanup_kc=True, env=own, stdout=log, stderr=log, **more)


papermill_engines.register(ENGINE, CslibEngine)
for _name in ("papermill", "traitlets"):  # what they would log is in the record
    logging.getLogger(_name).addHandler(logging.NullHandler())


@contextmanager
def _last_words(log: Path) -> Iterator[None]:
    """Where a kernel did not start, add the last line it wrote, which may say why."""
    try:
        yield
    except (DeadKernelError, MemoryLimitError, TimeLimitError):
        raise
    except RuntimeError as error:
        last = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise RuntimeError(": ".join([str(error), *last])) from error


def _manager(temporary: Path, kernel_name: str, specs: KernelSpecManager | None) -> AsyncKernelManager:
    connection = str(temporary / "kernel.json")
    local = os.name == "posix" and len(connection.encode()) < _IPC_LIMIT
    manager = AsyncKernelManager(
        kernel_name=kernel_name,
        connection_file=connection,
        transport="ipc" if local else "tcp",  # no port to race for, nothing to connect to from outside
        **({"kernel_spec_manager": specs} if specs else {}),
    )
    manager.client_class = f"{QuickClient.__module__}.{QuickClient.__name__}"
    return manager


def environment() -> dict[str, str]:
    """The environment of a report's kernel: ours, with everything that could change its bytes pinned."""
    return {
        **os.environ,
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MKL_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "TZ": "UTC",
    }


def execute(
    notebook: Notebook,
    *,
    folder: Path,
    on_cell: OnCell | None = None,
    timeout: float | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    warm: bool = True,
    read: bytes = b"",
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
    timeout : float, optional
        Seconds that one cell may take.
    time_limit : float, optional
        Seconds that all cells together may take.
    memory_limit : int, optional
        Bytes that the kernel and what it starts may hold; three quarters of the machine's memory unless given, 0 for no
        limit.
    warm : bool
        Whether the kernel is forked from one that has made the imports, where that is safe. The bytes are the same.
    read : bytes
        What :func:`cslib.sources.held.packed` keeps of the company, for a warm kernel.

    Raises
    ------
    KeyboardInterrupt
        When the run is interrupted; no kernel is left.
    """
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import prepare_notebook_metadata, raise_for_execution_errors, remove_error_markers
    from papermill.iorw import load_notebook_node

    held: list[Notebook] = []
    failure: Failure | None = None
    specs = _ThisPython()
    specs.warm = warm
    try:
        # the steps of papermill's execute_notebook without its last: to write all of it once more, to nowhere
        loaded = prepare_notebook_metadata(load_notebook_node(notebook), None, None)
        executed = papermill_engines.execute_notebook_with_engine(
            ENGINE,
            remove_error_markers(loaded),
            kernel_name="python3",
            progress_bar=False,
            folder=folder,
            held=held,
            specs=specs,
            on_cell=on_cell,
            execution_timeout=timeout,
            time_limit=time_limit,
            memory_limit=memory_limit,
            read=read if warm else b"",
        )
        raise_for_execution_errors(executed, None)
    except PapermillExecutionError as error:
        failure = Failure("cell", _failed_cell(held[0]), error.ename, error.evalue)
    except (DeadKernelError, CellTimeoutError, MemoryLimitError, TimeLimitError) as error:
        failure = Failure("kernel", _failed_cell(held[0]), type(error).__name__, str(error))
    except (RuntimeError, OSError) as error:  # what jupyter_client raises when a kernel does not start
        failure = Failure("kernel", _failed_cell(held[0]), type(error).__name__, str(error))
    executed = held[0]
    if not failure and (cell := _failed_cell(executed)):  # papermill takes sys.exit(0) for success
        failure = Failure("cell", cell, "SystemExit", "the cell ended the run")
    executed.cells = [c for c in executed.cells if _ERROR_MARKER not in c.metadata.get("tags", [])]
    return executed, failure


def _settle(notebook: Notebook, *, folder: Path) -> None:
    """Make the bytes of papermill's own notebook the same each time; its parameters and the outcome stay."""
    about = notebook.metadata.get("papermill", {})
    kept = {key: about[key] for key in ("parameters", "version", "exception") if key in about}
    for cell in notebook.cells:
        if _INJECTED in cell.metadata.get("tags", []):
            cell["id"] = _INJECTED
    normalise(notebook, folder=folder)
    notebook.metadata["papermill"] = kept


def _save(notebook: Notebook, output_path: str) -> None:
    import nbformat

    if "://" in output_path:  # papermill knows the store behind it
        from papermill.iorw import write_ipynb

        write_ipynb(notebook, output_path)
    else:
        write_whole(Path(output_path), nbformat.writes(notebook).encode())  # type: ignore[no-untyped-call]


def _failed_cell(notebook: Notebook) -> int:
    cells = [c for c in notebook.cells if _ERROR_MARKER not in c.metadata.get("tags", [])]
    failed = (n for n, cell in enumerate(cells, start=1) if cell.metadata.papermill.get("exception"))
    return next(failed, 0)
