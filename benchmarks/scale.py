"""`python -m benchmarks.scale`: larger than memory. Two million accounts over 60 months from Parquet under 4 GB.

Every case runs in a process of its own, with a memory limit and a folder to spill to, and says its seconds, the CPU
seconds of it, and the peak of its memory as the system saw it. `limit` is what no engine gets under: one scan of the
same columns and one sort of them by account and day. `passes` is what no SQL of running sums gets under: the sort of
the prices by account and month, and that of their changes at both ends of a window, with one sum in each. `months`
is the one that expands every account to every month. Under the table stand the targets, each met or missed.

Options: `--sizes 20000,200000,2000000`, `--memory 3GB` DuckDB's share of the four, `--out benchmarks/results`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cslib.ledger import sql_of

AS_OF = date(2025, 12, 31)
MONTHS = 60
CHUNK = 100_000
SECONDS, MEGABYTES, TIMES, BEYOND_LINEAR = 60, 4000, 4, 1.25  # aimed at, see verdicts
RELATIONS = ("levels", "movements", "ttm", "pairs", "triangles")
Sums = dict[str, int]


def write(path: Path, accounts: int, *, seed: int = 1) -> None:
    """A ledger of that many accounts, most of which pay in most of the 60 months; chunk by chunk, in any order."""
    schema = pa.schema(
        [
            ("entity", pa.int64()),
            ("start_date", pa.date32()),
            ("end_date", pa.date32()),
            ("amount", pa.int64()),
        ]
    )
    dice = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, schema) as out:
        for first in range(0, accounts, CHUNK):
            out.write_table(pa.table(_chunk(dice, first, min(CHUNK, accounts - first)), schema=schema))


def _chunk(dice: np.random.Generator, first: int, n: int) -> dict[str, Any]:
    """Prices that hold three to thirteen months; one account in six leaves for good, one change in twenty is a gap."""
    day = int(np.datetime64("2021-01-01", "D").astype(int))
    last = int(np.datetime64(AS_OF, "D").astype(int))
    start = day + np.minimum(dice.integers(0, 500, n), dice.integers(0, 500, n))
    until = np.where(dice.random(n) < 1 / 6, start + dice.integers(60, 1700, n), last + 1)
    rows = []
    while len(live := np.flatnonzero(start < np.minimum(until, last + 1))):
        end = start[live] + dice.integers(90, 400, len(live))
        paid = np.minimum(end - np.where(dice.random(len(live)) < 0.05, 45, 0), until[live])
        rows.append(
            (
                first + live,
                start[live],
                np.where(paid > last, -1, paid),
                dice.integers(1000, 500_000, len(live)) * 12,
            )
        )
        start[live] = end
    entity, begun, ended, amount = (np.concatenate(part) for part in zip(*rows, strict=True))
    mixed = dice.permutation(len(entity))
    return {
        "entity": entity[mixed],
        "start_date": pa.array(begun[mixed].astype("int32")).cast(pa.date32()),
        "end_date": pa.array(ended[mixed].astype("int32"), mask=ended[mixed] < 0).cast(pa.date32()),
        "amount": amount[mixed],
    }


def limit(there: duckdb.DuckDBPyConnection) -> Sums:
    """One scan and one sort of the same columns, kept as a table."""
    there.execute("CREATE TEMP TABLE sorted AS SELECT * FROM ledger ORDER BY entity, start_date")
    return {}


def passes(there: duckdb.DuckDBPyConnection) -> Sums:
    """Two sorts, of as many rows and of keys as short as those of the relations, and one running sum in each."""
    there.execute(
        "CREATE TEMP TABLE once AS SELECT cut, entity, month, amount, SUM(amount) OVER (PARTITION BY cut, entity "
        "ORDER BY month ROWS UNBOUNDED PRECEDING) AS total FROM (SELECT cut, entity, amount, "
        "CAST(YEAR(start_date) * 12 + MONTH(start_date) - 1 AS SMALLINT) AS month FROM ledger)"
    )
    there.execute(
        "SELECT MAX(total) FROM (SELECT SUM(amount) OVER (PARTITION BY cut, entity ORDER BY turn ROWS UNBOUNDED "
        "PRECEDING) AS total FROM (SELECT cut, entity, amount, month AS turn FROM once UNION ALL SELECT cut, entity, "
        f"amount, CAST(month + 12 AS SMALLINT) AS turn FROM once WHERE month + 12 <= {AS_OF.year * 12 + 11}))"
    )
    return {}


def loop(there: duckdb.DuckDBPyConnection) -> Sums:
    """One pass over the same columns in NumPy, sorted in memory: what each account stands at after every change."""
    held = there.sql("SELECT entity, start_date, end_date, amount FROM ledger").to_arrow_table()
    entity, amount = (held[name].to_numpy() for name in ("entity", "amount"))
    start = held["start_date"].cast(pa.int32()).to_numpy()
    end = held["end_date"].cast(pa.int32()).fill_null(np.iinfo(np.int32).max).to_numpy()
    del held
    ended = end < np.iinfo(np.int32).max
    entity = np.concatenate([entity, entity[ended]])
    day = np.concatenate([start, end[ended]])
    delta = np.concatenate([amount, -amount[ended]])
    order = np.argsort(entity * 100_000 + day, kind="stable")
    closing = np.cumsum(delta[order])
    return {"closing": int(closing[-1])}


def relations(there: duckdb.DuckDBPyConnection) -> Sums:
    """The steps once, and of them every relation that a metric or a triangle is divided from."""
    there.execute(f"CREATE TEMP TABLE steps AS {sql_of('steps', as_of=AS_OF)}")
    sums = {}
    for name in RELATIONS:
        sql = sql_of(name, as_of=AS_OF, of_steps=True)
        if name == "pairs":  # a row an account stays there; what a report reads of it is a class and its sums
            sql = sql.replace("SELECT * FROM pairs", PAIRS)
        frame = there.execute(sql).df()
        sums[name] = int(frame.drop(columns="movement", errors="ignore").to_numpy().sum())
        if name == "ttm":
            now = frame.groupby("movement")[["opening", "closing"]].sum()
            sums |= {f"ttm_{m}_{side}": int(now.loc[m, side]) for m in now.index for side in now.columns}
    return sums


PAIRS = "SELECT movement, SUM(opening) AS opening, SUM(closing) AS closing, COUNT(*) AS n FROM pairs GROUP BY movement"


def months(there: duckdb.DuckDBPyConnection) -> Sums:
    """Net retention alone, by the SQL that people write: every account in every month, joined to itself a year back."""
    there.execute(EXPANDED)
    rows = there.execute(JOINED).fetchall()
    return {"net_closing": int(rows[-1][2]), "net_opening": int(rows[-1][1])}


EXPANDED = """
CREATE TEMP TABLE states AS
SELECT entity, month, CAST(SUM(amount) AS BIGINT) AS amount
FROM ledger JOIN (SELECT LAST_DAY(CAST(day AS DATE)) AS day, YEAR(day) * 12 + MONTH(day) - 1 AS month
                  FROM GENERATE_SERIES(DATE '2021-01-01', DATE '2025-12-01', INTERVAL 1 MONTH) AS months(day)) AS d
  ON start_date <= d.day AND (end_date IS NULL OR end_date > d.day)
