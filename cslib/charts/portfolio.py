"""Companies side by side: a league of ratios on their ranges, and small lines of each over time."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes

from cslib.charts.axis import days_of, month_axis, percent_axis, trailing
from cslib.charts.canvas import (
    GAIN,
    INK,
    LOSS,
    MUTED,
    RULE,
    WIDTH,
    Picture,
    house_style,
    require,
    said,
    sheet,
    text_inches,
)
from cslib.formats import count, month, percent, points, shortened
from cslib.words import known, metric_name, say

__all__ = ["chart_league", "chart_sparklines"]

NAMES: Final = 26  # characters of a company's name
REACH: Final = 0.35  # how far beyond the outermost ratio an axis goes for the sake of a range
TIERS: Final = {"above the others": GAIN, "cannot be told apart": INK, "below the others": LOSS}
HEADINGS: Final = {
    "above the others": "Above the others",
    "cannot be told apart": "Cannot be told apart",
    "below the others": "Below the others",
}


@house_style()
def chart_league(
    frame: pd.DataFrame, *, title: str, label: str = "fig-league", locale: str = "en_US"
) -> Picture:
    """Ratio of every company as a dot on its range, under the words of its tier.

    Parameters
    ----------
    frame : DataFrame
        `metric` (one), `company`, `convention`, `start`, `end`, `value`, `low`, `high` (ratios; NaN where there is no
        range), `tier`; in the order to draw, the rows of a tier together.
    title : str
        First words of the caption.
    label : str
        Of the figure.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 inches wide, a quarter of an inch a company; a range that leaves the picture ends in an arrow. One line that
        says so where there is no company.

    Raises
    ------
    ValueError
        When a column is missing, there is more than one metric or a company comes twice.
    """
    columns = ["metric", "company", "convention", "start", "end", "value", "low", "high", "tier"]
    kept = require(frame, columns=columns, by="chart_league", may_be_empty=True)
    metrics = sorted(set(frame["metric"]))
    if len(metrics) > 1 or frame["company"].duplicated().any():
        raise ValueError(
            f"chart_league: found {', '.join(metrics)} and {len(frame)} rows of {frame['company'].nunique()} "
            "companies; expected one metric and one row a company"
        )
    rows = frame.dropna(subset=["value"]).to_dict("records")
    if not rows:
        nothing = say("No company has a whole window yet.", locale=locale)
        return said(nothing, caption=f"{title}.", label=label)
    tiers = list(dict.fromkeys(row["tier"] for row in rows))
    places = _places(rows, tiers)
    names = [shortened(row["company"], length=NAMES) for row in rows]
    probe, _ = sheet(left=0.5, right=0.5, top=0.1, bottom=0.4)
    headings = {tier: say(HEADINGS[tier], locale=locale) for tier in tiers}
    wide = text_inches(probe, [*names, *headings.values()]) + 0.25
    depth = places[-1] + 1.0
    figure, axes = sheet(left=wide, right=0.7, top=0.05, bottom=0.35, height=0.5 + 0.23 * depth)
    _limits(axes, rows)
    axes.set_ylim(depth - 0.4, -0.6)
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", labelcolor=INK, pad=7)  # room for the arrow of a range that goes on
    percent_axis(axes, locale=locale, along="x")
    for tier in tiers:
        first = next(place for place, row in zip(places, rows, strict=True) if row["tier"] == tier)
        axes.text(
            -0.012, first - 1, headings[tier], transform=axes.get_yaxis_transform(), ha="right",
            va="center_baseline", color=MUTED, style="normal", weight="semibold",
        )  # fmt: skip
    for place, row in zip(places, rows, strict=True):
        _draw(axes, place, row, locale=locale)
    ranged = sum(not pd.isna(row["low"]) for row in rows)
    metric = metric_name(metrics[0], locale=locale)
    caption = say(
        "{title}: {metric}, {window}, with 95% intervals. The order within a group means nothing."
        if ranged == len(rows)
        else "{title}: {metric}, {window}, with 95% intervals; no bar where the book is too concentrated for one. The "
        "order within a group means nothing.",
        locale=locale,
        title=title,
        metric=metric.lower(),
        window=trailing(rows[-1], locale=locale),
    )
    sentences = [
        f"{headings[tier]}: "
        + ", ".join(_told(row, locale=locale) for row in rows if row["tier"] == tier)
        + "."
        for tier in tiers
    ]
    dots = say("Dots on ranges.", locale=locale)
    return Picture(figure, f"{dots} {' '.join(sentences)}", caption, label, rows=[kept])


def _places(rows: list[dict[Any, Any]], tiers: list[str]) -> list[float]:
    """Height of every row, with the line of its tier's words above the first of it."""
    return [n + 1.0 + tiers.index(row["tier"]) * 1.0 for n, row in enumerate(rows)]


