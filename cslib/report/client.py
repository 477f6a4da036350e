"""The client that runs a notebook's cells in a kernel, and stays truthful when one does not reach its end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any, Final

from jupyter_client.asynchronous.client import AsyncKernelClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient

from cslib.report.failure import human_bytes
from cslib.report.limits import Deadline, MemoryWatch

__all__ = ["CellRunner", "MemoryLimitError", "OnCell", "QuickClient", "TimeLimitError"]

OnCell = Callable[[int, int], None]
_SOCKETS: Final = range(1, 6)  # shell, iopub, stdin, heartbeat, control
_LOOK: Final = 0.005  # seconds


class MemoryLimitError(RuntimeError):
    """The report was ended because it took more memory than it may."""


class TimeLimitError(RuntimeError):
    """The report was ended because it took longer than it may."""


class QuickClient(AsyncKernelClient):
    """A client that is ready when the kernel is: no fixed waits, and no message of the first cell lost."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on both channels that a cell needs.

        Raises
        ------
        RuntimeError
            When it died before, or did not within `timeout` seconds.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + (timeout or 3600.0)
        while clock() < end:
            asked = self.kernel_info()
            answered = await _reply(self.shell_channel, asked, end - clock(), self)
            # said on iopub too: from here on nothing that the kernel says there is missed
            if answered and await _reply(self.iopub_channel, asked, 0.2, self):
                return
        raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")


async def _reply(channel: Any, asked: str, seconds: float, client: Any) -> bool:
    """Whether a message about the request `asked` comes within so many seconds."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while (left := end - clock()) > 0:
        try:
            message = await channel.get_msg(timeout=min(left, 0.5))
        except Empty:
            if not await client.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info") from None
            continue
        if message["parent_header"].get("msg_id") == asked:
            return True
    return False


class CellRunner(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells in order and leaves those after a failure pending, with the reason in the one that failed."""

    on_cell: OnCell | None = None
    deadline = Deadline(per_cell=None, in_all=None)
    memory_limit = 0

    async def async_start_new_kernel_client(self) -> Any:
        """Start to talk once the kernel listens: a socket that finds nobody asks again only after a while."""
        address = f"{self.km.ip}-{{}}"
        if self.km.transport == "ipc":
            clock = asyncio.get_running_loop().time
            end = clock() + self.startup_timeout
            while not all(Path(address.format(n)).exists() for n in _SOCKETS) and clock() < end:
                if await self.km.provisioner.poll() is not None:
                    break  # it is dead; what follows says so
                await asyncio.sleep(_LOOK)
        return await super().async_start_new_kernel_client()

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    def papermill_execute_cells(self) -> None:
        """Run the cells one after the other, within the limits."""
        with MemoryWatch(getattr(self.km.provisioner, "pid", None), self.memory_limit) as watch:
            for index, cell in enumerate(self.nb.cells):
                if self.on_cell:
                    self.on_cell(index, len(self.nb.cells))
                self.nb_man.cell_start(cell, index)
                try:
                    if self.deadline.passed():
                        raise self._too_late()
                    self.execute_cell(cell, index)
                except CellExecutionError as error:
                    self.nb_man.cell_exception(cell, cell_index=index, exception=error)
                    return
                except BaseException as error:
                    reason = self._reason(error, watch)
                    self._tell(cell, index, reason)
                    raise reason from error
                self.nb_man.cell_complete(cell, cell_index=index)

    def _tell(self, cell: Any, index: int, reason: BaseException) -> None:
        """Leave the reason where a reader looks for it: in the cell."""
        self.nb_man.cell_exception(cell, cell_index=index, exception=reason)
        if cell.cell_type == "code":
            name, words = type(reason).__name__, str(reason)
            told = {"ename": name, "evalue": words, "traceback": [f"{name}: {words}"]}
            cell.outputs.append(new_output("error", **told))  # type: ignore[no-untyped-call]

    def _reason(self, error: BaseException, watch: MemoryWatch) -> BaseException:
        if isinstance(error, DeadKernelError):
            if watch.exceeded:
                return MemoryLimitError(
                    f"the report took more than {human_bytes(self.memory_limit)} of memory"
                )
            return DeadKernelError(f"the kernel died{self._last_breath()}")
        if isinstance(error, CellTimeoutError):
            return self._too_late() if self.deadline.passed() else CellTimeoutError(self._no_answer())
        if isinstance(error, KeyboardInterrupt):
            return KeyboardInterrupt("the run was interrupted")
        return error

    def _no_answer(self) -> str:
        return f"no answer within {self.deadline.per_cell:g} s"

    def _too_late(self) -> TimeLimitError:
        return TimeLimitError(f"the report took longer than {self.deadline.in_all:g} s")

    def _last_breath(self) -> str:
        process = self.km.provisioner.process
        code = process.poll() if process else None
        if code is None:
            return ""
        if code >= 0:
            return f" (it left with exit code {code})"
        killed = os.name == "posix" and -code in set(signal.Signals)
        return f" (killed by {signal.Signals(-code).name})" if killed else f" (exit code {code})"
