"""`python -m benchmarks.warm`: one retention report where the kernel's imports are made and this process has made one.

Load, compute, execute, HTML, PDF of a demo company with some 450 paying accounts and 700 in all, as JSON: seconds by
part, the median of five quarters.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from pathlib import Path

from cslib.report.engine import environment
from cslib.report.kernels.client import lease
from cslib.report.run import Record, run_report

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo"
QUARTERS = (
    "2026Q3",
    "2026Q1",
    "2025Q3",
    "2025Q1",
    "2024Q3",
)  # none the one before another, so each stands alone


def made(company: str, quarter: str, out: str) -> dict[str, float]:
    """Seconds by part of a report that is made now."""
    record: Record = run_report(
        ROOT / "notebooks" / "retention.ipynb", company=DEMO / company, quarter=quarter, out=out
    )
    if record.status != "done":
        raise SystemExit(f"{company} {quarter}: {record.error}")
    seconds: dict[str, float] = json.loads((record.folder / "manifest.json").read_bytes())["run"]["seconds"]
    return seconds


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as out, lease(environment()):
        made("pontavia", QUARTERS[0], out)
        runs = [made("larkfield-systems", quarter, out) for quarter in QUARTERS]
    parts = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    print(json.dumps({name: round(seconds, 3) for name, seconds in parts.items()}))


if __name__ == "__main__":
    main()