def _limits(axes: Axes, rows: list[dict[Any, Any]]) -> None:
    values = [float(row["value"]) for row in rows]
    lows = [float(row["low"]) for row in rows if not pd.isna(row["low"])]
    highs = [float(row["high"]) for row in rows if not pd.isna(row["high"])]
    low = max(min([*values, *lows]), min(values) - REACH)
    high = min(max([*values, *highs]), max(values) + REACH)
    pad = max(0.04 * (high - low), 0.01)
    axes.set_xlim(low - pad, high + pad)


def _draw(axes: Axes, place: float, row: dict[Any, Any], *, locale: str) -> None:
    colour = TIERS.get(row["tier"], INK)
    left, right = axes.get_xlim()
    if not pd.isna(row["low"]):
        low, high = max(row["low"], left), min(row["high"], right)
        axes.plot([low, high], [place, place], color=colour, linewidth=1.2, gid=f"range {row['company']}")
        for beyond, edge, mark in ((row["low"] < left, low, "<"), (row["high"] > right, high, ">")):
            if beyond:
                axes.plot(edge, place, mark, color=colour, markersize=3.5, clip_on=False)
    axes.plot(row["value"], place, "o", color=colour, markersize=4.5, clip_on=False)
    axes.text(
        1.01, place, percent(row["value"], locale=locale), transform=axes.get_yaxis_transform(),
        va="center_baseline", color=colour, weight="semibold",
    )  # fmt: skip


def _told(row: dict[Any, Any], *, locale: str) -> str:
    sides = {side: percent(row[side], locale=locale) for side in ("low", "high")}
    span = f" ({say('{low} to {high}', locale=locale, **sides)})"
    told = f"{row['company']} {percent(row['value'], locale=locale)}"
    return told if pd.isna(row["low"]) else told + span


