"""Covered against uncovered accounts: as people quote it, and matched on size and age."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.metrics.capacity.bands import band_of
from cslib.metrics.retention import account_changes
from cslib.months import months_before
from cslib.stats.quantiles import t

__all__ = ["covered_against_uncovered", "covered_before", "matched_difference"]

Floats = npt.NDArray[np.float64]


def covered_before(book: Book, *, window: int = 12, before: int = 6) -> pd.DataFrame:
    """Accounts at the opening of the window, and whether anyone had looked after them before it.

    Covered is a touch by a named person in the `before` months that end at the opening: known before what it is held
    against. Today's owner is not: those who left have lost theirs.

    Returns
    -------
    DataFrame
        A row an account with ARR at the opening: ``account_id, opening, closing, kept`` (minor units; `kept` at
        most the opening), ``covered, stratum`` (band of its opening ARR, first year or later).

    Raises
    ------
    Absent
        When there are no touches with owners.
    """
    touches = book.need("touches", "owner")
    opened = months_before(book.as_of, window)
    span = (touches["date"] > pd.Timestamp(months_before(opened, before))) & (
        touches["date"] <= pd.Timestamp(opened)
    )
    served = touches.loc[span & touches["owner"].notna(), "account_id"]
    frame = account_changes(book, window=window).query("opening > 0")[["account_id", "opening", "closing"]]
    frame = frame.sort_values("account_id", ignore_index=True)
    frame["kept"] = frame[["opening", "closing"]].min(axis=1)
    frame["covered"] = frame["account_id"].isin(served)
    bands = band_of(frame["opening"].to_numpy(), digits=book.minor_units)
    ledger = book.tables["subscriptions"]
    first = frame["account_id"].map(ledger[ledger["arr"] > 0].groupby("account_id")["start_date"].min())
    young = np.where(first > pd.Timestamp(months_before(opened, 12)), "first year", "later")
    frame["stratum"] = [f"{band}, {age}" for band, age in zip(bands, young, strict=True)]
    return frame


def matched_difference(
    after: Floats, opening: Floats, covered: npt.NDArray[np.bool_], stratum: npt.NDArray[np.intp]
) -> float:
    """Retention of the covered less that of the uncovered, each stratum weighted by the covered's opening; a ratio.

    Strata without both kinds are left out; NaN when none has both.
    """
    cells = int(stratum.max(initial=-1)) + 1
    sums = [
        np.bincount(stratum[kind], weights=values[kind], minlength=cells)
        for kind in (covered, ~covered)
        for values in (after, opening)
    ]
    kept_c, open_c, kept_u, open_u = sums
    both = (open_c > 0) & (open_u > 0)
    if not both.any():
        return float("nan")
    gaps = kept_c[both] / open_c[both] - kept_u[both] / open_u[both]
    return float(np.average(gaps, weights=open_c[both]))


def _interval(estimate: Callable[[npt.NDArray[np.bool_]], float], n: int) -> tuple[float, float, float]:
    """Estimate with the delete-one jackknife's 95% interval."""
    keep = np.ones(n, dtype=bool)
    whole, each = estimate(keep), np.empty(n)
    for i in range(n):
        keep[i] = False
        each[i] = estimate(keep)
        keep[i] = True
    half = t(0.95, max(n - 1, 1)) * float(np.sqrt((n - 1) / n * ((each - each.mean()) ** 2).sum()))
    return whole, whole - half, whole + half


def covered_against_uncovered(book: Book, *, window: int = 12, before: int = 6) -> pd.DataFrame:
    """Gross and net retention of covered less uncovered accounts: naive, and matched on size and age.

    Both are associations: whoever decides whom to look after may know who will stay.

    Parameters
    ----------
    book : Book
        The company.
    window, before : int
        Months of the retention window, and of touches before it.

    Returns
    -------
    DataFrame
        A row a metric (gross_retention, net_retention) and comparison (``naive``, ``matched``): ``metric, comparison,
        covered, uncovered`` (ratios of sums), ``difference, low, high`` (95%, jackknife), ``verdict`` (higher,
        lower, cannot be told from chance), ``n_covered, n_uncovered`` (those that are compared), ``spread_covered,
        spread_uncovered`` (standard deviation of the accounts' own ratios). Undefined without accounts of both kinds.

    Raises
    ------
    Absent
        When there are no touches with owners.

    Source: direct standardisation; Gainsight quotes 14 points, unmatched. Systems: M08.
    """
    frame = covered_before(book, window=window, before=before)
    covered, opening = frame["covered"].to_numpy(bool), frame["opening"].to_numpy(float)
    codes = pd.factorize(frame["stratum"])[0]
    rows = []
    for metric, column in (("gross_retention", "kept"), ("net_retention", "closing")):
        after = frame[column].to_numpy(float)
        for comparison, strata in (("naive", np.zeros_like(codes)), ("matched", codes)):
            used = frame.groupby(strata)["covered"].transform("nunique").eq(2).to_numpy()

            def estimate(
                keep: npt.NDArray[np.bool_], after: Floats = after, strata: npt.NDArray[np.intp] = strata
            ) -> float:
                return matched_difference(after[keep], opening[keep], covered[keep], strata[keep])

            difference, low, high = _interval(estimate, len(frame)) if used.any() else (float("nan"),) * 3
            kept = float("nan")
            told: dict[str, object] = {
                "metric": metric,
                "comparison": comparison,
                "difference": difference,
                "low": low,
                "high": high,
            }
            for name, mine in (("covered", used & covered), ("uncovered", used & ~covered)):
                if name == "covered":
                    kept = float(after[mine].sum() / opening[mine].sum()) if mine.any() else float("nan")
                told[name] = (
                    kept if name == "covered" else kept - difference
                )  # of accounts like the covered ones
                told[f"n_{name}"] = int(mine.sum())
                told[f"spread_{name}"] = (
                    float(np.std(after[mine] / opening[mine])) if mine.any() else float("nan")
                )
            told["verdict"] = "higher" if low > 0 else "lower" if high < 0 else "cannot be told from chance"
            rows.append(told)
    columns = ["metric", "comparison", "covered", "uncovered", "difference", "low", "high", "verdict",
               "n_covered", "n_uncovered", "spread_covered", "spread_uncovered"]  # fmt: skip
    return pd.DataFrame(rows)[columns]
