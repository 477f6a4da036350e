"""What is ahead of the accounts of today: survival beyond what was seen, and what is left of their value."""

from __future__ import annotations

from math import nan
from typing import Final, Literal

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.cohorts import triangle
from cslib.metrics.lives import lives
from cslib.stats.projection import SurvivalModel, fit, residual_lifetime
from cslib.stats.quantiles import z
from cslib.stats.triangle import chain_ladder

__all__ = ["project_cohorts", "residual_value"]

Kind = Literal["logo", "gross", "net"]
LEAST: Final = 10  # accounts that left, below which no model is fitted


def _yearly(book: Book) -> list[list[float]]:
    """Accounts of each cohort that had not left after 0, 1, 2 ... full years; a list a cohort month."""
    accounts = lives(book).accounts
    left = accounts["left"].fillna(np.inf)
    found = []
    for _, own in accounts.groupby("cohort"):
        years = int(own["last"].iloc[0]) // 12
        found.append([float((left[own.index] > 12 * year).sum()) for year in range(years + 1)])
    return found


def _model(book: Book) -> SurvivalModel | None:
    cohorts = [cohort for cohort in _yearly(book) if len(cohort) > 1]
    ended = sum(cohort[0] - cohort[-1] for cohort in cohorts)
    left = sum(cohort[-1] for cohort in cohorts)
    if max(map(len, cohorts), default=0) < 3 or ended < LEAST or not left:
        return None
    return fit(cohorts)


def residual_value(book: Book, *, discount: float) -> pd.DataFrame:
    """Residual value of the accounts of today: ARR times discounted expected further years (DERL), by age in years.

    Parameters
    ----------
    book : Book
        The company.
    discount : float
        Rate per year, above 0: 0.1 is 10%.

    Returns
    -------
    DataFrame
        A row per full year since the first payment: ``metric, convention, years, value`` (minor units), ``numerator``
        (the same), ``denominator`` (ARR, minor units), ``n_accounts, unit``, ``multiple`` (years of today's ARR,
        discounted) and ``n_ended`` (losses the model rests on). Growth is not counted, and nobody who comes back. Empty
        where fewer than ten accounts have left or fewer than two full years were seen: no value is invented.

    Raises
    ------
    ValueError
        When the discount is not positive.

    Source: Fader and Hardie (2010), Marketing Science 29(1):85, eq. 6, on the shifted-beta-geometric model of all
    cohorts (2007).
    """
    if not discount > 0:
        raise ValueError(f"discount: found {discount}, expected a rate per year above 0")
    columns = ["metric", "convention", "years", "value", "numerator", "denominator", "n_accounts", "unit", "multiple",
               "n_ended"]  # fmt: skip
    model = _model(book)
    if model is None:
        return pd.DataFrame(columns=columns)
    found = lives(book)
    now = found.steps.groupby("row")["delta"].sum().reindex(found.accounts.index).fillna(0)
    stays = found.accounts["left"].isna() & (now > 0)
    rows = pd.DataFrame({"years": found.accounts["last"] // 12, "denominator": now})[stays]
    grouped = (
        rows.groupby("years")
        .agg(denominator=("denominator", "sum"), n_accounts=("denominator", "size"))
        .reset_index()
    )
    grouped["multiple"] = residual_lifetime(model, grouped["years"], discount=discount)
    value = (grouped["multiple"] * grouped["denominator"]).round().astype("int64")
    return grouped.assign(
        metric="residual_value", convention=f"DERL at {discount:.1%}", value=value, numerator=value,
        unit=f"{book.currency} ARR", n_ended=int(model.n_ended),
    )[columns]  # fmt: skip


def project_cohorts(book: Book, *, metric: Kind, level: float = 0.8) -> pd.DataFrame:
    """Share of what each quarterly cohort began with, continued to the oldest age seen, with ranges; a ratio.

    Parameters
    ----------
    book : Book
        The company.
    metric : {"logo", "gross", "net"}
        As in :func:`cslib.metrics.cohorts.triangle`.
    level : float
        Level of the ranges, which open with age.

    Returns
    -------
    DataFrame
        A row per ``cohort`` (first day of the quarter) and ``age`` (every third month): the columns of the triangle
        without ``n_mature``, and ``observed`` (the cell has happened: no range), ``low, high, level``. Ranges are NaN
        where too few cohorts show a development, and so are values beyond it.

    Source: Mack (1993, 1999), volume-weighted chain ladder and its errors.
    """
    cells = triangle(book, metric=metric, grain="quarter")
    cells = cells[cells["age"] % 3 == 0]
    if cells.empty or cells["age"].max() == 0:
        return cells.drop(columns="n_mature").assign(observed=True, low=nan, high=nan, level=level)
    kept = cells.assign(numerator=cells["numerator"].astype("float64")).pivot(
        index="cohort", columns="age", values="numerator"
    )
    ladder = chain_ladder(kept.to_numpy())
    reach = z(level) * ladder.se
    first = kept[0].to_numpy()[:, None]
    long = pd.DataFrame(
        {
            "value": (ladder.completed / first).ravel(),
            "low": np.maximum((ladder.completed - reach) / first, 0.0).ravel(),
            "high": ((ladder.completed + reach) / first).ravel(),
            "observed": kept.notna().to_numpy().ravel(),
        },
        index=pd.MultiIndex.from_product([kept.index, kept.columns]),
    ).reset_index()
    long.loc[long["observed"], ["low", "high"]] = nan
    if metric != "net":
        long["high"] = long["high"].clip(upper=1.0)
    whole = cells[cells["age"] == 0][["metric", "convention", "cohort", "denominator", "n_accounts", "unit"]]
    frame = long.merge(whole, on="cohort", validate="many_to_one").assign(level=level)
    frame["numerator"] = (frame["value"] * frame["denominator"]).round()
    return frame[["metric", "convention", "cohort", "age", "value", "numerator", "denominator", "n_accounts", "unit",
                  "observed", "low", "high", "level"]]  # fmt: skip
