"""How often an alarm goes off where nothing is planted, where something is, and how long it all takes.

``python -m benchmarks.alarms [books] [accounts]``: books drawn of each kind (200), accounts of the timed book (5,000).

A null book is Pontavia of the demo without its worse newcomers, another draw each time: whatever is flagged in it is
false. `planted` are other draws of Pontavia as it is. Stated rates: a change of one ratio since a year ago 5%, a worse
or better newest vintage 5% a book (three ratios, one question), a segment named in a book 10% a ratio.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.data import LAST, ledger
from cslib.book import Book
from cslib.metrics import (
    cohorts,
    curves,
    decomposition,
    drill,
    first_renewal,
    retention,
    uncertainty,
    vintage,
)
from cslib.simulate import COMPANIES, DATA_UNTIL, Spec, simulate_ledger
from cslib.stats.proportion import wilson

NEWER_WORSE = COMPANIES[1]
COLUMNS = ["region", "channel", "industry"]  # drawn apart from everything: none of their values matters


def null(edition: int) -> Spec:
    return replace(NEWER_WORSE, newer_from=None, newer_loss=1.0, newer_growth=1.0, edition=f"null {edition}")


def book_of(spec: Spec, seed: int, as_of: date = DATA_UNTIL) -> Book:
    drawn = simulate_ledger(spec, seed)
    columns = ["account_id", "subscription_id", "start_date", "end_date", spec.quotes, "currency"]
    rows = drawn.subscriptions[columns]
    frames = {"subscriptions": rows.assign(**{spec.quotes: rows[spec.quotes] / 100}), "accounts": drawn.accounts,
              "account_links": drawn.account_links}  # fmt: skip
    rates = {code: Decimal(rate) for code, rate in spec.rates.items()}
    return Book.from_frames(frames, as_of=as_of, name=spec.name, currency=spec.currency, rates=rates)


def alarms(book: Book) -> Iterator[str]:
    """Names of the alarms that go off in one book."""
    changed = uncertainty.changes(book, delta=0.02, months_ago=(12,)).query("verdict == 'changed'")
    yield from (f"{metric} changed since a year ago" for metric in changed["metric"])
    if set(vintage.newest_vintage(book)["verdict"]) - {"cannot tell"}:
        yield "newest vintage worse or better"
    for metric in uncertainty.RATIOS:
        if drill.drill_down(book, by=COLUMNS, metric=metric)["passed"].any():
            yield f"a segment named in {metric}"
    if uncertainty.single_accounts(book)[["heavy", "outweighs"]].any(axis=None):
        yield "single account"


def rates(n: int, make: Callable[[int], Book]) -> pd.DataFrame:
    counted: Counter[str] = Counter()
    for i in range(n):
        counted.update(set(alarms(make(i))))
    rows = [(name, k, *wilson(k, n)) for name, k in sorted(counted.items())]
    return pd.DataFrame(rows, columns=["alarm", "books", "share", "low", "high"])


def timed(accounts: int) -> dict[str, float]:
    """Seconds of each part of the cohort report's computation, on a book of `accounts` x 60 months in memory."""
    rng = np.random.default_rng(1)
    rows = ledger(accounts)
    ids = rows["account_id"].unique()
    attributes = {name: rng.choice(list("abcdef"), len(ids)) for name in (*COLUMNS, "segment")}
    frames = {"subscriptions": rows, "accounts": pd.DataFrame({"account_id": ids, **attributes})}
    book = Book.from_frames(frames, as_of=LAST.date(), name="Benchmark", currency="USD")
    parts: dict[str, Callable[[], object]] = {
        "headline": lambda: retention.headline(book, base="arr"),
        "intervals": lambda: uncertainty.intervals(book),
        "changes": lambda: uncertainty.changes(book, delta=0.02),
        "single accounts": lambda: uncertainty.single_accounts(book),
        "vintages": lambda: vintage.vintage_intervals(book, metric="gross_retention"),
        "newest vintage": lambda: vintage.newest_vintage(book),
        "curves": lambda: [curves.curves(book, metric=metric) for metric in ("logo", "gross", "net")],
        "triangles": lambda: [cohorts.triangle(book, metric=m, grain="quarter") for m in ("logo", "gross", "net")],
        "loss ages": lambda: curves.loss_ages(book),
        "first renewals": lambda: first_renewal.first_renewals(book),
        "mix and rate": lambda: [decomposition.decompose(book, by=by, metric="net_retention")
                                 for by in ("segment", decomposition.AGE)],
        "drill-down": lambda: [drill.drill_down(book, by=COLUMNS, metric=m) for m in uncertainty.RATIOS],
    }  # fmt: skip
    took = {}
    for name, part in parts.items():
        began = perf_counter()
        part()
        took[name] = perf_counter() - began
    return took | {"all": sum(took.values())}


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    accounts = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000
    shown = {"index": False, "float_format": "{:.3f}".format}
    print(f"{accounts} accounts x 60 months, seconds:")
    print(pd.Series(timed(accounts)).round(3).to_string())
    print(f"\n{n} null books: alarms, all of them false")
    print(rates(n, lambda i: book_of(null(i), 7)).to_string(**shown))  # type: ignore[arg-type]
    print(f"\n{n} planted books: the newest vintage is worse")
    print(rates(n, lambda i: book_of(NEWER_WORSE, 1000 + i)).to_string(**shown))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
