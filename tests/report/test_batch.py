"""A batch goes on whatever happens to one report, to a worker, to `cslib` itself, to the disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import psutil
import pytest

from cslib.cli import main
from cslib.report.batch import run_batch
from cslib.report.log import events
from cslib.report.manifest import sha256, steady_sha256
from cslib.report.plan import Wish, plan
from cslib.report.run import How, Record
from cslib.report.save import InfrastructureError

from .conftest import LEDGER, make_company, make_notebook, run_all

ROOT = Path(__file__).parents[2]
COLD = How(warm=False)
BROKEN = LEDGER + "C,2025-01-01,2024-01-01,10,USD\n"


def statuses(records: list[Record]) -> dict[str, str]:
    return {record.folder.name: record.status for record in records}


def whole(folder: Path) -> bool:
    """Whether a folder holds exactly what its manifest says, to the byte."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return all(sha256((folder / name).read_bytes()) == known for name, known in manifest["files"].items())


def started(out: Path) -> list[str]:
    return [str(event["report"]).split("/")[1] for event in events(out) if event["event"] == "start"]


def until(true: Callable[[], object], *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def at_work_in(folder: Path) -> list[psutil.Process]:
    """Processes that stand in `folder` or were told of it: kernels, workers, `cslib` itself."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


def cslib(*words: str | Path, cwd: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "cslib.cli", *map(str, words)]
    return subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.slow
def test_one_company_with_broken_data_among_twenty_good_ones(tmp_path: Path) -> None:
    """In parallel and with warm kernels; the broken one says so in its folder; run again, nothing is done twice."""
    notebook = make_notebook(tmp_path / "retention.ipynb", "print(company)")
    for n in range(20):
        make_company(tmp_path / "all" / f"good{n:02d}")
    make_company(tmp_path / "all" / "broken", ledger=BROKEN)
    out = tmp_path / "out"
    records = run_all(notebook, companies=[tmp_path / "all"], out=out, jobs=2)
    assert len(records) == 21
    assert {name: status for name, status in statuses(records).items() if status != "done"} == {
        "broken": "bad input"
    }
    (broken,) = [record for record in records if record.status == "bad input"]
    assert "row 4" in broken.error
    assert broken.exit_code == 2
    assert set(broken.files) == {"retention.ipynb", "retention.html", "retention.pdf", "manifest.json"}
    manifest = json.loads((broken.folder / "manifest.json").read_text())
    assert (manifest["status"], manifest["error"]["message"]) == ("bad input", broken.error)
    notes = json.loads((broken.folder / "retention.ipynb").read_text())
    assert [cell["outputs"][0]["ename"] for cell in notes["cells"] if cell.get("outputs")] == [
        "This report is not finished and must not be used."
    ]
    again = run_all(notebook, companies=[tmp_path / "all"], out=out, jobs=2)
    assert sum(record.status == "unchanged" for record in again) == 20
    assert started(out)[21:] == ["broken"]
    (mended,) = [record for record in again if record.folder.name == "broken"]
    assert mended.reasons == ("last time: bad input",)


def test_a_company_that_is_not_there_leaves_nothing_and_stops_nobody(tmp_path: Path) -> None:
    notebook = make_notebook(tmp_path / "retention.ipynb")
    companies = [tmp_path / "missing", make_company(tmp_path / "here")]
    records = run_all(notebook, companies=companies, out=tmp_path / "out", how=COLD)
    assert [record.exit_code for record in records] == [2, 0]
    assert "no such folder" in records[0].error
    assert [path.name for path in (tmp_path / "out" / "2026Q3").iterdir()] == ["here"]


def test_a_notebook_with_a_syntax_error_fails_where_it_stands(tmp_path: Path) -> None:
    """Over a report that was done: its PDF becomes the page that says what failed."""
    company = make_company(tmp_path / "a")
    out = tmp_path / "out"
    (good,) = run_all(make_notebook(tmp_path / "r.ipynb", "print(1)"), companies=[company], out=out, how=COLD)
    finished = (good.folder / "r.pdf").read_bytes()
    (bad,) = run_all(
        make_notebook(tmp_path / "r.ipynb", "print(1", "print(2)"), companies=[company], out=out, how=COLD
    )
    assert (bad.status, bad.exit_code, bad.reasons) == ("failed", 1, ("notebook: its code changed",))
    assert "Cell 4 stopped with SyntaxError" in bad.error
    page = (bad.folder / "r.pdf").read_bytes()
    assert page != finished
    assert b"%PDF-" in page
    assert not (bad.folder / "numbers.json").exists()
    assert (
        "A step is not written as it must be, so it could not be started."
        in (bad.folder / "r.html").read_text()
    )
    assert whole(bad.folder)


def test_a_log_that_cannot_be_written_stops_the_batch_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    notebook = make_notebook(tmp_path / "retention.ipynb", "print(1)")
    with pytest.raises(InfrastructureError, match="cannot write into"):
        run_all(notebook, companies=[make_company(tmp_path / "a")], out=tmp_path / "out")


KILLS = """\
import json, os, time
from pathlib import Path
def seen(event, name):
    log = [json.loads(line) for line in Path("out/runs.jsonl").read_text().splitlines()]
    return [e for e in log if e["event"] == event and e["report"].split("/")[1] == name]
def wait_for(event, name):
    while not seen(event, name):
        time.sleep(0.05)
tries = len(seen("start", company))
if company == "always":
    wait_for(*FIRST)
if company == "always" or (company == "second" and tries == 2):
    os.kill(seen("start", company)[-1]["pid"], 9)
if company == "always" or (company == "second" and tries < 3):
    time.sleep(60)"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "first", "tries"),
    [
        # a fellow is at work when a worker is killed: nobody knows whose fault it was, and each may try anew; the
        # fellow's own first try ends its worker too, and its next one is good
        (("a", "always", "second", "b"), ("start", "second"), 3),
        # nobody else is at work: that was its first try
        (("a", "always"), ("end", "a"), 2),
    ],
)
def test_a_worker_that_is_killed_costs_nobody_else_their_report(
    names: tuple[str, ...], first: tuple[str, str], tries: int, tmp_path: Path
) -> None:
    """A report is given up, and says so, when its own tries were fatal, and not for those of others."""
    notebook = make_notebook(tmp_path / "retention.ipynb", KILLS.replace("FIRST", repr(first)))
    companies = [make_company(tmp_path / name) for name in names]
    records = run_all(notebook, companies=companies, out=tmp_path / "out", how=COLD, jobs=2)
    assert statuses(records) == {name: "died" if name == "always" else "done" for name in names}
    (lost,) = [record for record in records if record.status == "died"]
    assert "was killed" in lost.error
    assert (lost.exit_code, lost.tries) == (3, tries)
    manifest = json.loads((lost.folder / "manifest.json").read_text())
    assert manifest["status"] == "died"
    assert whole(lost.folder)
    assert started(tmp_path / "out").count("always") == tries
    until(lambda: not at_work_in(tmp_path), seconds=15)  # no kernel outlives its worker


