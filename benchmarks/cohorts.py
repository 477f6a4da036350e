"""What the cohort report's computation takes: ``python -m benchmarks.cohorts [accounts] [runs]``; 5,000 x 60 months.

Every metric that ``notebooks/cohorts.ipynb`` calls, on a book in memory; loading, drawing and printing are left out. A
first run of a small book pays for imports and compiles nothing else. Each run reads the book afresh: no cache survives
it. Printed are seconds of the processor (user and system, all threads) of each part in the best run, and the best time
by the wall; promised is under 2 seconds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.data import LAST, ledger
from cslib.book import Book
from cslib.metrics import (
    cohorts,
    concentration,
    curves,
    decomposition,
    drill,
    first_renewal,
    forecast,
    period,
    projection,
    retention,
    sensitivity,
    uncertainty,
    vintage,
)

KINDS: tuple[cohorts.Kind, ...] = ("logo", "gross", "net")
COLUMNS = ["region", "channel", "industry", "segment"]


def tables(accounts: int) -> dict[str, pd.DataFrame]:
    """A ledger of 60 months and its accounts, in four columns."""
    rng = np.random.default_rng(1)
    rows = ledger(accounts)
    ids = rows["account_id"].unique()
    attributes = {name: rng.choice(list("abcdef"), len(ids)) for name in COLUMNS}
    return {"subscriptions": rows, "accounts": pd.DataFrame({"account_id": ids, **attributes})}


def parts(book: Book) -> dict[str, Callable[[], object]]:
    """The calls of the notebook, in its order."""
    return {
        "headline": lambda: retention.headline(book, base="arr"),
        "changes": lambda: uncertainty.changes(book, delta=0.02),
        "newest vintage": lambda: vintage.newest_vintage(book),
        "concentration": lambda: [concentration.effective_accounts(book), concentration.leave_one_out(book)],
        "intervals": lambda: uncertainty.intervals(book),
        "vintages": lambda: [vintage.vintage_intervals(book, metric="gross_retention"),
                             cohorts.vintages(book, metric="gross")],
        "period or vintage": lambda: period.period_or_vintage(book),
        "curves": lambda: [curves.curves(book, metric=kind) for kind in KINDS],
        "curves by segment": lambda: curves.curves(book, metric="gross", by="segment"),
        "triangles": lambda: [cohorts.triangle(book, metric=kind, grain="quarter") for kind in KINDS],
        "loss ages": lambda: curves.loss_ages(book),
        "first renewals": lambda: first_renewal.first_renewals(book),
        "mix and rate": lambda: [decomposition.decompose(book, by=by, metric="net_retention")
                                 for by in ("segment", decomposition.AGE)],
        "drill-down": lambda: [drill.drill_down(book, by=COLUMNS, metric=m) for m in uncertainty.RATIOS],
        "single accounts": lambda: uncertainty.single_accounts(book),
        "projection": lambda: projection.project_cohorts(book, metric="net"),
        "next quarters": lambda: forecast.next_quarters(book),
        "residual value": lambda: projection.residual_value(book, discount=0.1),
        "sensitivity": lambda: sensitivity.sensitivity(book),
    }  # fmt: skip


def _spent() -> float:
    used = os.times()
    return used.user + used.system


def timed(frames: dict[str, pd.DataFrame]) -> tuple[dict[str, float], float]:
    """Processor seconds of each part, and seconds by the wall of all, on a book that nothing was asked before."""
    book = Book.from_frames(frames, as_of=LAST.date(), name="Benchmark", currency="USD")
    took, began = {}, perf_counter()
    for name, part in parts(book).items():
        before = _spent()
        part()
        took[name] = _spent() - before
    return took, perf_counter() - began


def main() -> None:
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    timed(tables(200))
    found = [timed(tables(accounts)) for _ in range(runs)]
    best = min(found, key=lambda run: sum(run[0].values()))[0]
    print(pd.Series(best).round(3).to_string())
    print(f"\n{accounts} accounts x 60 months, best of {runs}: {sum(best.values()):.2f} s of the processor, "
          f"{min(run[1] for run in found):.2f} s by the wall")  # fmt: skip


if __name__ == "__main__":
    main()
