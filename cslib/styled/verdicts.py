"""What is known and how well: ratios with their intervals, and changes with their verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from cslib.charts.axis import trailing
from cslib.charts.canvas import require
from cslib.formats import count, month, percent, points
from cslib.styled.sheet import Sheet, lay_out, once
from cslib.words import metric_name, say

__all__ = ["changes_table", "newest_table"]

_SAID: Final = {
    "changed": "changed",
    "cannot tell": "cannot tell",
    "unchanged within delta": "unchanged",
}


def changes_table(
    intervals: pd.DataFrame, changes: pd.DataFrame, *, title: str, locale: str = "en_US"
) -> Sheet:
    """Ratios with their interval, and for each earlier window the change, its interval and the verdict.

    Parameters
    ----------
    intervals : DataFrame
        `metric`, `convention`, `start`, `end`, `value`, `low`, `high`, `n_effective`; one row a metric.
    changes : DataFrame
        `metric`, `months_ago`, `value`, `low`, `high` (ratio points), `verdict`, `detectable`.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        One row a metric, and below it one for each earlier window: points with the sign, and the smallest change that
        would be found four times out of five.

    Raises
    ------
    ValueError
        When a column is missing or a metric comes twice.
    """
    levels = require(
        intervals,
        columns=["metric", "convention", "start", "end", "value", "low", "high", "n_effective"],
        by="changes_table",
        may_be_empty=True,
    )
    kept = require(
        changes,
        columns=["metric", "months_ago", "value", "low", "high", "verdict", "detectable"],
        by="changes_table",
        may_be_empty=True,
    )
    once(intervals, key=["metric"], by="changes_table")
    once(changes, key=["metric", "months_ago"], by="changes_table")
    heads = [say(head, locale=locale) for head in ("Value", "95% interval", "Verdict", "Detectable")]
    nothing = say("none", locale=locale)
    rows, names = [], []
    for row in intervals.to_dict("records"):
        names.append(metric_name(row["metric"], locale=locale))
        rows.append(
            [percent(row["value"], locale=locale), _span(row["low"], row["high"], locale=locale), "", ""]
        )
        own = changes[changes["metric"] == row["metric"]].sort_values("months_ago")
        for change in own.to_dict("records"):
            months = count(change["months_ago"], locale=locale)
            metric = metric_name(row["metric"], locale=locale)
            names.append(_change(change, metric, months, locale=locale))
            detectable = (
                nothing if pd.isna(change["low"]) else f"±{points(change['detectable'], locale=locale)}"
            )
            verdict = say(_SAID[change["verdict"]], locale=locale)
            moved = points(change["value"], locale=locale, signed=True)
            rows.append([moved, _moves(change["low"], change["high"], locale=locale), verdict, detectable])
    if not rows:
        names, rows = [nothing], [[""] * len(heads)]
    cells = pd.DataFrame(rows, index=names, columns=heads)
    window = f", {trailing(intervals.iloc[0], locale=locale)}" if len(intervals) else ""
    caption = say(
        "{title}{window}. Changes in points; detectable: the smallest that would be found four times of five.",
        locale=locale,
        title=title,
        window=window,
    )
    return lay_out(
        cells.rename_axis(say("Metric", locale=locale), axis=1),
        rows=[levels, kept[kept["metric"].isin(intervals["metric"])]],
        caption=caption,
        label="tab-verdicts",
        text=heads[2:3],
        bold=[metric_name(metric, locale=locale) for metric in intervals["metric"]],
    )


def newest_table(newest: pd.DataFrame, *, title: str, locale: str = "en_US") -> Sheet:
    """What the newest vintage kept beside all that began before it, at equal age, with the verdict on the difference.

    Parameters
    ----------
    newest : DataFrame
        `metric`, `convention`, `start`, `end` (when the newest began), `age` (months), `value`, `older` (ratios),
        `n_accounts`, `n_older`, `difference`, `low`, `high` (ratio points), `verdict`; one row a metric.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        One row a metric: both ratios in percent, the difference in points with its sign.

    Raises
    ------
    ValueError
        When a column is missing or a metric comes twice.
    """
    kept = require(
        newest,
        columns=["metric", "convention", "start", "end", "age", "value", "older", "n_accounts", "n_older",
                 "difference", "low", "high", "verdict"],
        by="newest_table",
        may_be_empty=True,
    )  # fmt: skip
    once(newest, key=["metric"], by="newest_table")
    heads = ("Newest vintage", "Before it", "Difference", "95% interval", "Verdict")
    told = [say(head, locale=locale) for head in heads]
    nothing = say("none", locale=locale)
    rows = []
    for row in newest.to_dict("records"):
        both = [percent(row[side], locale=locale) for side in ("value", "older")]
        difference = points(row["difference"], locale=locale, signed=True)
        span = _moves(row["low"], row["high"], locale=locale)
        rows.append([*both, difference, span, say(row["verdict"], locale=locale)])
    names = [metric_name(metric, locale=locale) for metric in newest["metric"]]
    cells = pd.DataFrame(rows or [[""] * len(told)], index=names or [nothing], columns=told)
    caption = f"{title}."
    if len(newest):
        of = newest.iloc[0]
        caption = say(
            "{title}: what the accounts that began from {start} to {end} ({n}) and those before them ({older}) had "
            "kept {age} months after each began, cohort convention. Difference in points.",
            locale=locale, title=title, start=month(of["start"], locale=locale), end=month(of["end"], locale=locale),
            n=count(of["n_accounts"], locale=locale), older=count(of["n_older"], locale=locale),
            age=count(of["age"], locale=locale),
        )  # fmt: skip
    return lay_out(
        cells.rename_axis(say("Metric", locale=locale), axis=1),
        rows=[kept],
        caption=caption,
        label="tab-newest-vintage",
        text=told[4:],
    )


def _change(change: Mapping[Any, Any], metric: str, months: str, *, locale: str) -> str:
    """Name of a row of change; it names the level of its interval where that is not the 95% of the column's head."""
    level = change.get("level", 0.95)
    if level == 0.95:
        return say("{metric}, change in {n} months", locale=locale, metric=metric, n=months)
    told = percent(level, locale=locale, digits=0)
    words = "{metric}, change in {n} months, {level} interval"
    return say(words, locale=locale, metric=metric, n=months, level=told)


def _span(low: float, high: float, *, locale: str) -> str:
    if math.isnan(low):
        return say("none", locale=locale)
    return _to(percent(low, locale=locale), percent(high, locale=locale), locale=locale)


def _moves(low: float, high: float, *, locale: str) -> str:
    """The same of a change, in points with their signs."""
    if math.isnan(low):
        return say("none", locale=locale)
    return _to(*(points(side, locale=locale, signed=True) for side in (low, high)), locale=locale)


def _to(low: str, high: str, *, locale: str) -> str:
    return say("{low} to {high}", locale=locale, low=low, high=high)