@pytest.mark.slow
def test_cslib_killed_in_the_middle_is_resumed_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """kill -9: nothing is half written, nothing goes on at work, and the rest and only the rest is made then."""
    make_notebook(tmp_path / "retention.ipynb", "import time\ntime.sleep(0.3 if company < 'c' else 2)")
    names = ["a", "b", "c", "d", "e"]
    for name in names:
        make_company(tmp_path / "all" / name)
    out = tmp_path / "out"
    running = cslib(
        *(
            "run",
            "retention.ipynb",
            "--company",
            "all",
            "--quarter",
            "2026Q3",
            "--out",
            "out",
            "--jobs",
            "2",
            "--cold",
        ),
        cwd=tmp_path,
    )
    until(lambda: [e for e in events(out) if e["event"] == "end"] and len(started(out)) > 2)
    running.kill()
    running.wait()
    until(lambda: not at_work_in(tmp_path) and not at_work_in(tmp_path / "all"), seconds=20)
    done = {str(e["report"]).split("/")[1] for e in events(out) if e["event"] == "end"}
    assert 0 < len(done) < len(names)
    for folder in (out / "2026Q3").iterdir():
        if (folder / "manifest.json").exists():
            assert whole(folder)
        else:
            assert folder.name not in done
    before = len(started(out))
    monkeypatch.chdir(tmp_path)
    assert main(["run", "--resume", "--out", "out", "--cold", "--jobs", "1"]) == 0
    assert set(started(out)[before:]) == set(names) - done
    assert all(whole(out / "2026Q3" / name) for name in names)
    assert not list(out.glob("**/.part-*"))
    capsys.readouterr()
    assert main(["run", "--resume", "--out", "out"]) == 0
    assert "nothing to resume" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["the group, as a terminal does", "cslib alone, as a scheduler does"])
