"""Lifetime value: what an account is expected to bring before it leaves, after the cost of serving it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.cohorts import triangle
from cslib.metrics.retention import arr
from cslib.stats.projection import fit, residual_lifetime

__all__ = ["lifetime_value"]


def lifetime_value(book: Book, *, gross_margin: float, discount: float) -> pd.DataFrame:
    """Lifetime value of a new account: MRR per account times gross margin times its expected paid months.

    The months come from a shifted-beta-geometric curve fitted to all monthly cohorts of accounts, discounted; not from
    one over churn, which takes every account for the average one and is infinite where nobody has left.

    Parameters
    ----------
    book : Book
        The company.
    gross_margin : float
        Share of revenue left after the cost of serving it, above 0 and up to 1.
    discount : float
        Rate a year, above 0.

    Returns
    -------
    DataFrame
        One row in the columns of :mod:`cslib.metrics.retention`, in minor units an account; ``numerator`` and
        ``denominator`` are missing, as it is no ratio of sums. ``months`` is the expected discounted lifetime. NaN
        where nobody has left, nobody is left, or the history is shorter than two months.

    Raises
    ------
    ValueError
        When the margin or the discount is no such share or rate.

    Source: Fader and Hardie (2010), discounted expected residual lifetime; gross margin as in Bessemer's CLTV.
    """
    if not 0 < gross_margin <= 1:
        raise ValueError(f"gross_margin: found {gross_margin}, expected a share above 0 and up to 1")
    if not discount > 0:
        raise ValueError(f"discount: found {discount}, expected a rate a year above 0")
    monthly = (1 + discount) ** (1 / 12) - 1
    now = arr(book, base="mrr").tail(1)
    n, mrr = (int(now[c].sum()) for c in ("n_accounts", "value"))
    months = _months(book, discount=monthly)
    value = mrr / n * gross_margin * months if n else np.nan
    row = {
        "metric": "lifetime_value", "convention": "fitted curve", "start": pd.Timestamp(book.as_of),
        "end": pd.Timestamp(book.as_of), "value": value, "numerator": pd.NA, "denominator": pd.NA, "n_accounts": n,
        "unit": f"{book.currency} an account", "months": months,
    }  # fmt: skip
    return pd.DataFrame([row])


def _months(book: Book, *, discount: float) -> float:
    """Expected discounted months that a new account pays, its first among them; NaN where the history does not say."""
    cells = triangle(book, metric="logo").sort_values(["cohort", "age"])
    # Who comes back is a survivor of no curve: an account counts until it first leaves.
    cohorts = [np.minimum.accumulate(c["numerator"].to_numpy(np.float64)) for _, c in cells.groupby("cohort")]
    ended, left = sum(c[0] - c[-1] for c in cohorts), sum(c[-1] for c in cohorts)
    if ended == 0 or left == 0 or max(map(len, cohorts)) < 3:
        return float("nan")
    return 1 + float(residual_lifetime(fit(cohorts), [0], discount=discount)[0]) / (1 + discount)
