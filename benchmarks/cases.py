"""One case, one process: `python -m benchmarks.cases CASE FOLDER` prints what it took as one line of JSON.

`load` is from file to canonical frames, the same for both; `compute` is what is compared. Every case computes net,
gross and logo retention over trailing twelve months at every month end, ARR and the movements of every month, the
quick ratio and the three monthly cohort triangles, and prints their sums: a case that is fast and wrong is no case.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics import cohorts, retention

AS_OF = date(2025, 12, 31)
Sums = dict[str, int]


def cslib(book: Book) -> Sums:
    """Everything through the public functions, as a report asks for it."""
    ratios = {
        "net": retention.net_retention,
        "gross": retention.gross_retention,
        "logo": retention.logo_retention,
    }
    moved = retention.movements(book).groupby("metric")["value"].sum()
    retention.quick_ratio(book)
    retention.arr(book)
    triangles = {m: cohorts.triangle(book, metric=m)["numerator"].sum() for m in ("logo", "gross", "net")}
    return {
        **{name: int(ratio(book)["numerator"].sum()) for name, ratio in ratios.items()},
        **{m: int(moved[m]) for m in retention.MOVEMENTS},
        **{f"triangle_{m}": int(total) for m, total in triangles.items()},
    }


def pandas_months(book: Book) -> Sums:
    """What people write: one row an account and month, then group and join."""
    rows = book.tables["subscriptions"][["account_id", "start_date", "end_date", "arr"]]
    ym = rows["start_date"].dt.year * 12 + rows["start_date"].dt.month - 1
    last = AS_OF.year * 12 + AS_OF.month
    out = (
        (rows["end_date"].dt.year * 12 + rows["end_date"].dt.month - 1)
        .fillna(last)
        .clip(upper=last)
        .astype(int)
    )
    rows = rows.assign(first=ym, n=(out - ym).clip(lower=0))
    long = rows.loc[rows.index.repeat(rows["n"]), ["account_id", "first", "arr"]]
    long["month"] = long["first"] + long.groupby(level=0).cumcount()
    book_months = long.groupby(["account_id", "month"], as_index=False)["arr"].sum()
    book_months["cohort"] = book_months.groupby("account_id")["month"].transform("min")

    def pairs(months: int) -> pd.DataFrame:
        then = book_months.assign(month=book_months["month"] + months)
        both = then.merge(book_months, on=["account_id", "month"], how="outer", suffixes=("_then", "_now"))
        both = both[both["month"] < last]
        return both.fillna({"arr_then": 0, "arr_now": 0})

    year = pairs(12)
    year = year[year["arr_then"] > 0]
    year = year.assign(least=np.minimum(year["arr_now"], year["arr_then"]), kept=year["arr_now"] > 0, n=1)
    ratios = year.groupby("month")[["arr_then", "arr_now", "least", "kept", "n"]].sum()
    ratios["net_ratio"] = ratios["arr_now"] / ratios["arr_then"]
    ratios["gross_ratio"] = ratios["least"] / ratios["arr_then"]
    ratios["logo_ratio"] = ratios["kept"] / ratios["n"]

    month = pairs(1)
    month["change"] = month["arr_now"] - month["arr_then"]
    began = month["cohort_now"] == month["month"]
    classes = [began, month["arr_then"] == 0, month["arr_now"] == 0, month["change"] > 0, month["change"] < 0]
    month["movement"] = np.select(
        classes, ["new", "reactivation", "churn", "expansion", "contraction"], "unchanged"
    )
    moved = month.groupby(["month", "movement"])["change"].agg(["sum", "count"]).unstack(fill_value=0)
    level = book_months.groupby("month")["arr"].agg(["sum", "count"])
    gains = moved["sum"][["new", "expansion"]].sum(axis="columns").rolling(12, min_periods=1).sum()
    losses = moved["sum"][["contraction", "churn"]].sum(axis="columns").rolling(12, min_periods=1).sum()
    assert len(gains / -losses) == len(level)

    base = book_months[book_months["month"] == book_months["cohort"]].set_index("account_id")["arr"]
    first = book_months["account_id"].map(base)
    kept = {
        "logo": book_months["arr"] > 0,
        "gross": np.minimum(book_months["arr"], first),
        "net": book_months["arr"],
    }

    def cells(value: pd.Series[int]) -> pd.DataFrame:
        return value.groupby([book_months["cohort"], book_months["month"]]).sum().unstack()

    return {
        **{
            "net": int(ratios["arr_now"].sum()),
            "gross": int(ratios["least"].sum()),
            "logo": int(ratios["kept"].sum()),
        },
        **{name: int(moved["sum"][name].abs().sum()) for name in retention.MOVEMENTS},
        **{f"triangle_{m}": int(cells(value).sum().sum()) for m, value in kept.items()},
    }


CASES: dict[str, Callable[[Book], Sums]] = {"cslib": cslib, "pandas_months": pandas_months}


def main(case: str, folder: str) -> None:
    """Run one case and print its seconds, its peak memory and its sums."""
    started = time.perf_counter()
    book = Book.load(Path(folder), as_of=AS_OF)
    loaded = time.perf_counter()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sums = CASES[case](book)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    took = {"load_s": loaded - started, "compute_s": done - loaded, "loaded_mb": base, "peak_mb": peak}
    print(json.dumps(took | {"sums": sums}))


if __name__ == "__main__":
    main(*sys.argv[1:])
