"""A forked kernel is like any other: what a notebook can see of it is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cslib.report.engine import execute
from cslib.report.run import How, run_report

from .conftest import alive, inodes, notebook, said, until

# Everything that a process may inherit and a notebook could notice; the imports are made in both.
PROBE = """\
from cslib.report.kernels.imports import make_imports
make_imports()
import gc, json, locale, logging, multiprocessing, os, random, resource, signal, sys, threading, time, warnings
def plain(value): return str(value)
seen = {
    "arguments": sys.argv[1:2], "path": sys.path, "folder": os.getcwd(), "mask": oct(os.umask(0o22)),
    "environment": {k: v for k, v in sorted(os.environ.items()) if k not in {"IPYTHONDIR"}},
    "nice": os.getpriority(os.PRIO_PROCESS, 0), "processors": sorted(os.sched_getaffinity(0)),
    "limits": {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT")},
    "signals": {n: plain(signal.getsignal(getattr(signal, n))).split(" at ")[0]
        for n in ("SIGINT", "SIGTERM", "SIGPIPE", "SIGCHLD", "SIGHUP", "SIGALRM", "SIGUSR1")},
    "blocked": plain(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "locale": locale.getlocale(), "zone": time.tzname, "encoding": [sys.stdout.encoding, sys.getfilesystemencoding()],
    "threads": len(threading.enumerate()), "leads its group": os.getpgid(0) == os.getpid() == os.getsid(0),
    "flags": plain(sys.flags), "filters": sorted(map(plain, warnings.filters)), "recursion": sys.getrecursionlimit(),
    "thresholds": gc.get_threshold(), "collects": gc.isenabled(), "starts": multiprocessing.get_start_method(),
    "log level": logging.getLogger().level, "handlers": len(logging.getLogger().handlers),
    "hash": hash("a"), "stdin": sys.stdin.read(), "main": sys.modules["__main__"].__name__,
}
import matplotlib, matplotlib.pyplot as plt, matplotlib.units, pandas as pd
seen["figures"] = plt.get_fignums()
seen["rc"] = plain(matplotlib.rcParams)
seen["backend"] = matplotlib.get_backend()
seen["units"] = sorted(map(plain, matplotlib.units.registry))
seen["width"] = [pd.get_option("display.width"), pd.get_option("display.max_columns")]
print(json.dumps(seen, default=plain, indent=1))"""


def test_it_sees_what_an_ordinary_one_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the process that asks for it has changed since the server started."""
    monkeypatch.setenv("OF_THIS_RUN", "é")
    forked, ordinary = (json.loads(said(PROBE, tmp_path, warm=warm)) for warm in (True, False))
    for key, value in ordinary.items():
        assert forked[key] == value, key
    assert forked["environment"]["OF_THIS_RUN"] == "é"


def test_what_the_asking_process_set_for_itself_is_passed_on(tmp_path: Path) -> None:
    before = os.umask(0o077)
    here = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(here)})
        seen = said("import os\nprint(oct(os.umask(0)), os.sched_getaffinity(0))", tmp_path)
    finally:
        os.umask(before)
        os.sched_setaffinity(0, here)
    assert seen == f"0o77 {{{min(here)}}}\n"


def test_no_two_draw_the_same(tmp_path: Path) -> None:
    """numpy's old generator is copied by a fork, and every report would have the same "random" sample."""
    draws = "import random\nimport numpy as np\nprint(np.random.rand(), random.random(), np.random.default_rng().random())"
    one, two = (said(draws, tmp_path).split() for _ in range(2))
    assert not set(one) & set(two)


def test_a_seed_gives_what_it_gives(tmp_path: Path) -> None:
    draw = "import numpy as np\nnp.random.seed(1)\nprint(np.random.rand())"
    assert said(draw, tmp_path) == "0.417022004702574\n"


def test_figures_appear(tmp_path: Path) -> None:
    """With the inline backend set up in the parent they would silently stay away."""
    cell = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    for _ in range(2):
        executed, failure = execute(notebook(cell), folder=tmp_path)
        assert failure is None
        shown = [output for output in executed.cells[0].outputs if output.output_type == "display_data"]
        assert ["image/png" in output.data for output in shown] == [True]