GROUP BY entity, month
"""
JOINED = """
SELECT was.month + 12 AS month, SUM(was.amount) AS opening, SUM(COALESCE(n.amount, 0)) AS closing
FROM states AS was LEFT JOIN states AS n ON n.entity = was.entity AND n.month = was.month + 12
WHERE was.month + 12 <= 2025 * 12 + 11 GROUP BY 1 ORDER BY 1
"""

CASES: dict[str, Callable[[duckdb.DuckDBPyConnection], Sums]] = {
    "limit": limit,
    "passes": passes,
    "loop": loop,
    "relations": relations,
    "months": months,
}


def case(name: str, path: str, memory: str) -> None:
    """Run one case and print what it took as a line of JSON."""
    with tempfile.TemporaryDirectory(dir=Path(path).parent) as spill:
        settings = {"memory_limit": memory, "temp_directory": spill, "preserve_insertion_order": False}
        with duckdb.connect(config=settings) as there:
            there.execute(
                f"CREATE VIEW ledger AS SELECT CAST(0 AS SMALLINT) AS cut, * FROM read_parquet('{path}')"
            )
            began, worked = time.perf_counter(), _cpu()
            sums = CASES[name](there)
            took, cpu = time.perf_counter() - began, _cpu() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": took, "cpu_s": cpu, "peak_mb": peak, "sums": sums}))


def _cpu() -> float:
    used = os.times()
    return used.user + used.system


def measure(
    sizes: list[int], names: list[str], *, memory: str, repeats: int, out: Path
) -> list[dict[str, Any]]:
    """Every case at every size, the best of its repeats: others' work on the machine only ever adds."""
    rows = []
    for accounts in sizes:
        path = out / f"scale_{accounts}.parquet"
        if not path.exists():
            write(path, accounts)
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for _ in range(repeats):
            for name, taken in runs.items():
                command = [sys.executable, "-m", "benchmarks.scale", "--case", name, str(path), memory]
                ran = subprocess.run(command, capture_output=True, text=True, check=False)
                if ran.returncode:
                    told = ran.stderr.strip().splitlines()[-1:]
                    print(f"{accounts:,} accounts, {name}: failed: {' '.join(told)}", flush=True)
                    continue
                taken.append(json.loads(ran.stdout))
        for name, taken in runs.items():
            if taken:
                best = min(taken, key=lambda run: run["cpu_s"])
                n_rows = pq.ParquetFile(path).metadata.num_rows
                rows.append({"accounts": accounts, "rows": n_rows, "case": name} | best)
                print(_line(rows[-1]), flush=True)
    return rows