@house_style()
def chart_sparklines(
    frame: pd.DataFrame,
    changes: pd.DataFrame,
    *,
    title: str,
    label: str = "fig-sparklines",
    locale: str = "en_US",
) -> Picture:
    """One small line a company, all on one scale and one axis of time, with its last value and what changed.

    Parameters
    ----------
    frame : DataFrame
        `company`, `metric` (one), `convention`, `start`, `end`, `value` (a ratio); companies in the order to draw.
    changes : DataFrame
        `company`, `months_ago` (one), `value`, `low` (points as a ratio), `verdict`; a company without a row is not
        judged.
    title : str
        First words of the caption.
    label : str
        Of the figure.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 inches wide, three tenths of an inch a company; one line that says so where there is none.

    Raises
    ------
    ValueError
        When a column is missing or there is more than one metric or lag.
    """
    columns = ["company", "metric", "convention", "start", "end", "value"]
    kept = require(frame, columns=columns, by="chart_sparklines", may_be_empty=True)
    since = require(
        changes, columns=["company", "months_ago", "value", "low", "verdict"], by="chart_sparklines", may_be_empty=True
    )  # fmt: skip
    metrics, lags = sorted(set(frame["metric"])), sorted(set(changes["months_ago"]))
    if len(metrics) > 1 or len(lags) > 1:
        raise ValueError(
            f"chart_sparklines: found {', '.join(metrics)} and {len(lags)} lags; expected one metric and one lag"
        )
    rows = kept.dropna(subset=["value"])
    companies = list(dict.fromkeys(rows["company"]))
    if not companies:
        nothing = say("No company has a whole window yet.", locale=locale)
        return said(nothing, caption=f"{title}.", label=label)
    verdicts = {row["company"]: _verdict(row, locale=locale) for row in changes.to_dict("records")}
    names = [shortened(name, length=NAMES) for name in companies]
    lasts = [float(rows.loc[rows["company"] == name, "value"].iloc[-1]) for name in companies]
    told = [verdicts.get(name, "") for name in companies]
    probe, _ = sheet(left=0.5, right=0.5, top=0.1, bottom=0.4)
    left = text_inches(probe, names) + 0.2
    right = text_inches(probe, told) + 0.85
    figure, axes = sheet(left=left, right=right, top=0.1, bottom=0.3, height=0.45 + 0.3 * len(companies))
    low, high = float(rows["value"].min()), float(rows["value"].max())
    scale = 0.7 / max(high - low, 0.02)
    middle = (low + high) / 2
    month_axis(axes, rows["end"], locale=locale)
    axes.set_ylim(len(companies) - 0.5, -0.5)
    axes.set_yticks(range(len(companies)), names)
    axes.tick_params(axis="y", labelcolor=INK)
    beside, after = axes.get_yaxis_transform(), 1.03 + 0.55 / (WIDTH - left - right)
    for place, (name, last) in enumerate(zip(companies, lasts, strict=True)):
        own = rows[rows["company"] == name].sort_values("end")
        heights = [place - (float(value) - middle) * scale for value in own["value"]]
        if low <= 1 <= high:
            even = place - (1 - middle) * scale
            axes.plot(axes.get_xlim(), [even, even], color=RULE, linewidth=0.6, zorder=0)
        axes.plot(days_of(own["end"]), heights, color=GAIN, linewidth=1.2, gid=f"line {name}", clip_on=False)
        axes.plot(days_of(own["end"])[-1], heights[-1], "o", color=GAIN, markersize=3.5, clip_on=False)
        axes.text(
            1.03, place, percent(last, locale=locale), transform=beside, va="center_baseline", weight="semibold"
        )  # fmt: skip
        axes.text(after, place, told[place], transform=beside, va="center_baseline", color=MUTED)
    caption = say(
        "{title}: {metric} at quarter ends, {convention}, all on one scale; the fine line is 100%."
        if low <= 1 <= high
        else "{title}: {metric} at quarter ends, {convention}, all on one scale.",
        locale=locale,
        title=title,
        metric=metric_name(metrics[0], locale=locale).lower(),
        convention=known(rows.iloc[-1]["convention"], locale=locale),
    )
    if lags:
        months = count(lags[0], locale=locale)
        caption += " " + say("Beside it the change in {n} months.", locale=locale, n=months)
    first, end = (month(when, locale=locale) for when in (rows["end"].min(), rows["end"].max()))
    sentences = [
        f"{name} {percent(last, locale=locale)}{f', {word}' if word else ''}."
        for name, last, word in zip(companies, lasts, told, strict=True)
    ]
    lines = say("Lines from {start} to {end}.", locale=locale, start=first, end=end)
    return Picture(figure, f"{lines} {' '.join(sentences)}", caption, label, rows=[rows, since])


def _verdict(row: dict[Any, Any], *, locale: str) -> str:
    if pd.isna(row["low"]):
        return say("too concentrated to say", locale=locale)
    if row["verdict"] == "changed":
        return say("{points} points", locale=locale, points=points(row["value"], locale=locale, signed=True))
    return say("cannot tell" if row["verdict"] == "cannot tell" else "unchanged", locale=locale)
