"""What the fork server has done before its first kernel, so that no kernel has to."""

from __future__ import annotations

import builtins
import gc
import os
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import cslib

__all__ = ["make_imports", "threads"]

# What a notebook stands on. A kernel itself comes with zmqshell, and its first cell with the rest.
_LIBRARIES: Final = (
    *("numpy", "pandas", "pyarrow", "pyarrow.compute", "pyarrow.csv", "pyarrow.parquet", "duckdb"),
    *("matplotlib.pyplot", "matplotlib.style", "matplotlib.backends.backend_agg"),
    *("matplotlib.backends.backend_svg", "seaborn", "scipy.stats", "babel.numbers", "babel.dates", "jinja2"),
    *("pandas.io.formats.style", "pandas.io.formats.string", "python_calamine"),
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.iostream"),
    *("ipykernel.displayhook", "ipykernel.datapub", "IPython.core.completer", "IPython.core.magics"),
    *("IPython.core.pylabtools", "IPython.terminal.embed", "IPython.core.history", "nbformat"),
)
# What a room has to do once, and can do before it is asked.
_READY: Final = (
    ("cslib.story.write", "prepare"), ("cslib.sources.benchmarks", "published"), ("cslib.styled.sheet", "prepare"),
    ("cslib.charts.canvas", "prepare"),
)  # fmt: skip
# Rooms that no notebook opens: the command, the runner, the demo.
_NOT_IN_NOTEBOOKS: Final = ("cslib.cli", "cslib.report", "cslib.simulate")


def make_imports() -> None:
    """Import what notebooks import. What cannot be is left to the notebook that asks for it, which then says why."""
    with _as_in_a_kernel():
        import pandas  # noqa: F401
    for name in (*_LIBRARIES, *_rooms()):
        with suppress(ImportError):
            import_module(name)
    with suppress(Exception):  # what cannot be done here is done in the notebook, and told there
        _rehearse()
    gc.collect()
    gc.freeze()  # the pages of these objects stay shared: no kernel's collector writes to them


def _rehearse() -> None:
    """Do once what every report's first sentence, table and figure do: compile templates and patterns, find fonts.

    By name, as the imports are: the runner knows no room. Nothing here may start a thread; DuckDB does, so no metric is
    computed.
    """
    for room, function in _READY:
        getattr(import_module(room), function)()


def _rooms() -> Iterator[str]:
    for room in pkgutil.iter_modules(cslib.__path__, "cslib."):
        if room.name in _NOT_IN_NOTEBOOKS:
            continue
        yield room.name
        folders = [str(Path(folder) / room.name.partition(".")[2]) for folder in cslib.__path__ if room.ispkg]
        for module in pkgutil.walk_packages(folders, f"{room.name}."):
            if not module.name.endswith("__main__"):
                yield module.name


@contextmanager
def _as_in_a_kernel() -> Iterator[None]:
    """Let pandas see a kernel: it fixes the width of its tables by whether it is imported in one."""
    before = set(vars(builtins))
    vars(builtins).setdefault("get_ipython", lambda: SimpleNamespace(kernel=True))
    try:
        yield
    finally:
        if "get_ipython" not in before:
            del vars(builtins)["get_ipython"]


def threads() -> list[str]:
    """Names of the threads of this process beside the one that asks; forking with any alive is not safe."""
    others = [task for task in Path("/proc/self/task").iterdir() if task.name != str(os.getpid())]
    return sorted((task / "comm").read_text().strip() for task in others)
