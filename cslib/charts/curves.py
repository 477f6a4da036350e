"""Retention of cohorts at equal age."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from cslib.charts.axis import percent_axis
from cslib.charts.canvas import (
    INK,
    MUTED,
    SIZE,
    Picture,
    house_style,
    require,
    said,
    shades,
    sheet,
    text_inches,
)
from cslib.formats import count, percent, period
from cslib.words import known, metric_name, say

__all__ = ["chart_cohort_curves"]

# Where a name may stand beside the end of its curve, in points, best first.
_PLACES: Final = [
    (6, 0),
    *[(x, y) for reach in range(12, 120, 12) for x in (6, -30, -60, -90, -120) for y in (reach, -reach)],
]


@house_style()
def chart_cohort_curves(
    triangle: pd.DataFrame, *, title: str = "", grain: str = "year", locale: str = "en_US"
) -> Picture:
    """Retention of each cohort by age in percent, the newest darkest, named with its last value and size.

    Parameters
    ----------
    triangle : DataFrame
        One metric: `metric`, `convention`, `cohort` (first day of its period), `age` (months), `value`
        (ratio; NaN or absent where not every member has reached the age), `n_accounts` (cohort size).
    title : str
        First words of the caption; as a default the name of the metric.
    grain : {"year", "quarter", "month"}
        What a cohort's period is; names the cohorts.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 x 3.0 inches. A cohort that has not reached month 1 is named in the caption instead;
        where none has, one line says so.

    Raises
    ------
    ValueError
        When a column is missing, the frame is empty, or there is more than one metric.
    """
    columns = ["metric", "convention", "cohort", "age", "value", "n_accounts"]
    kept = require(triangle, columns=columns, by="chart_cohort_curves")
    metrics = sorted(set(triangle["metric"]))
    if len(metrics) > 1:
        raise ValueError(f"chart_cohort_curves: metric: found {', '.join(metrics)}; expected one")
    seen = kept.dropna(subset=["value"]).sort_values(["cohort", "age"])
    seen = seen[seen["cohort"].isin(seen.loc[seen["age"] > 0, "cohort"])]
    caption = say(
        "{title} at equal age, {convention} convention, by {grain} of first payment",
        locale=locale,
        title=title or metric_name(metrics[0], locale=locale),
        convention=known(str(triangle["convention"].iloc[0]), locale=locale),
        grain=say(grain, locale=locale),
    )
    if seen.empty:
        nothing = say("No cohort has reached its first month yet.", locale=locale)
        return said(nothing, caption=f"{caption}.", label="fig-cohort-curves")
    cohorts = sorted(set(triangle["cohort"]))
    shade = dict(zip(cohorts, shades(len(cohorts)), strict=True))

    figure, axes = sheet(left=0.5, right=1.3, top=0.12, bottom=0.5)
    low, high = min(seen["value"].min(), 1.0), max(seen["value"].max(), 1.0)
    pad = max(0.08 * (high - low), 0.02)
    axes.set_ylim(max(low - pad, -0.01), high + pad)
    oldest = max(int(seen["age"].max()), 1)
    axes.set_xlim(0, oldest)
    step = next(step for step in (1, 3, 6, 12, 24, 60, 120) if oldest <= 8 * step)
    axes.set_xticks(range(0, oldest + 1, step))
    axes.set_xlabel(say("Age in months since first payment", locale=locale), labelpad=3)
    percent_axis(axes, locale=locale)
    if high > 1.0:
        axes.axhline(1.0, color=MUTED, linewidth=0.8)
    names, points, colours, sentences = [], [], [], []
    for cohort in cohorts:
        curve = seen[seen["cohort"] == cohort]
        if curve.empty:
            continue
        named, last = period(cohort, grain=grain, locale=locale), curve.iloc[-1]
        ages, ratios = [int(age) for age in curve["age"]], [float(value) for value in curve["value"]]
        axes.plot(ages, ratios, color=shade[cohort], gid=f"cohort {named}", clip_on=False)
        axes.plot(ages[-1], ratios[-1], "o", markersize=4, color=shade[cohort], clip_on=False)
        points.append((ages[-1], ratios[-1]))
        colours.append(shade[cohort])
        size = count(last["n_accounts"], locale=locale)
        names.append(f"{named}  {percent(ratios[-1], locale=locale, digits=0)} ({size})")
        sentences.append(
            say(
                "{cohort} ({n} accounts): {value} at month {age}.",
                locale=locale,
                cohort=named,
                n=size,
                value=percent(ratios[-1], locale=locale),
                age=count(ages[-1], locale=locale),
            )
        )
    _place(axes, names, points=points, colours=colours)
    young = [period(c, grain=grain, locale=locale) for c in cohorts if c not in set(seen["cohort"])]
    waiting = (
        " " + say("Too young to draw: {cohorts}.", locale=locale, cohorts=", ".join(young)) if young else ""
    )
    caption = say(
        "{caption}, with the accounts of each cohort in brackets; a curve ends at the age that its youngest account "
        "has reached.",
        locale=locale,
        caption=caption,
    )
    caption += waiting
    lines = say("Lines by age.", locale=locale)
    alt = f"{lines} {' '.join(sentences)}{waiting}"
    rows = [seen, pd.DataFrame({"cohort": [c for c in cohorts if c not in set(seen["cohort"])]})]
    return Picture(figure, alt, caption, "fig-cohort-curves", rows=rows)


def _place(
    axes: Axes, names: Sequence[str], *, points: Sequence[tuple[float, float]], colours: Sequence[str]
) -> None:
    """Name each end where the name hides least: no other name, few points of curves, near by. Works in points."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    scale = 72 / figure.dpi
    inked = (
        np.concatenate([_along(line.get_transform().transform(line.get_xydata())) for line in axes.lines])
        * scale
    )
    plot = axes.get_window_extent()
    taken: list[Bbox] = []
    for i in sorted(range(len(names)), key=lambda i: (-points[i][0], -points[i][1])):
        end = axes.transData.transform(points[i]) * scale
        width, half = text_inches(figure, [names[i]], weight="semibold") * 72 + 2, SIZE * 0.7
        costs = []
        for rank, (dx, dy) in enumerate(_PLACES):
            x, y = end[0] + dx, end[1] + dy
            box = Bbox.from_extents(x, y - half, x + width, y + half)
            leader = np.linspace(end, (x + width / 2, y), 30)
            wrong = [box.overlaps(other) or _covered(other, leader) > 0 for other in taken]
            wrong += [box.y0 < plot.y0 * scale, box.x0 < plot.x0 * scale]
            away = np.hypot(max(box.x0 - end[0], end[0] - box.x1, 0), max(abs(dy) - half, 0))
            costs.append((sum(wrong), _covered(box, inked) + away / 3, rank, box, leader))
        _, _, best, box, leader = min(costs, key=lambda cost: cost[:3])
        taken.append(box)
        inked = np.concatenate([inked, leader])
        axes.annotate(
            names[i],
            points[i],
            xytext=_PLACES[best],
            textcoords="offset points",
            va="center_baseline",
            color=INK,
            weight="semibold",
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            arrowprops={"arrowstyle": "-", "color": colours[i], "linewidth": 0.8, "shrinkA": 0, "shrinkB": 2},
        )


def _along(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points a pixel apart along a line of at least one corner: a steep fall hides as much as a flat run."""
    walked = np.r_[0.0, np.hypot(*np.diff(corners, axis=0).T).cumsum()]
    steps = np.linspace(0, walked[-1], int(walked[-1]) + 1)
    return np.column_stack([np.interp(steps, walked, corners[:, 0]), np.interp(steps, walked, corners[:, 1])])


def _covered(box: Bbox, points: NDArray[np.float64]) -> int:
    x, y = points.T
    return int(((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).sum())
