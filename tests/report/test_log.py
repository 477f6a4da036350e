"""The log is whole whatever is killed, whoever writes, and wherever the clock jumps."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cslib.report.log import LOG, Log, events, held, unfinished
from cslib.report.save import InfrastructureError


def test_many_processes_write_whole_lines(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cslib.report.log import Log\n"
        "log = Log(Path(sys.argv[1]), sys.argv[2])\n"
        "for n in range(60): log.append('end', report=sys.argv[2] * 500, n=n)"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "ab"]
    assert [writer.wait() for writer in writers] == [0, 0]
    lines = (tmp_path / LOG).read_text().splitlines()
    assert len(lines) == 120
    for name in "ab":
        own = [event["n"] for event in map(json.loads, lines) if event["run"] == name]
        assert own == list(range(60))


def test_a_line_that_was_cut_off_costs_that_line_only(tmp_path: Path) -> None:
    log = Log.begin(tmp_path, ["one", "two"])
    log.append("end", report="one", status="done")
    with (tmp_path / LOG).open("ab") as file:
        file.write(b'{"run": "x", "event": "en')  # its writer was killed
    log.append("end", report="two", status="done")
    assert [event["event"] for event in events(tmp_path)] == ["plan", "end", "end"]
    found = unfinished(tmp_path)
    assert found is not None
    assert found[1:] == (["one", "two"], {"one", "two"})


def test_a_batch_is_unfinished_until_it_says_so(tmp_path: Path) -> None:
    assert unfinished(tmp_path) is None
    first = Log.begin(tmp_path, ["one"])
    first.append("finish")
    assert unfinished(tmp_path) is None
    second = Log(tmp_path, "second")
    second.append("plan", tasks=["a", "b"])
    second.append("start", report="a")
    first.append("end", report="b", status="done")  # of another batch
    second.append("end", report="a", status="failed")
    assert unfinished(tmp_path) == ("second", ["a", "b"], {"a"})


def test_nothing_is_decided_by_the_time_of_the_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock falls back by years between two events: their order in the file is what counts."""
    log = Log.begin(tmp_path, ["a", "b"])
    log.append("end", report="a", status="done")
    past = time.gmtime(0)
    monkeypatch.setattr(time, "gmtime", lambda *_: past)
    log.append("end", report="b", status="done")
    log.append("finish")
    assert [event["at"][:4] for event in events(tmp_path)][-1] == "1970"
    assert unfinished(tmp_path) is None
    Log.begin(tmp_path, ["c"])
    assert unfinished(tmp_path) is not None


def test_a_lock_waits_for_the_other_and_is_let_go_by_the_dead(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from cslib.report.log import held\n"
        "with held(Path(sys.argv[1]), 'a/b') as free: print(free, flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    with held(tmp_path, "a/c") as free:
        assert free
    other.kill()
    other.wait()
    with held(tmp_path, "a/b") as free:
        assert free


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / LOG).mkdir()
    with pytest.raises(InfrastructureError, match=r"cannot write .*runs\.jsonl"):
        Log.begin(tmp_path, [])
