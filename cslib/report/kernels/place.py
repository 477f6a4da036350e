"""Where the fork server of one state of the world listens: a folder of this user, a name made of that state."""

from __future__ import annotations

import hashlib
import os
import site
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cslib

__all__ = ["NoForkError", "Place", "place_for", "server_environment", "why_not"]

# What the interpreter and the libraries read once, when they start or are imported.
_READ_ONCE: Final = (
    *("PYTHON", "LC_", "LANG", "TZ", "HOME", "XDG_", "LD_", "MALLOC_", "MPL", "NPY_", "PANDAS_", "ARROW_"),
    *("OMP_", "OPENBLAS_", "MKL_", "BLIS_", "NUMEXPR_", "CSLIB_"),
)
_PATH_LIMIT: Final = 100  # a socket's path may hold about 107 bytes
# One thread at the fork: BLAS would start a pool, arrow's allocator one that sweeps.
_CAPS: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


class NoForkError(RuntimeError):
    """No kernel was forked; the words say why, and an ordinary one will do."""


@dataclass(frozen=True)
class Place:
    """Files of one server: its socket, the lock under which any is started and stopped, its last words."""

    socket: Path
    lock: Path
    log: Path


def why_not() -> str:
    """Why this machine cannot fork kernels; empty when it can.

    macOS can fork, but its frameworks do not survive it.
    """
    if sys.platform != "linux":
        return f"kernels are forked on Linux only, and this is {sys.platform}"
    if not hasattr(os, "pidfd_open"):
        return "this Python has no os.pidfd_open"
    return ""


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Environment for a server whose kernels get `environment`: the same, with one thread and no other backend."""
    return {**_CAPS, **environment}


def place_for(environment: Mapping[str, str]) -> Place:
    """Place of the server whose kernels may get `environment`.

    Two environments share a place when they differ only in what a forked kernel can still be given.

    Raises
    ------
    OSError
        When there is no folder that is this user's alone, or its path is too long for a socket.
    """
    folder = _folder()
    name = _state(server_environment(environment))
    place = Place(folder / name, folder / "lock", folder / f"{name}.log")
    if len(bytes(place.socket)) > _PATH_LIMIT:
        raise OSError(f"{place.socket}: too long for the path of a socket")
    return place


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"cslib-kernels-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OSError(f"{folder}: expected a folder that only this user can enter")
    return folder


def _state(environment: Mapping[str, str]) -> str:
    """Hash of everything a server keeps from the moment it started."""
    digest = hashlib.sha256()
    parts = [sys.executable, sys.version, *sorted(_limits()), *_walls()]
    parts += [f"{k}={v}" for k, v in sorted(environment.items()) if k.startswith(_READ_ONCE)]
    package = Path(cslib.__file__).parent
    for file in sorted(package.rglob("*")):
        if "__pycache__" not in file.parts and file.is_file():
            found = file.stat()
            parts.append(f"{file} {found.st_size} {found.st_mtime_ns}")
    for entry in sorted(
        {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    ):
        # what is installed or removed touches the folder it lies in
        parts.append(f"{entry} {Path(entry).stat().st_mtime_ns if Path(entry).is_dir() else ''}")
    for part in parts:
        digest.update(part.encode(errors="surrogateescape") + b"\0")
    return digest.hexdigest()[:20]


def _limits() -> list[str]:
    import resource

    kinds = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    return [f"{name}={resource.getrlimit(getattr(resource, name))}" for name in kinds]


def _walls() -> list[str]:
    """Namespaces and control group: a server in another container must not be found through a shared folder."""
    spaces = [str(Path(f"/proc/self/ns/{name}").readlink()) for name in ("pid", "mnt", "net", "user")]
    return [*spaces, Path("/proc/self/cgroup").read_text()]