def test_pools_of_threads_work(tmp_path: Path) -> None:
    """DuckDB, arrow and Python's own pool start their threads in the kernel, none having been there to be lost."""
    cell = """\
from concurrent.futures import ThreadPoolExecutor
import duckdb, numpy as np, pandas as pd, pyarrow as pa, pyarrow.compute as pc
frame = pd.DataFrame({"a": np.arange(300_000) % 7, "b": 1})
table = pa.Table.from_pandas(frame).group_by("a").aggregate([("b", "sum")])
found = duckdb.sql("SELECT a, sum(b) AS n FROM frame GROUP BY a ORDER BY a").df()
with ThreadPoolExecutor(4) as pool:
    squares = sum(pool.map(lambda x: x * x, range(10)))
print(found["n"].sum(), pc.sum(table["b_sum"]), squares, (np.ones((300, 300)) @ np.ones((300, 300))).sum())"""
    assert said(cell, tmp_path) == "300000.0 300000 285 27000000.0\n"


def test_a_process_pool_works(tmp_path: Path) -> None:
    cell = "import math, multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n    print(pool.map(math.sqrt, [4, 9]))"
    assert said(cell, tmp_path) == "[2.0, 3.0]\n"


def test_output_of_every_kind_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what a library or another program writes past Python."""
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel would leave the handles alone
    cell = "import os, subprocess\nprint('one', flush=True)\nos.write(1, b'two\\n')\nsubprocess.run(['echo', 'three'])\nimport time; time.sleep(0.2)"
    executed, failure = execute(notebook(cell), folder=tmp_path)
    assert failure is None
    assert sorted(executed.cells[0].outputs[0].text.split()) == ["one", "three", "two"]


def test_it_holds_no_socket_of_others(tmp_path: Path) -> None:
    """A copy of the server's socket, or of another kernel's line, would keep them open after their end."""
    shared: list[int] = []

    def look(index: int, _: int) -> None:
        if index == 1:
            pid = int((tmp_path / "pid").read_text())
            shared.append(len(inodes(pid) & inodes(psutil.Process(pid).ppid())))

    cells = notebook("import os\nfrom pathlib import Path\n_ = Path('pid').write_text(str(os.getpid()))", "1")
    execute(notebook(""), folder=tmp_path, on_cell=lambda *_: execute(cells, folder=tmp_path, on_cell=look))
    assert shared == [1]  # the line that says whether it is still wanted, not that of the outer one


def test_it_dies_with_the_process_that_asked(tmp_path: Path) -> None:
    """kill -9 of a worker: its kernel ends, and what the kernel started."""
    worker = """\
import sys
from pathlib import Path
import nbformat
from cslib.report.engine import execute
from cslib.report.run import How, run_report
cell = '''import os, subprocess, time
from pathlib import Path
child = subprocess.Popen(["sleep", "60"])
Path("pids.part").write_text(f"{os.getpid()} {child.pid}")
Path("pids.part").rename("pids")
time.sleep(60)'''
execute(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]), folder=Path(sys.argv[1]))
"""
    process = subprocess.Popen([sys.executable, "-c", worker, str(tmp_path)])
    assert until((tmp_path / "pids").exists, seconds=20)
    process.kill()
    process.wait()
    for pid in map(int, (tmp_path / "pids").read_text().split()):
        assert until(lambda pid=pid: not alive(pid)), pid


@pytest.mark.slow
def test_the_retention_report_is_the_same_to_the_byte(tmp_path: Path) -> None:
    """Numbers, notebook, page, PDF: forked or not. How long it took, and when, is the manifest's alone."""
    root = Path(__file__).parents[3]
    company = root / "demo" / "thornbury-signal"
    if not company.is_dir():
        pytest.skip("the demo portfolio is not made; `cslib demo` makes it")
    left: list[dict[str, bytes]] = []
    for warm in (True, False):
        out = tmp_path / str(warm)
        record = run_report(
            root / "notebooks" / "retention.ipynb",
            company=company,
            quarter="2026Q3",
            out=out,
            how=How(warm=warm),
        )
        assert record.status == "done", record.error
        files = [file for file in out.rglob("*") if file.is_file() and file.name != "manifest.json"]
        left.append({file.relative_to(out).as_posix(): file.read_bytes() for file in files})
    forked, ordinary = left
    assert {Path(name).suffix for name in forked} >= {".ipynb", ".html", ".pdf", ".json"}
    assert forked.keys() == ordinary.keys()
    assert [name for name, content in forked.items() if content != ordinary[name]] == []
