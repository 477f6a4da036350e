"""The server's imports leave one thread, no open figure and nothing that a notebook could stumble over."""

from __future__ import annotations

import subprocess
import sys

from cslib.report.engine import environment
from cslib.report.kernels.place import server_environment

LOOK = """\
import builtins, sys
from cslib.report.kernels.imports import make_imports, threads
make_imports()
import pandas as pd
from matplotlib import get_backend, pyplot as plt
print(threads(), plt.get_fignums(), hasattr(builtins, "get_ipython"), pd.get_option("display.max_columns"))
print("matplotlib_inline.backend_inline" in sys.modules, "zmq" in sys.modules)
print(sorted({name.split(".")[1] for name in sys.modules if name.startswith("cslib.")} & {"cli", "simulate", "charts"}))
print([name for name in ("duckdb", "seaborn", "scipy.stats", "pyarrow", "cslib.metrics.retention") if name not in sys.modules])
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(len(threads()))"""


def test_one_thread_and_no_backend() -> None:
    """A backend imported in the parent is why figures silently stay away."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        env=server_environment(environment()),
        capture_output=True,
        text=True,
        check=True,
    )
    first, second, rooms, missing, threads = done.stdout.splitlines()
    assert first == "[] [] False 20"
    assert second == "False True"
    assert rooms == "['charts']"
    assert (missing, threads) == ("[]", "1")
