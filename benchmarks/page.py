"""docs/benchmarks.md and its picture, from what the benchmarks left behind, with the machine that it was taken on."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from benchmarks.scale import verdicts

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Benchmarks

Written by `make bench` from figures it has just taken; never edited by hand. Every case ran in a process of its own and
had to agree with the others on every sum. CPU seconds are the ones to compare: they hold on a machine that does other
work at the same time, where elapsed seconds do not.
"""


def read(folder: Path, name: str) -> list[dict[str, Any]]:
    """Rows that a benchmark left; none where it was not run."""
    path = folder / name
    rows: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return rows


def machine() -> str:
    """Processor, memory and versions."""
    try:
        told = Path("/proc/cpuinfo").read_text()
        names = [
            line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")
        ]
        processor = names[0] if names else platform.machine()
    except OSError:
        processor = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = []
    for package in ("duckdb", "pandas", "polars", "pyarrow"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    python = f"Python {platform.python_version()}"
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB; {platform.system()}, {python}, {', '.join(found)}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown, its figures to the right."""
    rule = ["---" if i < 2 else "---:" for i in range(len(head))]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *rows)) + "\n"


def engine(rows: list[dict[str, Any]]) -> str:
    ours = {r["accounts"]: r for r in rows if r["case"] == "cslib"}
    lines = []
    for r in rows:
        our = ours[r["accounts"]]
        figures = [
            f"{r['compute_s']:.2f}",
            f"{r['cpu_s']:.2f}",
            f"{r['cpu_s'] / our['cpu_s']:.1f}",
            f"{r['extra_mb']:,.0f}",
        ]
        lines.append([f"{r['accounts']:,}", r["case"], *figures])
    head = ["accounts", "case", "seconds", "CPU s", "CPU, ours = 1", "memory above the book, MB"]
    return table(head, lines)


def scale(rows: list[dict[str, Any]]) -> str:
    limits = {r["accounts"]: r for r in rows if r["case"] == "limit"}
    lines = []
    for r in rows:
        base = limits.get(r["accounts"])
        times = f"{r['cpu_s'] / base['cpu_s']:.1f}" if base else ""
        figures = [f"{r['rows']:,}", f"{r['seconds']:.1f}", f"{r['cpu_s']:.1f}", times, f"{r['peak_mb']:,}"]
        lines.append([f"{r['accounts']:,}", r["case"], *figures])
    head = ["accounts", "case", "rows", "seconds", "CPU s", "CPU, limit = 1", "peak MB"]
    return table(head, lines)


def growth(rows: list[dict[str, Any]], case: str) -> str:
    """How cost grows from size to size and from first to last: times the CPU for times the accounts."""
    own = sorted((r for r in rows if r["case"] == case), key=lambda r: r["accounts"])
    told = [
        f"{b['accounts'] / a['accounts']:.0f} times the accounts, {a['accounts']:,} to {b['accounts']:,}, cost "
        f"{b['cpu_s'] / a['cpu_s']:.1f} times the CPU"
        for a, b in [*pairwise(own), *([(own[0], own[-1])] if len(own) > 2 else [])]
    ]
    return f"`{case}`: {'; '.join(told)}.\n" if told else ""


def picture(engines: list[dict[str, Any]], scales: list[dict[str, Any]], path: Path) -> None:
    """CPU seconds by accounts, both on scales of powers."""
    with mpl.rc_context({"svg.hashsalt": "cslib", "font.size": 9}):
        figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
        for axis, rows, title in (
            (axes[0], engines, "Metrics of a book in memory"),
            (axes[1], scales, "Relations from Parquet, 3 GB for the engine"),
        ):
            for case in dict.fromkeys(r["case"] for r in rows):
                own = sorted((r["accounts"], r["cpu_s"]) for r in rows if r["case"] == case)
                axis.loglog(*zip(*own, strict=True), marker="o", markersize=3, label=case)
            axis.set(title=title, xlabel="accounts")
            axis.grid(alpha=0.3)
            axis.legend(frameon=False)
        axes[0].set_ylabel("CPU seconds")
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _growing(rows: list[dict[str, Any]]) -> list[str]:
    """How cost grows with months, segments and reports."""
    if not rows:
        return []
    lines = [
        [
            r["way"],
            f"{r['size']:,}",
            f"{r['seconds']:.1f}" if "seconds" in r else "",
            f"{r['cpu_s']:.2f}" if "cpu_s" in r else "",
        ]
        for r in rows
    ]
    told = (
        "`python -m benchmarks.growth`. Months: the changes of 20,000 accounts drawn out over so many, every retention "
        "metric and triangle. Segments: the same book cut into so many parts. Reports: retention reports of so many "
        "demo companies by one `cslib run`, elapsed with everything that it starts.\n"
    )
    return ["## How cost grows\n", told, table(["what", "how many", "seconds", "CPU s"], lines)]


def _batch(rows: list[dict[str, Any]]) -> list[str]:
    """Reports a minute, in one run."""
    if not rows:
        return []
    base = float(rows[-1]["per_minute"])
    lines = [
        [
            str(r["way"]),
            f"{r['reports']}",
            f"{r['seconds']:.1f}",
            f"{r['per_minute']:.1f}",
            f"{r['per_minute'] / base:.1f}",
        ]
        for r in rows
    ]
    head = ["way", "reports", "seconds", "a minute", "times the last"]
    return [
        "## Reports a minute\n",
        "`python -m benchmarks.batch`, one company a report.\n",
        table(head, lines),
    ]


def _pdf(rows: list[dict[str, Any]]) -> list[str]:
    """Notebook to PDF, every document once."""
    if not rows:
        return []
    lines = [
        [
            r["way"],
            r["made of"],
            f"{r['median_ms']:.0f}",
            f"{r['processor_ms']:.0f}",
            f"{r['kb']:.0f}",
            f"{r['ratio']:.1f}",
        ]
        for r in rows
    ]
    head = ["way", "made of", "median ms", "CPU ms", "KB", "ratio"]
    told = "`python -m benchmarks.pdf`: different retention reports in one warm process, all ways in turn.\n"
    return ["## Notebook to PDF\n", told, table(head, lines)]


def write(results: Path) -> Path:
    """The page, and its picture beside it."""
    engines, scales, starts = (read(results, name) for name in ("retention.json", "scale.json", "start.json"))
    parts = [HEAD, f"Machine: {machine()}.\n"]
    if engines:
        parts += [
            "## The engine against what people write\n",
            "Net, gross and logo retention at every month end, ARR and movements of every month, quick ratio and three "
            "triangles, 60 months. `cslib` asks its public functions one by one, as a report does; the others expand "
            "accounts to months by hand in one go.\n",
            engine(engines),
            growth(engines, "cslib"),
        ]
    if scales:
        parts += [
            "## Larger than memory\n",
            "`python -m benchmarks.scale`: a ledger in Parquet, DuckDB held to 3 GB with a folder to spill to. "
            "`relations` are all that retention, movements and triangles are divided from; `limit` is one scan and one "
            "sort of the same columns; `passes` is two sorts, of prices and of their changes at both ends of a window, "
            "with a running sum in each; `loop` one pass over the columns in NumPy; `months` is net retention alone by "
            "the SQL that expands accounts to months.\n",
            scale(scales),
            growth(scales, "relations"),
            "".join(f"- {line}\n" for line in verdicts(scales)),
        ]
    if engines or scales:
        picture(engines, scales, DOCS / "benchmarks.svg")
        parts.append("![CPU seconds by accounts](benchmarks.svg)\n")
    if starts:
        lines = [
            [r["case"], f"{r['seconds']:.2f}", "" if r["cpu_s"] is None else f"{r['cpu_s']:.2f}"]
            for r in starts
        ]
        parts += ["## Before and around the computing\n", table(["what", "seconds", "CPU s"], lines)]
    parts += [*_growing(read(results, "growth.json")), *_batch(read(results, "batch/results.json"))]
    parts += _pdf(read(results, "pdf/results.json"))
    path = DOCS / "benchmarks.md"
    path.write_text("\n".join(parts), encoding="utf-8")
    return path
