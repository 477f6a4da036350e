"""Cohorts by another clock: age in renewals that were due, so that monthly and yearly contracts stand side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.cohorts import Grain, Kind, triangle
from cslib.metrics.kinds import terms_of
from cslib.metrics.rows import rows_of

__all__ = ["renewal_triangle"]

_TERM: Final = "months of the first term"


def renewal_triangle(book: Book, *, metric: Kind, grain: Grain = "year") -> pd.DataFrame:
    """Share of a cohort kept after its first, second, third ... renewal was due; a ratio.

    Parameters
    ----------
    book : Book
        The company, whose ledger carries ``term_end_date`` or ``billing_months``.
    metric : {"logo", "gross", "net"}
        As in :func:`cslib.metrics.cohorts.triangle`.
    grain : {"month", "quarter", "year"}
        Calendar period of the first paid reading.

    Returns
    -------
    DataFrame
        Row key ``cohort`` (first day of the period), ``renewal`` (0 is the beginning; k months of the account's first
        term, k times); columns as in the triangle by age, blank until every member of the cohort got so far. Accounts
        of which no term is known are left out.

    Raises
    ------
    ValueError
        When no row says how long its term is.

    Source: renewal cohorts of subscription businesses; the month clock is the default everywhere else.
    """
    rows = rows_of(book)
    rows = rows[rows["amount"] > 0]
    rows = rows.assign(term=terms_of(book, rows)).sort_values("start_date", kind="stable")
    first = rows.drop_duplicates("account").set_index("account")["term"]
    if not first.notna().any():
        raise ValueError("subscriptions: no row has term_end_date or billing_months, so no term is known")
    accounts = pd.DataFrame({"account_id": first.index, _TERM: first.to_numpy()})
    termed = replace(
        book, tables={**book.tables, "accounts": accounts.astype({_TERM: "str"})}, account_values=None
    )
    cells = triangle(termed, metric=metric, by=_TERM)
    cells["term"] = pd.to_numeric(cells[_TERM], errors="coerce")
    cells = cells[cells["term"] > 0]
    alias = {"month": "M", "quarter": "Q", "year": "Y"}[grain]
    cells["cohort"] = cells["cohort"].dt.to_period(alias).dt.start_time
    whole = cells[cells["age"] == 0].groupby("cohort")[["denominator", "n_accounts"]].sum()
    due = cells[cells["age"] % cells["term"] == 0].assign(
        renewal=lambda f: (f["age"] // f["term"]).astype("int64")
    )
    found = due.groupby(["cohort", "renewal"], as_index=False).agg(
        numerator=("numerator", "sum"), n_mature=("n_accounts", "sum")
    )
    found = found.merge(whole.reset_index(), on="cohort", validate="many_to_one")
    ripe = found["n_mature"] == found["n_accounts"]
    found["value"] = (found["numerator"] / found["denominator"]).astype("float64").where(ripe, np.nan)
    found["numerator"] = found["numerator"].astype("Int64").where(ripe)
    named = found.assign(metric=f"{metric}_retention", convention="cohort by renewals", unit="ratio")
    columns = ["value", "numerator", "denominator", "n_accounts", "n_mature", "unit"]
    return named[["metric", "convention", "cohort", "renewal", *columns]]
