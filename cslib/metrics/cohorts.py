"""Cohorts: what accounts that started in the same month, quarter or year keep as they age.

Cohort: calendar period of the first paid reading. Age: months since that reading, from 0. After the as-of day a cell
is absent; a cell that only some members have reached is blank and carries the count of those who have.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.ledger import relation
from cslib.metrics.cuts import By, cut_ledger, listed
from cslib.months import anchor_day, month_of, reading

__all__ = ["layers", "triangle", "vintages"]

Grain = Literal["month", "quarter", "year"]
Kind = Literal["logo", "gross", "net"]

OF_A_CELL: Final = {"cohort", "age", "logo", "gross", "net", "members"}
MONTHS: Final[dict[Grain, int]] = {"month": 1, "quarter": 3, "year": 12}


@lru_cache(maxsize=8)
def _cells(book: Book, by: tuple[str, ...] = ()) -> pd.DataFrame:
    """Every observed cell of the monthly triangles: ``cut, cohort, age, logo, gross, net, members``."""
    cut = cut_ledger(book, by=by)
    changes = relation("triangles", cut.source, as_of=book.as_of)
    last = month_of(book.as_of, anchor=anchor_day(book.as_of))
    cohorts = changes[["cut", "cohort"]].drop_duplicates()
    ages = last - cohorts["cohort"] + 1
    every = cohorts.loc[cohorts.index.repeat(ages)]
    every["age"] = every.groupby(["cut", "cohort"]).cumcount()
    cells = every.merge(changes, on=["cut", "cohort", "age"], how="left").fillna(0).astype("int64")
    grouped = cells.groupby(["cut", "cohort"])
    cells[["logo", "gross", "net"]] = grouped[["logo", "gross", "net"]].cumsum()
    cells["members"] = grouped["logo"].transform("first")
    return cut.label(cells)


def triangle(book: Book, *, metric: Kind, grain: Grain = "month", by: By = None) -> pd.DataFrame:
    """Share of a cohort's accounts (logo), money (net), or money capped at the first per account (gross) kept by age.

    Parameters
    ----------
    book : Book
        The company; nothing after its as-of day is a cell.
    metric : {"logo", "gross", "net"}
        Accounts that pay; ARR over first ARR; ARR over first ARR where no account counts for more than its first.
    grain : {"month", "quarter", "year"}
        Calendar period of the first paid reading. Age stays in months, each account by its own clock.
    by : str, sequence of str or None
        Columns of accounts or subscriptions to cut by.

    Returns
    -------
    DataFrame
        Row key ``cohort`` (first day of the period), ``age``, ``<by>``. ``numerator`` and ``denominator`` in
        accounts or ARR minor units, ``n_accounts`` members of the cohort, ``n_mature`` those old enough for the
        cell; ``value`` is NaN, and the numerator missing, unless all are.

    Source: volume-weighted triangles as in Mack (1993); logo triangles equal Kaplan-Meier.
    """
    cells = _cells(book, listed(by))
    cut_by = [c for c in cells.columns if c not in OF_A_CELL]
    cells = cells.assign(period=cells["cohort"] // MONTHS[grain] * MONTHS[grain], amount=cells[metric])
    whole = cells[cells["age"] == 0].groupby([*cut_by, "period"], as_index=False).agg(
        denominator=("amount", "sum"), n_accounts=("members", "sum"))  # fmt: skip
    frame = cells.groupby([*cut_by, "period", "age"], as_index=False).agg(
        numerator=("amount", "sum"), n_mature=("members", "sum"))  # fmt: skip
    frame = frame.merge(whole, on=[*cut_by, "period"], validate="many_to_one")
    ripe = frame["n_mature"] == frame["n_accounts"]
    frame["value"] = (frame["numerator"] / frame["denominator"]).where(ripe, np.nan)
    frame["numerator"] = frame["numerator"].astype("Int64").where(ripe)
    named = frame.assign(
        metric=f"{metric}_retention", convention="cohort", unit="ratio",
        cohort=_first_days(frame["period"]),
    )  # fmt: skip
    columns = [
        "metric",
        "convention",
        "cohort",
        "age",
        *cut_by,
        "value",
        "numerator",
        "denominator",
        "n_accounts",
        "n_mature",
        "unit",
    ]
    return named[columns]


def vintages(book: Book, *, metric: Kind, age: int = 12, span: int = 12, by: By = None) -> pd.DataFrame:
    """Share kept at one equal age by accounts that began in successive spans of months, newest first.

    Parameters
    ----------
    book, metric, by
        As in :func:`triangle`.
    age : int
        Months since the first paid reading, 1 or more; the same for every account.
    span : int
        Months in which the accounts of one vintage began; the newest vintage reached `age` on the as-of day.

    Returns
    -------
    DataFrame
        A row per ``start, end`` (first and last reading at which its accounts began) and ``<by>``, the newest first, in
        the columns of :mod:`cslib.metrics.retention`; vintages without an account are absent.

    Source: equal-age comparison of cohorts; the ratio of sums over all accounts, never a mean of ratios.
    """
    cells = _cells(book, listed(by))
    anchor = anchor_day(book.as_of)
    newest = month_of(book.as_of, anchor=anchor) - age
    aged = cells[cells["cohort"] <= newest]
    cut_by = [c for c in aged.columns if c not in OF_A_CELL]
    vintage = (newest - aged["cohort"]) // span
    keys = [*(aged[c] for c in cut_by), vintage.rename("vintage")]
    first, then = (aged[metric].where(aged["age"] == a, 0).groupby(keys).sum() for a in (0, age))
    n = aged["members"].where(aged["age"] == 0, 0).groupby(keys).sum()
    frame = pd.DataFrame({"numerator": then, "denominator": first, "n_accounts": n}).reset_index()
    ends = {v: newest - v * span for v in frame["vintage"].unique()}
    frame["end"] = pd.to_datetime(
        frame["vintage"].map({v: reading(m, anchor=anchor) for v, m in ends.items()})
    )
    starts = {v: reading(m - span + 1, anchor=anchor) for v, m in ends.items()}
    frame["start"] = pd.to_datetime(frame["vintage"].map(starts))
    frame = frame.sort_values(["vintage", *cut_by], ignore_index=True).assign(
        metric=f"{metric}_retention", convention=f"cohort at {age} months", unit="ratio",
        value=lambda f: f["numerator"] / f["denominator"],
    )  # fmt: skip
    standard = ["value", "numerator", "denominator", "n_accounts", "unit"]
    return frame[["metric", "convention", "start", "end", *cut_by, *standard]]


def layers(book: Book, *, grain: Grain = "year") -> pd.DataFrame:
    """Layer cake: ARR at every month-end reading by the period in which its accounts began, in minor units.

    Returns a row per ``cohort`` (first day of the period) and ``end``: ``value`` (int64), ``unit``. The layers of a
    month add up to the book's ARR.

    Systems: G22.
    """
    cells = _cells(book)
    anchor = anchor_day(book.as_of)
    frame = cells.assign(
        period=cells["cohort"] // MONTHS[grain] * MONTHS[grain], month=cells["cohort"] + cells["age"]
    )
    summed = frame.groupby(["period", "month"], as_index=False).agg(value=("net", "sum"))
    ends = summed["month"].map({m: reading(m, anchor=anchor) for m in summed["month"].unique()})
    return pd.DataFrame(
        {"cohort": _first_days(summed["period"]), "end": pd.to_datetime(ends), "value": summed["value"],
         "unit": f"{book.currency} ARR"}
    )  # fmt: skip


def _first_days(periods: pd.Series[int]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(periods.map({p: date(p // 12, p % 12 + 1, 1) for p in periods.unique()}))
