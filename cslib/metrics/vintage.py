"""Vintages: do accounts that began later keep less at the same age, and what a first renewal keeps."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from cslib.book import Book
from cslib.metrics.lives import lives
from cslib.metrics.pairs import RATIOS, Ratio
from cslib.metrics.uncertainty import codes
from cslib.months import anchor_day, month_of, reading
from cslib.stats.change import paired_change
from cslib.stats.ratio import ratio_of_sums

__all__ = ["newest_vintage", "vintage_intervals"]

SPAN: Final = ["low", "high", "level", "n_effective"]
LEAST: Final = 5.0  # effective accounts on either side, below which nothing is compared


def _aged(book: Book, *, age: int, span: int) -> pd.DataFrame:
    """Accounts that have reached `age`: first ARR and ARR then, by vintage; 0 is the newest."""
    if age < 1 or span < 1:
        raise ValueError(f"age, span: found {age}, {span}, expected months of 1 or more")
    found = lives(book)
    level = next((amount.copy() for a, amount in found.levels() if a == age), None)
    if level is None:
        return found.accounts.head(0).assign(then=0, vintage=0)
    ripe = found.accounts["last"] >= age
    aged = found.accounts[ripe].assign(then=level[ripe.to_numpy()].astype("int64"))
    newest = month_of(book.as_of, anchor=anchor_day(book.as_of)) - age
    return aged.assign(vintage=(newest - aged["cohort"]) // span)


def _parts(aged: pd.DataFrame, metric: Ratio) -> tuple[pd.Series[int], pd.Series[int]]:
    first, then = aged["first"], aged["then"]
    if metric == "logo_retention":
        return (then > 0).astype("int64"), (first > 0).astype("int64")
    return (then.where(then < first, first) if metric == "gross_retention" else then), first


def _bounds(book: Book, vintage: int, *, age: int, span: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    anchor = anchor_day(book.as_of)
    end = month_of(book.as_of, anchor=anchor) - age - vintage * span
    return pd.Timestamp(reading(end - span + 1, anchor=anchor)), pd.Timestamp(reading(end, anchor=anchor))


def vintage_intervals(
    book: Book, *, metric: Ratio, age: int = 12, span: int = 12, level: float = 0.95
) -> pd.DataFrame:
    """Share kept at one equal age by accounts that began in successive spans of months, with intervals; a ratio.

    Parameters
    ----------
    book : Book
        The company.
    metric : {"net_retention", "gross_retention", "logo_retention"}
        ARR over first ARR; the same without growth; accounts that pay.
    age, span : int
        Months since the first paid reading, and in which the accounts of one vintage began; 1 or more.
    level : float
        Confidence level.

    Returns
    -------
    DataFrame
        A row per vintage, the newest first, the newest having reached `age` on the as-of day; the columns of
        :func:`cslib.metrics.cohorts.vintages` and ``low, high, level, n_effective``.

    Raises
    ------
    ValueError
        When `age` or `span` is not positive.

    Source: ratio of sums at equal age; intervals of :mod:`cslib.metrics.uncertainty`.
    """
    rows = []
    for vintage, own in _aged(book, age=age, span=span).groupby("vintage"):
        y, x = _parts(own, metric)
        bounded = metric != "net_retention"
        found = ratio_of_sums(y, x, cluster=codes(own["cluster"]), bounded=bounded, level=level)
        start, end = _bounds(book, int(str(vintage)), age=age, span=span)
        rows.append(
            {"metric": metric, "convention": f"cohort at {age} months", "start": start, "end": end,
             "value": found.value, "numerator": int(y.sum()), "denominator": int(x.sum()), "n_accounts": len(own),
             "unit": "ratio", "low": found.low, "high": found.high, "level": level, "n_effective": found.n_eff}
        )  # fmt: skip
    columns = [
        "metric",
        "convention",
        "start",
        "end",
        "value",
        "numerator",
        "denominator",
        "n_accounts",
        "unit",
    ]
    return pd.DataFrame(rows, columns=[*columns, *SPAN])


OF_THE_NEWEST: Final = (
    "metric", "convention", "start", "end", "value", "numerator", "denominator", "n_accounts", "unit", "age", "older",
    "n_older", "difference", "low", "high", "level", "n_effective", "verdict",
)  # fmt: skip


def newest_vintage(book: Book, *, age: int = 12, span: int = 12, level: float = 0.95) -> pd.DataFrame:
    """Newest vintage against all that began before it, at equal age, with what may be said of the difference.

    Parameters
    ----------
    book, age, span, level
        As in :func:`vintage_intervals`.

    Returns
    -------
    DataFrame
        A row per net, gross and logo retention: the columns of :mod:`cslib.metrics.retention` with ``value`` what the
        newest kept and ``start, end`` when it began; ``age, older, n_older`` (ratio and number of all before it),
        ``difference, low, high, level``, ``n_effective`` (of the smaller side) and ``verdict``: worse, better or cannot
        tell. Three tests are one question: worse or better needs the interval at the level of Bonferroni's third. Empty
        when there are no two vintages.

    Raises
    ------
    ValueError
        When `age` or `span` is not positive.

    Source: difference of ratios of sums over different accounts, clustered by parent; Bonferroni. Systems: G39.
    """
    aged = _aged(book, age=age, span=span)
    new = (aged["vintage"] == 0).to_numpy()
    rows: list[dict[str, Any]] = []
    if not new.any() or new.all():
        return pd.DataFrame(rows, columns=list(OF_THE_NEWEST))
    start, end = _bounds(book, 0, age=age, span=span)
    cluster = codes(aged["cluster"])
    for metric in RATIOS:
        y, x = (np.asarray(part, dtype=np.float64) for part in _parts(aged, metric))
        bounded = metric != "net_retention"
        shown, strict = (
            paired_change(y * ~new, x * ~new, y * new, x * new, delta=None, cluster=cluster, bounded=bounded, level=at)
            for at in (level, 1 - (1 - level) / len(RATIOS))
        )  # fmt: skip
        verdict = "cannot tell"
        if strict.verdict == "changed" and shown.n_eff >= LEAST:
            verdict = "worse" if shown.value < 0 else "better"
        rows.append(
            {"metric": metric, "convention": f"cohort at {age} months", "start": start, "end": end,
             "value": shown.after.value, "numerator": int(y[new].sum()), "denominator": int(x[new].sum()),
             "n_accounts": int(new.sum()), "unit": "ratio", "age": age, "older": shown.before.value,
             "n_older": int((~new).sum()), "difference": shown.value, "low": shown.low, "high": shown.high,
             "level": level, "n_effective": shown.n_eff, "verdict": verdict}
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(OF_THE_NEWEST))
