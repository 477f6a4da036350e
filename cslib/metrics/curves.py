"""Curves: what accounts keep as they age, with how many were looked at and how far chance reaches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from math import nan
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics.cuts import By, listed
from cslib.metrics.lives import Lives, lives
from cslib.metrics.uncertainty import codes
from cslib.stats.many import benjamini_hochberg
from cslib.stats.proportion import wilson
from cslib.stats.quantiles import normal_two_sided
from cslib.stats.ratio import ratio_of_sums
from cslib.stats.survival import kaplan_meier

__all__ = ["curves", "loss_ages"]

Kind = Literal["logo", "gross", "net"]
Grain = Literal["month", "quarter", "year"]
LEAST: Final = 3  # losses at an age, below which it is not tested
MONTHS: Final[dict[Grain, int]] = {"month": 1, "quarter": 3, "year": 12}
TAIL: Final = ["age", "value", "numerator", "denominator", "n_accounts", "unit", "n_at_risk", "low", "high", "level",
               "n_effective"]  # fmt: skip


def curves(
    book: Book, *, metric: Kind, grain: Grain | None = None, by: By = None, level: float = 0.95
) -> pd.DataFrame:
    """Share of accounts (logo), of first ARR (net), or of first ARR without growth (gross) kept at every age; a ratio.

    Parameters
    ----------
    book : Book
        The company; nothing after its as-of day counts.
    metric : {"logo", "gross", "net"}
        Accounts that have not left; ARR over first ARR; the same where no account counts for more than its first.
    grain : {"month", "quarter", "year"} or None
        Calendar period of the first paid reading; None takes all cohorts together.
    by : str, sequence of str or None
        Columns of accounts or subscriptions to cut by.
    level : float
        Confidence level of the pointwise bands.

    Returns
    -------
    DataFrame
        Row key ``cohort`` (first day of the period, with a grain), ``<by>``, ``age`` (months, from 0). ``n_at_risk``
        accounts looked at (old enough, for logo also not left before), ``n_accounts`` all of the group; ``low, high``
        NaN where there is no band. With a grain, ages that not every member has reached are absent.

    Raises
    ------
    ValueError
        When a column is unknown.

    Source: logo, Kaplan and Meier (1958) with Greenwood's band on the log-log scale: an account that comes back stays
    left, and who has not had the time to leave is not counted as staying. Money, ratio of sums over the accounts old
    enough, with the intervals of :mod:`uncertainty`.

    Examples
    --------
    >>> book = Book.from_frames({"subscriptions": pd.DataFrame({
    ...     "account_id": list("ABC"), "start_date": ["2024-01-01", "2024-01-01", "2024-03-01"],
    ...     "end_date": [None, "2024-02-10", None], "mrr": 100, "currency": "USD"})},
    ...     as_of=date(2024, 4, 30), name="Acme", currency="USD")
    >>> curves(book, metric="logo")[["age", "value", "n_at_risk"]].round(3)
       age  value  n_at_risk
    0    0  1.000          3
    1    1  0.667          3
    2    2  0.667          1
    3    3  0.667          1
    """
    found = lives(book, by=by)
    accounts = found.accounts.assign(period=0)
    if grain is not None:
        accounts["period"] = accounts["cohort"] // MONTHS[grain] * MONTHS[grain]
    keys = [*listed(by), "period"]
    group = np.asarray(accounts.groupby(keys).ngroup(), dtype=np.intp)
    oldest = accounts.groupby(group)["last"].agg("max" if grain is None else "min")
    rows = (
        _logo(accounts, group, oldest, level)
        if metric == "logo"
        else _money(found, accounts, group, oldest, metric, level)
    )
    frame = pd.DataFrame(rows, columns=["group", *(name for name in TAIL if name != "unit")])
    labels = accounts.assign(group=group).drop_duplicates("group").set_index("group")[keys]
    frame = frame.join(labels, on="group").sort_values([*keys, "age"], ignore_index=True)
    frame = frame.assign(metric=f"{metric}_retention", convention="cohort", unit="ratio")
    frame.loc[frame["age"] == 0, ["low", "high"]] = 1.0  # all are there by definition
    named = ["metric", "convention", *listed(by)]
    if grain is not None:
        frame["cohort"] = pd.to_datetime(frame["period"].map(lambda p: date(p // 12, p % 12 + 1, 1)))
        named.insert(2, "cohort")
    frame[["numerator", "denominator"]] = frame[["numerator", "denominator"]].astype("Int64")
    return frame[[*named, *TAIL]]


def _logo(
    accounts: pd.DataFrame, group: npt.NDArray[np.intp], oldest: pd.Series[int], level: float
) -> Iterator[dict[str, Any]]:
    for code, until in oldest.items():
        own = accounts[group == code]
        left = own["left"].notna()
        time = own["left"].where(left, own["last"]).astype("float64")
        curve = kaplan_meier(time, left, level=level)
        seen = np.sort(time)
        for age in range(int(until) + 1):
            past = int(np.searchsorted(curve.time, age, side="right")) - 1
            low, high = (curve.low[past], curve.high[past]) if past >= 0 else (nan, nan)
            at_risk = len(own) - int(np.searchsorted(seen, age, side="left"))
            yield {"group": code, "age": age, "value": curve.survival[past] if past >= 0 else 1.0,
                   "numerator": pd.NA, "denominator": pd.NA, "n_accounts": len(own), "n_at_risk": at_risk,
                   "low": low, "high": high, "level": level, "n_effective": float(at_risk)}  # fmt: skip


def _money(
    found: Lives,
    accounts: pd.DataFrame,
    group: npt.NDArray[np.intp],
    oldest: pd.Series[int],
    metric: Kind,
    level: float,
) -> Iterator[dict[str, Any]]:
    first, last = (accounts[name].to_numpy(dtype=np.float64) for name in ("first", "last"))
    cluster = codes(accounts["cluster"])
    members = {code: np.flatnonzero(group == code) for code in oldest.index}
    for age, amount in found.levels():
        kept = np.minimum(amount, first) if metric == "gross" else amount
        for code, own in members.items():
            if age > oldest[code]:
                continue
            ripe = own[last[own] >= age]
            y, x = kept[ripe], first[ripe]
            ratio = ratio_of_sums(y, x, cluster=cluster[ripe], bounded=metric == "gross", level=level)
            yield {"group": code, "age": age, "value": ratio.value, "numerator": int(y.sum()),
                   "denominator": int(x.sum()), "n_accounts": len(own), "n_at_risk": len(ripe), "low": ratio.low,
                   "high": ratio.high, "level": level, "n_effective": ratio.n_eff}  # fmt: skip


def loss_ages(book: Book, *, limit: float = 0.10) -> pd.DataFrame:
    """Accounts that leave at each age over those there before it; the ages at which more leave than elsewhere.

    Parameters
    ----------
    book : Book
        The company.
    limit : float
        Share of the ages that pass which may be chance (Benjamini-Hochberg).

    Returns
    -------
    DataFrame
        A row per age from 1: ``metric, convention, age, value`` (share of those at risk that leave, a ratio),
        ``numerator`` (accounts that left), ``denominator, n_accounts`` (at risk), ``unit, low, high, level``,
        ``share`` of all losses, ``p, adjusted`` and ``passed``: more losses than the average age has, beyond the limit.
        Ages of fewer than three losses are not tested.

    Source: hazard of Kaplan and Meier (1958), Wilson's interval; one score test an age, Benjamini and Hochberg (1995).
    """
    accounts = lives(book).accounts
    left = accounts["left"].dropna().astype("int64")
    time = accounts["left"].fillna(accounts["last"])
    ages = np.arange(1, int(accounts["last"].max()) + 1 if len(accounts) else 1)
    lost = np.bincount(left, minlength=len(ages) + 1)[1:]
    at_risk = len(accounts) - np.searchsorted(np.sort(time), ages, side="left")
    frame = pd.DataFrame({"age": ages, "numerator": lost, "denominator": at_risk, "n_accounts": at_risk})
    frame = frame[frame["denominator"] > 0]
    spans = [wilson(k, n) for k, n in zip(frame["numerator"], frame["denominator"], strict=True)]
    frame[["value", "low", "high"]] = pd.DataFrame(
        spans, index=frame.index, columns=["value", "low", "high"], dtype=float
    )
    average = frame["numerator"].sum() / max(frame["denominator"].sum(), 1)
    noise = np.sqrt(average * (1 - average) / frame["denominator"])
    excess = (frame["value"] - average) / noise.where(noise > 0)
    excess = excess.where(frame["numerator"] >= LEAST, 0.0)
    p = pd.Series([normal_two_sided(z) if z > 0 else 1.0 for z in excess], frame.index, dtype=float)
    found = benjamini_hochberg(p, limit=limit)
    return frame.assign(
        metric="logo_loss", convention="cohort", unit="ratio", level=0.95, p=p, adjusted=found.adjusted,
        share=frame["numerator"] / max(lost.sum(), 1), passed=found.passed,
    )[["metric", "convention", "age", "value", "numerator", "denominator", "n_accounts", "unit", "low", "high", "level",
       "share", "p", "adjusted", "passed"]].reset_index(drop=True)  # fmt: skip
