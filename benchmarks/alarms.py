"""How often an alarm goes off where nothing is planted, and where something is: ``python -m benchmarks.alarms [n]``.

A null book is Pontavia of the demo without its worse newcomers, another draw each time: whatever is flagged in it is
false. `planted` are other draws of Pontavia as it is; `n` of each. Each alarm stands beside its stated rate: a change
of one ratio since a year ago 5%; a worse or better newest vintage 5% a book (three ratios, one question); vintage or
period 5% a book (two tests, one question); a segment named in a book 10% a ratio. `low, high`: Wilson's 95% interval of
what was counted; `within` says whether it reaches down to the stated rate. A single account is a fact of its book.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pandas as pd

from cslib.book import Book
from cslib.metrics import drill, period, uncertainty, vintage
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
    told = set(period.period_or_vintage(book)["verdict"]) - {"cannot tell"}
    yield from (f"told apart: {verdict}" for verdict in told)
    if told:
        yield "told apart: any"
    if set(vintage.newest_vintage(book)["verdict"]) - {"cannot tell"}:
        yield "newest vintage worse or better"
    for metric in uncertainty.RATIOS:
        if drill.drill_down(book, by=COLUMNS, metric=metric)["passed"].any():
            yield f"a segment named in {metric}"
    if uncertainty.single_accounts(book)[["heavy", "outweighs"]].any(axis=None):
        yield "single account"


STATED = {
    **{f"{metric} changed since a year ago": 0.05 for metric in uncertainty.RATIOS},
    **{f"a segment named in {metric}": drill.LIMIT for metric in uncertainty.RATIOS},
    "newest vintage worse or better": 0.05,
    "told apart: any": 0.05,
}


def rates(n: int, make: Callable[[int], Book]) -> pd.DataFrame:
    counted: Counter[str] = Counter()
    for i in range(n):
        counted.update(set(alarms(make(i))))
    rows = [(name, counted[name], *wilson(counted[name], n)) for name in sorted({*counted, *STATED})]
    frame = pd.DataFrame(rows, columns=["alarm", "books", "share", "low", "high"])
    stated = frame["alarm"].map(STATED)
    return frame.assign(stated=stated, within=(frame["low"] <= stated).where(stated.notna()))


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{n} null books: alarms, all of them false")
    print(rates(n, lambda i: book_of(null(i), 7)).to_string(index=False, float_format="{:.3f}".format))
    print(f"\n{n} planted books: the newest vintage is worse")
    print(
        rates(n, lambda i: book_of(NEWER_WORSE, 1000 + i)).to_string(
            index=False, float_format="{:.3f}".format
        )
    )


if __name__ == "__main__":
    main()
