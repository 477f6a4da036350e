"""The provisioner that Jupyter knows as ``cslib``: kernels forked where that is safe, else ordinary ones."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Float

from cslib.report.kernels.place import NoForkError, why_not

if TYPE_CHECKING:
    from cslib.report.kernels.client import Forked

__all__ = ["ForkedProvisioner"]

_LAUNCHER: Final = ("-m", "ipykernel_launcher")
_KNOWN: Final = {"env", "cwd", "stdin", "stdout", "stderr", "independent", "kernel_id", "extra_arguments"}


class ForkedProvisioner(LocalProvisioner):
    """Local provisioner whose kernels come from the fork server; `why` is empty for one that did."""

    linger = Float(60.0, help="Seconds without a kernel after which the fork server ends.").tag(config=True)
    why: str = ""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Launch the kernel of `cmd` by a fork, or as Jupyter does where that cannot be.

        What was read for it (`held`) goes to a fork only; another kernel reads by itself.
        """
        held = kwargs.pop("held", b"")
        try:
            kernel = await asyncio.to_thread(_forked, cmd, kwargs, self.linger, held)
        except NoForkError as refusal:
            self.why = str(refusal)
            self.log.info("cslib: an ordinary kernel, as %s", self.why)
            return await super().launch_kernel(cmd, **kwargs)
        self.why = ""
        self.process = kernel  # type: ignore[assignment]
        self.pid = self.pgid = kernel.pid
        self.cwd = kwargs.get("cwd") or Path.cwd()
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel, and see it gone: who asks next need not ask twice."""
        await super().kill(restart=restart)
        if not self.why and self.process:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.05)


def _forked(cmd: Sequence[str], asked: Mapping[str, Any], linger: float, held: bytes) -> Forked:
    if words := why_not():
        raise NoForkError(words)
    from cslib.report.kernels.client import fork

    argv = _arguments(cmd)
    if odd := sorted(asked.keys() - _KNOWN):
        raise NoForkError(f"a forked kernel cannot be given {', '.join(odd)}")
    if asked.get("independent"):
        raise NoForkError("a forked kernel does not outlive who asked for it")
    env = {**(asked.get("env") or os.environ), "JPY_PARENT_PID": str(os.getpid())}
    streams = {1: asked.get("stdout"), 2: asked.get("stderr")}
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        out, err = (_handle(given, own, null) for own, given in streams.items())
        place = str(asked.get("cwd") or Path.cwd())
        return fork(argv, env=env, cwd=place, out=out, err=err, linger=linger, held=held)
    finally:
        os.close(null)


def _arguments(cmd: Sequence[str]) -> list[str]:
    """Arguments of the kernel, where `cmd` is this Python and a plain ipykernel."""
    words = [word for word in cmd[1:] if word != "-Xfrozen_modules=off"]  # a hint for debuggers
    if cmd[0] != sys.executable or tuple(words[:2]) != _LAUNCHER:
        raise NoForkError(f"it is not an ipykernel of this Python: {' '.join(cmd[:3])}")
    return words[2:]


def _handle(given: Any, own: int, null: int) -> int:
    """Open file that a stream of the kernel goes to: what Popen would take, a pipe excepted."""
    if given == subprocess.DEVNULL:
        return null
    if given in (subprocess.PIPE, subprocess.STDOUT):
        raise NoForkError("a forked kernel writes into no pipe of its own")
    handle = own if given is None else given if isinstance(given, int) else int(given.fileno())
    try:
        os.fstat(handle)
    except OSError:
        return null
    return handle
