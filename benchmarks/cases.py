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

import duckdb
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


def polars_months(book: Book) -> Sums:
    """The same in Polars, lazily, on its own threads."""
    import polars as pl

    rows = book.tables["subscriptions"]
    last = AS_OF.year * 12 + AS_OF.month
    months = (
        pl.from_pandas(rows[["account_id", "start_date", "end_date", "arr"]])
        .lazy()
        .with_columns(
            first=pl.col("start_date").dt.year().cast(pl.Int64) * 12 + pl.col("start_date").dt.month() - 1,
            out=pl.min_horizontal(
                (
                    pl.col("end_date").dt.year().cast(pl.Int64) * 12 + pl.col("end_date").dt.month() - 1
                ).fill_null(last),
                pl.lit(last),
            ),
        )
        .filter(pl.col("out") > pl.col("first"))
        .with_columns(month=pl.int_ranges("first", "out"))
        .explode("month")
        .group_by("account_id", "month")
        .agg(pl.col("arr").sum())
        .with_columns(cohort=pl.col("month").min().over("account_id"))
        .collect()
        .lazy()
    )

    def pairs(window: int) -> pl.LazyFrame:
        then = months.with_columns(month=pl.col("month") + window)
        both = then.join(months, on=["account_id", "month"], how="full", coalesce=True, suffix="_now")
        both = both.filter(pl.col("month") < last)
        return both.with_columns(pl.col("arr").fill_null(0), pl.col("arr_now").fill_null(0))

    year = pairs(12).filter(pl.col("arr") > 0)
    ratios = (
        year.group_by("month")
        .agg(
            net=pl.col("arr_now").sum(),
            gross=pl.min_horizontal("arr", "arr_now").sum(),
            logo=(pl.col("arr_now") > 0).sum(),
        )
        .collect()
    )
    change = pl.col("arr_now") - pl.col("arr")
    named = (
        pl.when(pl.col("cohort_now") == pl.col("month"))
        .then(pl.lit("new"))
        .when(pl.col("arr") == 0)
        .then(pl.lit("reactivation"))
        .when(pl.col("arr_now") == 0)
        .then(pl.lit("churn"))
        .when(change > 0)
        .then(pl.lit("expansion"))
        .when(change < 0)
        .then(pl.lit("contraction"))
        .otherwise(pl.lit("unchanged"))
    )
    moved = pairs(1).group_by("month", movement=named).agg(change=change.sum(), n=pl.len()).collect()
    total = dict(moved.group_by("movement").agg(pl.col("change").abs().sum()).iter_rows())
    base = months.filter(pl.col("month") == pl.col("cohort")).select("account_id", base="arr")
    cells = (
        months.join(base, on="account_id")
        .group_by("cohort", "month")
        .agg(
            logo=(pl.col("arr") > 0).sum(),
            gross=pl.min_horizontal("arr", "base").sum(),
            net=pl.col("arr").sum(),
        )
        .collect()
    )
    return {
        **{name: int(ratios[name].sum()) for name in ("net", "gross", "logo")},
        **{name: int(total.get(name, 0)) for name in retention.MOVEMENTS},
        **{f"triangle_{name}": int(cells[name].sum()) for name in ("logo", "gross", "net")},
    }


MONTHS_SQL = """
CREATE TEMP TABLE months AS
SELECT account_id, month, CAST(SUM(arr) AS BIGINT) AS arr, MIN(month) OVER (PARTITION BY account_id) AS cohort
FROM (SELECT account_id, arr, UNNEST(RANGE(YEAR(start_date) * 12 + MONTH(start_date) - 1,
        LEAST(COALESCE(YEAR(end_date) * 12 + MONTH(end_date) - 1, {last}), {last}))) AS month FROM ledger)
GROUP BY account_id, month
"""


def sql_months(book: Book) -> Sums:
    """The SQL that people write on DuckDB: a row an account and month, joined to itself a year and a month back."""
    last = AS_OF.year * 12 + AS_OF.month
    with duckdb.connect() as there:
        there.register(
            "ledger", book.tables["subscriptions"][["account_id", "start_date", "end_date", "arr"]]
        )
        there.execute(MONTHS_SQL.format(last=last))

        def pairs(window: int) -> str:
            return (
                "SELECT COALESCE(n.month, t.month) AS month, COALESCE(t.arr, 0) AS was, COALESCE(n.arr, 0) AS now, "
                f"n.cohort FROM (SELECT account_id, month + {window} AS month, arr FROM months) AS t "
                f"FULL JOIN months AS n ON n.account_id = t.account_id AND n.month = t.month "
                f"WHERE COALESCE(n.month, t.month) < {last}"
            )

        ratios = there.execute(
            "SELECT SUM(net), SUM(gross), SUM(logo) FROM (SELECT month, SUM(now) AS net, "
            f"SUM(LEAST(now, was)) AS gross, COUNT(*) FILTER (now > 0) AS logo FROM ({pairs(12)}) "
            "WHERE was > 0 GROUP BY month)"
        ).fetchone()
        moved = dict(
            there.execute(
                "SELECT movement, SUM(ABS(change)) FROM (SELECT month, CASE WHEN cohort = month THEN 'new' "
                "WHEN was = 0 THEN 'reactivation' WHEN now = 0 THEN 'churn' WHEN now > was THEN 'expansion' "
                "WHEN now < was THEN 'contraction' ELSE 'unchanged' END AS movement, SUM(now - was) AS change, "
                f"COUNT(*) AS n FROM ({pairs(1)}) GROUP BY 1, 2) GROUP BY 1"
            ).fetchall()
        )
        cells = there.execute(
            "SELECT SUM(logo), SUM(gross), SUM(net) FROM (SELECT m.cohort, m.month, "
            "COUNT(*) FILTER (m.arr > 0) AS logo, SUM(LEAST(m.arr, b.arr)) AS gross, SUM(m.arr) AS net "
            "FROM months AS m JOIN months AS b "
            "ON b.account_id = m.account_id AND b.month = m.cohort GROUP BY ALL)"
        ).fetchone()
    assert ratios is not None and cells is not None
    return {
        **dict(zip(("net", "gross", "logo"), map(int, ratios), strict=True)),
        **{name: int(moved.get(name, 0)) for name in retention.MOVEMENTS},
        **dict(zip(("triangle_logo", "triangle_gross", "triangle_net"), map(int, cells), strict=True)),
    }


CASES: dict[str, Callable[[Book], Sums]] = {
    "cslib": cslib,
    "pandas_months": pandas_months,
    "polars_months": polars_months,
    "sql_months": sql_months,
}


def main(case: str, folder: str) -> None:
    """Run one case and print its seconds, its peak memory and its sums."""
    started = time.perf_counter()
    if case.startswith("polars"):
        import polars  # noqa: F401 - its import is no part of the computing, as that of pandas is not
    book = Book.load(Path(folder), as_of=AS_OF)
    loaded = time.perf_counter()
    worked = time.process_time()
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sums = CASES[case](book)
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    took = {
        "load_s": loaded - started,
        "compute_s": done - loaded,
        "cpu_s": time.process_time() - worked,
        "loaded_mb": base,
        "peak_mb": peak,
    }
    print(json.dumps(took | {"sums": sums}))


if __name__ == "__main__":
    main(*sys.argv[1:])