def verdicts(rows: list[dict[str, Any]]) -> list[str]:
    """Sentences on what was aimed at for `relations`, at the largest size and from the smallest to it."""
    by_case: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        by_case.setdefault(row["case"], {})[row["accounts"]] = row
    ours, bare = by_case.get("relations", {}), by_case.get("limit", {})
    if not ours:
        return []
    small, large = min(ours), max(ours)
    row = ours[large]
    told = [
        _told(f"under {SECONDS} s", f"{row['seconds']:.1f} s", met=row["seconds"] < SECONDS),
        _told(f"under {MEGABYTES:,} MB", f"{row['peak_mb']:,} MB", met=row["peak_mb"] < MEGABYTES),
    ]
    if large in bare:
        cpu, wall = (row[of] / bare[large][of] for of in ("cpu_s", "seconds"))
        found = f"{cpu:.1f} times its CPU, {wall:.1f} times its seconds"
        told.append(_told(f"at most {TIMES} times `limit`", found, met=max(cpu, wall) <= TIMES))
    if small < large:
        accounts, cpu = large / small, row["cpu_s"] / ours[small]["cpu_s"]
        aim = f"from {small:,} accounts no more than linear and a quarter"
        told.append(_told(aim, f"{cpu:.0f} times the CPU for {accounts:.0f} times the accounts",
                          met=cpu <= BEYOND_LINEAR * accounts))  # fmt: skip
    return [f"`relations` at {large:,} accounts, {line}" for line in told]


def _told(aim: str, found: str, *, met: bool) -> str:
    return f"{aim}: {'met' if met else 'missed'}, {found}."


def _line(row: dict[str, Any]) -> str:
    took = f"{row['seconds']:7.2f} s  CPU {row['cpu_s']:7.2f} s  peak {row['peak_mb']:5,} MB"
    return f"{row['accounts']:>9,} accounts {row['rows']:>10,} rows  {row['case']:<10} {took}"


def main() -> None:
    """Measure, print, keep as JSON."""
    if sys.argv[1:2] == ["--case"]:
        return case(*sys.argv[2:])
    parser = argparse.ArgumentParser("python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sizes", default="20000,200000,2000000", help="accounts, by comma")
    parser.add_argument("--cases", default=",".join(CASES), help="cases, by comma")
    parser.add_argument("--memory", default="3GB", help="DuckDB's share; the rest is the interpreter's")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    rows = measure(sizes, given.cases.split(","), memory=given.memory, repeats=given.repeats, out=given.out)
    (given.out / "scale.json").write_text(json.dumps(rows, indent=2) + "\n")
    print("\n".join(verdicts(rows)))
    return None


if __name__ == "__main__":
    main()
