"""What stands before any computing, and one report end to end, cold and warm: each a process of its own."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo" / "larkfield-systems"


def commands(out: str) -> dict[str, list[str]]:
    """Name of each case and what it runs."""
    python = [sys.executable, "-c"]
    cslib = [sys.executable, "-m", "cslib.cli"]
    report = [*cslib, "run", "retention", "--company", str(DEMO), "--quarter", "2026Q3", "--out", out]
    return {
        "python": [*python, "pass"],
        "import pandas": [*python, "import pandas"],
        "import pandas, cslib": [*python, "import pandas, cslib"],
        "import pandas, cslib.book": [*python, "import pandas, cslib.book"],
        "cslib --help": [*cslib, "--help"],
        **({"retention report, from a cold start": report} if DEMO.is_dir() else {}),
    }


def once(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command with all it started."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        raise SystemExit(f"{' '.join(command[1:4])} failed:\n{ran.stdout[-1000:]}{ran.stderr[-1000:]}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(*, repeats: int) -> list[dict[str, Any]]:
    """Medians of every case, interleaved; a report is made once."""
    with tempfile.TemporaryDirectory() as out:
        runs: dict[str, list[tuple[float, float]]] = {}
        for turn in range(repeats):
            for name, command in commands(out).items():
                if turn == 0 or "report" not in name:
                    runs.setdefault(name, []).append(once(command))
    rows: list[dict[str, Any]] = [
        {
            "case": name,
            "seconds": statistics.median(t for t, _ in took),
            "cpu_s": statistics.median(c for _, c in took),
        }
        for name, took in runs.items()
    ]
    return [*rows, *_warm()] if DEMO.is_dir() else rows


def _warm() -> list[dict[str, Any]]:
    """A report by a process that has made one, in all and by its parts; its kernel's CPU nobody waits for."""
    command = [sys.executable, "-m", "benchmarks.warm"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"benchmarks.warm failed:\n{ran.stdout[-1000:]}{ran.stderr[-1000:]}")
    parts = json.loads(ran.stdout.splitlines()[-1])
    named = {
        "total": "retention report, warm",
        **{part: f"... of it {part}" for part in parts if part != "total"},
    }
    return [{"case": name, "seconds": parts[part], "cpu_s": None} for part, name in named.items()]


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as text."""
    width = max(len(row["case"]) for row in rows)
    lines = [f"{r['case']:<{width}}  {r['seconds']:6.2f} s" for r in rows]
    cpu = ["" if r["cpu_s"] is None else f"  CPU {r['cpu_s']:6.2f} s" for r in rows]
    return "\n".join(map("".join, zip(lines, cpu, strict=True)))
