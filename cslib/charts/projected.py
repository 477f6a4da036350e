"""Cohorts as far as they were seen, and what may follow, with ranges that open with age."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cslib.charts.axis import end_labels, percent_axis
from cslib.charts.canvas import MUTED, SIZE, Picture, house_style, require, said, shades, sheet
from cslib.formats import percent, period
from cslib.words import metric_name, say

__all__ = ["chart_projection"]

LINES: Final = 4
CEILING: Final = 2.5  # a range may leave the plot, so that one cohort does not flatten the rest


@house_style()
def chart_projection(projected: pd.DataFrame, *, title: str, locale: str = "en_US") -> Picture:
    """Share kept by age of a cohort a year, seen as a line, expected as dashes with the range around them.

    Parameters
    ----------
    projected : DataFrame
        One metric: `metric`, `cohort` (first day of its quarter), `age` (months), `value`, `low`, `high` (ratios; a
        range is NaN where the cell has happened or none is supported), `observed`, `level`, `n_accounts`.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 x 3.3 inches: the newest cohort that is a year old and every fourth before it, four at most. One line says
        so where no cohort is a year old.

    Raises
    ------
    ValueError
        When a column is missing or there is more than one metric.
    """
    columns = ["metric", "cohort", "age", "value", "low", "high", "observed", "level", "n_accounts"]
    kept = require(projected, columns=columns, by="chart_projection", may_be_empty=True)
    metrics = sorted(set(projected["metric"]))
    if len(metrics) > 1:
        raise ValueError(f"chart_projection: metric: found {', '.join(metrics)}; expected one")
    seen = projected[projected["observed"].astype(bool)].groupby("cohort")["age"].max()
    old = seen[seen >= 12].index.sort_values(ascending=False)[::LINES][:LINES]
    if not len(old):
        nothing = say("No cohort is a year old yet.", locale=locale)
        return said(nothing, caption=f"{title}.", label="fig-projection")
    figure, axes = sheet(left=0.8, right=1.35, top=0.12, bottom=0.55, height=3.3)
    drawn = kept[kept["cohort"].isin(old)].sort_values("age")
    oldest = int(drawn["age"].max())
    most = max(float(drawn["value"].max()), 1.0)
    reached = max(float(drawn["high"].max()), most) if drawn["high"].notna().any() else most
    highest = min(reached * 1.04, most * 1.25, CEILING)
    axes.set_ylim(0, highest)
    axes.set_xlim(0, oldest)
    percent_axis(axes, locale=locale)
    axes.axhline(1.0, color=MUTED, linewidth=0.8)
    colours = shades(len(old))[::-1]
    names, heights, sentences = [], [], []
    for cohort, colour in zip(old, colours, strict=True):
        own = drawn[drawn["cohort"] == cohort]
        until = int(seen[cohort])
        past, ahead = own[own["age"] <= until], own[own["age"] >= until].dropna(subset=["value"])
        name = period(cohort, grain="quarter", locale=locale)
        band = ahead.dropna(subset=["low", "high"])
        ages, lows, highs = (list(band[column]) for column in ("age", "low", "high"))
        axes.fill_between(ages, lows, highs, color=colour, alpha=0.13, linewidth=0)
        axes.plot(list(past["age"]), list(past["value"]), color=colour, gid=f"{name} seen")
        dashes: dict[str, Any] = {"color": colour, "linestyle": (0, (2, 2)), "gid": f"{name} expected"}
        axes.plot(list(ahead["age"]), list(ahead["value"]), **dashes)
        last = ahead.iloc[-1] if len(ahead) else past.iloc[-1]
        names.append(f"{name} {percent(float(last['value']), locale=locale, digits=0)}")
        heights.append(float(last["value"]))
        now = percent(float(past["value"].iloc[-1]), locale=locale)
        if len(band):
            end = band.iloc[-1]
            low, high = (percent(float(end[side]), locale=locale) for side in ("low", "high"))
            sentences.append(
                say("{cohort}: {now} at month {age}, expected {low} to {high} at month {last}.", locale=locale,
                    cohort=name, now=now, age=until, low=low, high=high, last=int(end["age"]))
            )  # fmt: skip
        else:
            sentences.append(
                say("{cohort}: {now} at month {age}.", locale=locale, cohort=name, now=now, age=until)
            )
    end_labels(axes, names, at=heights, colours=list(colours), inks=[MUTED] * len(names))
    step = next(step for step in (3, 6, 12, 24, 60, 120) if oldest <= 8 * step)
    axes.set_xticks(list(range(0, oldest + 1, step)))
    axes.set_xlabel(say("Age in months", locale=locale), color=MUTED, fontsize=SIZE)
    level = percent(float(projected["level"].iloc[0]), locale=locale, digits=0)
    caption = say(
        "{title}: {metric} by age, seen (line) and expected (dashes) with {level} ranges; the newest quarterly cohort "
        "that is a year old and those of one, two and three years before.",
        locale=locale, title=title, metric=metric_name(metrics[0], locale=locale).lower(), level=level,
    )  # fmt: skip
    lines = say("Lines by age.", locale=locale)
    return Picture(figure, f"{lines} {' '.join(sentences)}", caption, "fig-projection", rows=[drawn])
