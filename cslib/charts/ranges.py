"""Estimates with their ranges, one a row: vintages at equal age, first renewals by year."""

from __future__ import annotations

import pandas as pd

from cslib.charts.axis import percent_axis
from cslib.charts.canvas import GAIN, INK, MUTED, Picture, house_style, require, said, sheet, text_inches
from cslib.formats import count, listed, month, percent
from cslib.words import known, metric_name, retell, say

__all__ = ["chart_ranges"]


@house_style()
def chart_ranges(frame: pd.DataFrame, *, title: str, label: str, locale: str = "en_US") -> Picture:
    """Ratio of every period as a dot on its range, the latest on top, each row with its accounts.

    Parameters
    ----------
    frame : DataFrame
        `metric` (one), `convention`, `start`, `end`, `value`, `low`, `high` (ratios; a range is NaN where there is
        none), `level`, `n_accounts`.
    title : str
        First words of the caption, English words or finished text.
    label : str
        Of the figure, such as ``fig-vintages``.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 inches wide, a third of an inch a row; one line that says so where there is no row.

    Raises
    ------
    ValueError
        When a column is missing or there is more than one metric.
    """
    columns = ["metric", "convention", "start", "end", "value", "low", "high", "level", "n_accounts"]
    kept = require(frame, columns=columns, by="chart_ranges", may_be_empty=True)
    title = known(title, locale=locale)
    metrics = sorted(set(frame["metric"]))
    if len(metrics) > 1:
        raise ValueError(f"chart_ranges: metric: found {', '.join(metrics)}; expected one")
    rows = kept.dropna(subset=["value"]).sort_values("end", ascending=False)
    if rows.empty:
        return said(say("There is no period to show yet.", locale=locale), caption=f"{title}.", label=label)
    names = [
        say(
            "{start} to {end}",
            locale=locale,
            start=month(row["start"], locale=locale),
            end=month(row["end"], locale=locale),
        )
        + f" ({count(row['n_accounts'], locale=locale)})"
        for row in rows.to_dict("records")
    ]
    probe, _ = sheet(left=0.5, right=0.5, top=0.1, bottom=0.4)
    wide = text_inches(probe, names) + 0.15
    figure, axes = sheet(left=wide, right=0.7, top=0.1, bottom=0.35, height=0.55 + 0.3 * len(rows))
    ends = rows[["low", "high", "value"]].to_numpy().ravel()
    there = [float(value) for value in ends if not pd.isna(value)]
    low, high = max(min(there), 0.0), max(there)
    pad = max(0.05 * (high - low), 0.01)
    axes.set_xlim(low - pad, high + pad)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks(range(len(rows)), names)
    percent_axis(axes, locale=locale, along="x")
    sentences = []
    for place, row in enumerate(rows.to_dict("records")):
        colour = INK if place == 0 else GAIN
        if not pd.isna(row["low"]):
            axes.plot(
                [row["low"], row["high"]], [place, place], color=colour, linewidth=1.3, gid=f"range {place}"
            )
        axes.plot(row["value"], place, "o", color=colour, markersize=5, clip_on=False)
        told = percent(row["value"], locale=locale)
        axes.text(
            1.01, place, told, transform=axes.get_yaxis_transform(), va="center_baseline", color=INK,
            weight="semibold",
        )  # fmt: skip
        sides = {side: percent(row[side], locale=locale) for side in ("low", "high")}
        span = f" ({say('{low} to {high}', locale=locale, **sides)})"
        sentences.append(f"{names[place]}: {told}{'' if pd.isna(row['low']) else span}.")
    axes.tick_params(axis="y", labelcolor=MUTED)
    conventions = listed(
        [retell(name, locale=locale) for name in sorted(set(rows["convention"]))], locale=locale
    )
    level = percent(float(rows["level"].iloc[0]), locale=locale, digits=0)
    caption = say(
        "{title}: {metric}, {conventions}, with {level} intervals and the accounts in brackets.",
        locale=locale,
        title=title,
        metric=metric_name(metrics[0], locale=locale).lower(),
        conventions=conventions,
        level=level,
    )
    dots = say("Dots on ranges.", locale=locale)
    return Picture(figure, f"{dots} {' '.join(sentences)}", caption, label, rows=[rows])
