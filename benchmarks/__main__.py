"""`python -m benchmarks`: every case in its own process, interleaved, several times; medians and ratios in one table.

Then what stands before any computing: imports and the command's first word; and one report end to end. The page
docs/benchmarks.md is written from these figures, from those of `benchmarks.scale`, and from those that the other
benchmarks left, with the machine they were taken on (`benchmarks.page`).

Options: `--sizes 2000,200000` accounts, `--repeats 3`, `--out benchmarks/results`.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks import page, start
from benchmarks.cases import CASES
from benchmarks.data import MONTHS, company

HEAD = (
    "accounts",
    "case",
    "load s",
    "compute s",
    "CPU s",
    "load + compute s",
    "memory above the book MB",
    "peak MB",
)
NEEDS = {"polars_months": "polars"}


def once(case: str, folder: Path) -> dict[str, Any]:
    """One case in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.cases", case, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"{case} on {folder.name} failed:\n{ran.stderr}")
    took: dict[str, Any] = json.loads(ran.stdout)
    return took


def installed() -> list[str]:
    """Cases whose package is there; the others are named once and left out."""
    lacking = {case: package for case, package in NEEDS.items() if find_spec(package) is None}
    for case, package in lacking.items():
        print(f"{case} is left out: {package} is not installed")
    return [case for case in CASES if case not in lacking]


def measure(sizes: list[int], *, repeats: int, data: Path) -> list[dict[str, Any]]:
    """Medians of every case at every size; all cases of a size must agree on every sum."""
    rows = []
    cases = installed()
    with tqdm(total=len(sizes) * repeats * len(cases), unit="run", disable=not sys.stderr.isatty()) as bar:
        for accounts in sizes:
            folder = company(data, accounts)
            runs: dict[str, list[dict[str, Any]]] = {case: [] for case in cases}
            for _ in range(repeats):
                for case, taken in runs.items():
                    taken.append(once(case, folder))
                    bar.update()
            if len({json.dumps(run["sums"]) for taken in runs.values() for run in taken}) > 1:
                raise SystemExit(f"{accounts} accounts: the cases do not agree, so their times mean nothing")
            rows += [{"accounts": accounts, "case": case} | _medians(taken) for case, taken in runs.items()]
    return rows


def _medians(taken: list[dict[str, Any]]) -> dict[str, float]:
    keys = ("load_s", "compute_s", "cpu_s", "loaded_mb", "peak_mb")
    medians = {key: statistics.median(run[key] for run in taken) for key in keys}
    return medians | {"extra_mb": statistics.median(run["peak_mb"] - run["loaded_mb"] for run in taken)}


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as text, and under them how many times each other way takes of ours."""
    lines = [HEAD]
    for r in rows:
        whole = f"{r['load_s'] + r['compute_s']:.2f}"
        took = (
            f"{r['load_s']:.2f}",
            f"{r['compute_s']:.2f}",
            f"{r['cpu_s']:.2f}",
            whole,
            f"{r['extra_mb']:.0f}",
            f"{r['peak_mb']:.0f}",
        )
        lines.append((f"{r['accounts']:,}", r["case"], *took))
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    text = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    ours = {r["accounts"]: r for r in rows if r["case"] == "cslib"}
    for r in rows:
        if r["case"] != "cslib":
            our = ours[r["accounts"]]
            time, memory = r["cpu_s"] / our["cpu_s"], r["extra_mb"] / max(our["extra_mb"], 1)
            how = f"{time:.1f} times the CPU and {memory:.1f} times the memory"
            text.append(f"{r['accounts']:,} accounts: {r['case']} takes {how}")
    return "\n".join(text)


def main() -> None:
    """Measure, print, and keep the figures as JSON."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", default="2000,20000,200000", help="accounts, by comma")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    where = f"Python {platform.python_version()} on {platform.machine()}"
    print(f"{MONTHS} months; {where}, {given.repeats} runs a case, medians")
    rows = measure([int(size) for size in given.sizes.split(",")], repeats=given.repeats, data=given.out)
    print(table(rows))
    (given.out / "retention.json").write_text(json.dumps(rows, indent=2) + "\n")
    starts = start.measure(repeats=given.repeats)
    print(start.table(starts))
    (given.out / "start.json").write_text(json.dumps(starts, indent=2) + "\n")
    print(f"{page.write(given.out)} is written")


if __name__ == "__main__":
    main()