def test_an_interrupt_leaves_no_kernel_behind(tmp_path: Path, whom: str) -> None:
    make_notebook(tmp_path / "retention.ipynb", "import time\ntime.sleep(0 if company == 'a' else 60)")
    for name in "abc":
        make_company(tmp_path / name)
    words = [
        "run",
        "retention.ipynb",
        "--company",
        "a",
        "b",
        "c",
        "--quarter",
        "2026Q3",
        "--out",
        "out",
        "--jobs",
        "2",
    ]
    running = cslib(*words, cwd=tmp_path)
    until(lambda: len(started(tmp_path / "out")) == 3)
    time.sleep(1)  # kernels are up, or coming up
    if whom.startswith("the group"):
        os.killpg(running.pid, signal.SIGINT)
    else:
        running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 130
    assert running.stderr is not None
    said = running.stderr.read()
    assert (
        "cslib: interrupted: 1 made, 2 left; out/index.html lists all; `cslib run --resume --out out` makes"
        in said
    )
    assert (tmp_path / "out" / "index.html").is_file()
    until(lambda: not at_work_in(tmp_path), seconds=15)
    assert [path.parent.name for path in (tmp_path / "out").glob("*/*/manifest.json")] == ["a"]


@pytest.mark.slow
def test_two_runs_at_once_into_one_folder_make_each_report_once(tmp_path: Path) -> None:
    make_notebook(tmp_path / "retention.ipynb", "import time\ntime.sleep(2)")
    make_company(tmp_path / "a")
    words = ["run", "retention.ipynb", "--company", "a", "--quarter", "2026Q3", "--out", "out", "--cold"]
    both = [cslib(*words, cwd=tmp_path) for _ in range(2)]
    assert [one.wait(60) for one in both] == [0, 0]
    ends = [e["status"] for e in events(tmp_path / "out") if e["event"] == "end"]
    assert sorted(ends) == ["done", "unchanged"]
    assert whole(tmp_path / "out" / "2026Q3" / "a")


FULL = """\
import contextlib, io, json, os, subprocess, sys
from pathlib import Path
from cslib.cli import main
def mount(*words): subprocess.run(["mount", "-t", "tmpfs", *words], check=True)
def run(out):
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        code = main(["run", "retention.ipynb", "--company", "a", "b", "c", "d", "--quarter", "2026Q3", "--out", out,
                     "--cold", "--jobs", "1"])
    return code, told.getvalue()
Path("full").mkdir(); Path("shut").mkdir()
mount("-o", "size=130k", "tmpfs", "full")
found = {"full": run("full")}
found["left"] = sorted(str(path) for path in Path("full").rglob("*") if path.is_file())
subprocess.run(["cp", "-a", "full", "kept"], check=True)
mount("-o", "ro", "tmpfs", "shut")
found["shut"] = run("shut")
print(json.dumps(found))"""


def can_mount() -> bool:
    try:
        return not subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not can_mount(), reason="no right to mount a small disk here (unshare -rm)")
def test_a_full_disk_and_one_that_is_read_only(tmp_path: Path) -> None:
    """Real file systems: the reports that fit are whole, the others say why, nothing is left half written."""
    make_notebook(tmp_path / "retention.ipynb", "print(company)")
    for name in "abcd":
        make_company(tmp_path / name)
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", FULL],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    code, told = found["full"]
    assert code == 3
    assert "No space left on device. Free space there, or choose another --out." in told
    made = [path.parent for path in (tmp_path / "kept").glob("2026Q3/*/manifest.json")]
    assert 0 < len(made) < 4
    assert all(whole(folder) for folder in made)
    assert not [path for path in found["left"] if ".part-" in path or ".index-" in path]
    code, told = found["shut"]
    assert code == 3
    assert "Read-only file system" in told


