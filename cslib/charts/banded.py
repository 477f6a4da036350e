"""Curves by age with their bands, and how many accounts stand behind each age."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cslib.charts.axis import end_labels, percent_axis
from cslib.charts.canvas import GAIN, INK, MUTED, NEUTRAL, SIZE, Picture, house_style, require, said, sheet
from cslib.charts.retention import SHORT
from cslib.formats import count, percent
from cslib.words import metric_name, say

__all__ = ["chart_curves"]

LINES: Final[dict[str, dict[str, Any]]] = {
    "net_retention": {"color": GAIN},
    "gross_retention": {"color": NEUTRAL},
    "logo_retention": {"color": INK, "linestyle": (0, (1, 1.5)), "linewidth": 1.3},
}
LEAST: Final = 20  # accounts at risk, below which a curve says too little to draw


@house_style()
def chart_curves(curves: pd.DataFrame, *, title: str, locale: str = "en_US") -> Picture:
    """Share kept by age in percent, a line a metric with its band; below, the accounts looked at.

    Parameters
    ----------
    curves : DataFrame
        One or more of `net_retention`, `gross_retention`, `logo_retention`: `metric`, `age` (months), `value`, `low`,
        `high` (ratios; NaN where there is none), `level`, `n_at_risk`.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Returns
    -------
    Picture
        6.5 x 3.3 inches; ages with fewer than twenty accounts at risk are left out. Where no age after the first has
        twenty,
        one line says so.

    Raises
    ------
    ValueError
        When a column is missing or a metric is none of the three.
    """
    columns = ["metric", "age", "value", "low", "high", "level", "n_at_risk"]
    kept = require(curves, columns=columns, by="chart_curves", may_be_empty=True)
    others = sorted(set(curves["metric"]) - set(LINES))
    if others:
        raise ValueError(f"chart_curves: metric: found {', '.join(others)}; expected {', '.join(LINES)}")
    drawn = curves[curves["n_at_risk"] >= LEAST].sort_values("age")
    caption = say("{title}, by age in months since first payment", locale=locale, title=title)
    if drawn.empty or not drawn["age"].max() > 0:
        return said(
            say("Fewer than {n} accounts are a month old.", locale=locale, n=count(LEAST, locale=locale)),
            caption=f"{caption}.",
            label="fig-curves",
        )
    figure, axes = sheet(left=0.8, right=1.15, top=0.12, bottom=0.72, height=3.3)
    oldest = int(drawn["age"].max())
    step = next(step for step in (1, 3, 6, 12, 24, 60, 120) if oldest <= 8 * step)
    ages = list(range(0, oldest + 1, step))
    low, high = min(drawn[["value", "low"]].min().min(), 1.0), max(drawn[["value", "high"]].max().max(), 1.0)
    low, high = max(low, 0.0), min(high, 1.2 * max(drawn["value"].max(), 1.0))  # a band may leave the plot
    axes.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    axes.set_xlim(0, oldest)
    percent_axis(axes, locale=locale)
    axes.axhline(1.0, color=MUTED, linewidth=0.8)
    names, heights, found, sentences = [], [], [], []
    for metric, style in LINES.items():
        curve = drawn[drawn["metric"] == metric]
        if curve.empty:
            continue
        x, y = [int(age) for age in curve["age"]], [float(value) for value in curve["value"]]
        band = curve.dropna(subset=["low", "high"])
        axes.fill_between(
            list(band["age"]),
            list(band["low"]),
            list(band["high"]),
            color=style["color"],
            alpha=0.14,
            linewidth=0,
        )
        axes.plot(x, y, gid=metric, clip_on=False, **style)
        word = metric_name(metric, locale=locale)
        names.append(f"{say(SHORT[metric], locale=locale)} {percent(y[-1], locale=locale, digits=0)}")
        heights.append(y[-1])
        found.append(metric)
        last = curve.iloc[-1]
        low_end, high_end = (percent(last[side], locale=locale) for side in ("low", "high"))
        span = (
            ""
            if pd.isna(last["low"])
            else f" ({say('{low} to {high}', locale=locale, low=low_end, high=high_end)})"
        )
        sentences.append(
            say(
                "{metric}: {value}{span} at month {age}.",
                locale=locale,
                metric=word,
                value=percent(y[-1], locale=locale),
                span=span,
                age=x[-1],
            )
        )
    inks = {"net_retention": GAIN, "gross_retention": MUTED, "logo_retention": INK}
    end_labels(
        axes, names, at=heights, colours=[LINES[m]["color"] for m in found], inks=[inks[m] for m in found]
    )
    counted = drawn[drawn["metric"] == found[0]].set_index("age")["n_at_risk"]
    shown = [f"{age}\n{count(counted[age], locale=locale)}" for age in ages]
    axes.set_xticks(ages, shown, linespacing=1.6)
    heads = say("Age\nAccounts", locale=locale)
    axes.text(
        -0.045, -0.045, heads, transform=axes.transAxes, ha="right", va="top", color=MUTED, linespacing=1.6,
        fontsize=SIZE,
    )  # fmt: skip
    level = percent(float(drawn["level"].iloc[0]), locale=locale, digits=0)
    caption = say(
        "{caption}, with pointwise {level} bands; below, the accounts old enough ({metric}). Ages with fewer than {n} "
        "are left out.",
        locale=locale,
        caption=caption,
        level=level,
        metric=metric_name(found[0], locale=locale).lower(),
        n=count(LEAST, locale=locale),
    )
    lines = say("Lines by age.", locale=locale)
    rows = [drawn[kept.columns], pd.DataFrame({"least": [LEAST]})]
    return Picture(figure, f"{lines} {' '.join(sentences)}", caption, "fig-curves", rows=rows)
