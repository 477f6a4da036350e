"""`python -m benchmarks.growth`: how cost grows with months, with segments, and with the number of reports.

Months: the same 20,000 accounts and changes, drawn out over a shorter or longer time, every retention metric and
triangle. Segments: the same book cut into more and more parts, retention, ARR and movements of each. Both in a process
of their own, CPU seconds of computing alone. Reports: retention reports of so many demo companies by one `cslib run`,
elapsed seconds with everything it starts.

Options: `--reports 2,8,32` (blank: none), `--demo FOLDER` where the companies are kept, `--out benchmarks/results`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.batch import ours, portfolio
from benchmarks.cases import AS_OF, cslib
from benchmarks.data import LAST, MONTHS, ledger
from cslib.book import Book
from cslib.metrics import retention

ROOT = Path(__file__).parents[1]
ACCOUNTS = 20_000
WAYS = {"months": (30, 60, 120, 240), "segments": (1, 4, 16, 64, 256)}


def book_of(*, months: int = MONTHS, segments: int = 1) -> Book:
    """Book of :func:`benchmarks.data.ledger`, its time stretched, its accounts in so many segments."""
    rows = ledger(ACCOUNTS)
    for column in ("start_date", "end_date"):
        rows[column] = (LAST - (LAST - rows[column]) * (months / MONTHS)).dt.normalize()
    rows["end_date"] = rows["end_date"].where(
        rows["end_date"].isna() | (rows["end_date"] > rows["start_date"])
    )
    ids = rows["account_id"].drop_duplicates()
    accounts = pd.DataFrame({"account_id": ids, "segment": [f"S{i % segments:03}" for i in range(len(ids))]})
    return Book.from_frames(
        {"subscriptions": rows, "accounts": accounts}, as_of=AS_OF, name="B", currency="USD"
    )


def case(way: str, size: int) -> None:
    """Print the CPU seconds of one case as a line of JSON."""
    book = book_of(**{way: size})
    began = time.process_time()
    if way == "months":
        cslib(book)
    else:
        for metric in (
            retention.net_retention, retention.gross_retention, retention.logo_retention, retention.arr,
            retention.movements,
        ):  # fmt: skip
            metric(book, by="segment")
    print(json.dumps({"way": way, "size": size, "cpu_s": round(time.process_time() - began, 3)}))


def measure(sizes: list[int], demo: Path) -> list[dict[str, Any]]:
    """Every case once, in a process of its own; then the runs of reports."""
    rows: list[dict[str, Any]] = []
    for way, steps in WAYS.items():
        for step in steps:
            command = [sys.executable, "-m", "benchmarks.growth", "--case", way, str(step)]
            ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if ran.returncode:
                raise SystemExit(f"{way} {step} failed:\n{ran.stderr}")
            rows.append(json.loads(ran.stdout))
            print(_line(rows[-1]), flush=True)
    for n in sizes:
        companies = portfolio(demo, n)
        with tempfile.TemporaryDirectory() as out:
            began = time.perf_counter()
            made = ours(ROOT / "notebooks" / "retention.ipynb", companies, Path(out), 2)
            rows.append({"way": "reports", "size": made, "seconds": round(time.perf_counter() - began, 1)})
        print(_line(rows[-1]), flush=True)
    return rows


def _line(row: dict[str, Any]) -> str:
    took = f"CPU {row['cpu_s']:6.2f} s" if "cpu_s" in row else f"    {row['seconds']:6.1f} s"
    return f"{row['size']:>6,} {row['way']:<10} {took}"


def main() -> None:
    """Measure, print, keep as JSON."""
    if sys.argv[1:2] == ["--case"]:
        return case(sys.argv[2], int(sys.argv[3]))
    parser = argparse.ArgumentParser("python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--reports", default="2,8,32", help="numbers of reports, by comma")
    parser.add_argument("--demo", type=Path, help="folder for the companies; made anew unless given")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    given = parser.parse_args()
    sizes = [int(size) for size in given.reports.split(",") if size]
    with tempfile.TemporaryDirectory() as folder:
        demo = (given.demo or Path(folder)).resolve()
        demo.mkdir(parents=True, exist_ok=True)
        rows = measure(sizes, demo)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "growth.json").write_text(json.dumps(rows, indent=2) + "\n")
    return None


if __name__ == "__main__":
    main()