def test_a_clock_that_jumps_changes_no_decision_and_no_duration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of the day falls back to 1970 while a report is made, and is in 2099 when it is looked at again."""
    notebook = make_notebook(tmp_path / "retention.ipynb", "print(1)")
    company, out = make_company(tmp_path / "a"), tmp_path / "out"
    real = time.time
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "gmtime", lambda *_: time.struct_time((1970, 1, 1, 0, 0, 0, 3, 1, 0)))
    (first,) = run_all(notebook, companies=[company], out=out, how=COLD)
    monkeypatch.setattr(time, "time", lambda: real() + 2.3e9)
    for path in tmp_path.rglob("*"):
        os.utime(path, (4.1e9, 4.1e9))
    (second,) = run_all(notebook, companies=[company], out=out, how=COLD)
    assert (first.status, second.status) == ("done", "unchanged")
    run = json.loads((first.folder / "manifest.json").read_text())["run"]
    assert run["started"].startswith("1970-01-01")
    assert all(0 <= seconds < 120 for seconds in run["seconds"].values())
    assert 0 < first.seconds < 120


@pytest.mark.slow
def test_a_dask_cluster_makes_the_same_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes of a cluster on this machine, named on the command line."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    make_notebook(tmp_path / "retention.ipynb", "print(company)")
    for name in "abc":
        make_company(tmp_path / name)
    (tmp_path / "bad").mkdir()
    monkeypatch.chdir(tmp_path)
    words = ["run", "retention.ipynb", "--company", *"abc", "bad", "--quarter", "2026Q3", "--cold", "--out"]
    assert main([*words, "here", "--jobs", "1"]) == 2
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
    ) as cluster:
        assert main([*words, "there", "--dask", cluster.scheduler_address]) == 2
    here, there = tmp_path / "here", tmp_path / "there"
    for out in (here, there):
        ends = {e["report"].split("/")[1]: e["status"] for e in events(out) if e["event"] == "end"}
        assert ends == {"a": "done", "b": "done", "c": "done", "bad": "bad input"}
    pids = {event["pid"] for event in events(there) if event["event"] == "start"}
    assert len(pids) == 2
    assert os.getpid() not in pids
    files = [path.relative_to(here) for path in here.glob("2026Q3/[abc]/**/*") if path.is_file()]
    assert len(files) >= 15
    for path in files:
        if path.name != "manifest.json":
            assert (here / path).read_bytes() == (there / path).read_bytes(), path


@pytest.mark.slow
def test_serial_parallel_warm_cold_and_dask_give_the_same_bytes_of_real_reports(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    company = ROOT / "demo" / "thornbury-signal"
    if not company.is_dir():
        pytest.skip("no demo portfolio here; `cslib demo` makes it")
    notebooks = tuple(ROOT / "notebooks" / f"{name}.ipynb" for name in ("retention", "cohorts"))

    def made(way: str, how: How, jobs: int | None) -> dict[str, bytes]:
        out = tmp_path / way
        tasks = plan([Wish(notebooks, (company,), ("2026Q3",))], out=out)
        assert [
            (record.status, record.error) for record in run_batch(tasks, out=out, how=how, jobs=jobs)
        ] == [("done", "")] * len(notebooks)
        files = [path for path in out.glob("2026Q3/**/*") if path.is_file() and path.name != "manifest.json"]
        steady = {
            str(p.relative_to(out)): steady_sha256(p).encode() for p in out.glob("2026Q3/**/manifest.json")
        }
        return steady | {str(path.relative_to(out)): path.read_bytes() for path in files}

    serial_cold = made("serial cold", COLD, 1)
    assert len([name for name in serial_cold if name.endswith(".pdf")]) == 2
    found = {"parallel warm": made("parallel warm", How(), 2)}
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, protocol="tcp"
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config(backend="dask"):
        found["dask"] = made("dask", COLD, None)
    for way, files in found.items():
        assert files.keys() == serial_cold.keys(), way
        assert [name for name in files if files[name] != serial_cold[name]] == [], way
