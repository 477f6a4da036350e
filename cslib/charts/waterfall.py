"""The ARR bridge as a waterfall."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from cslib.charts.canvas import GAIN, INK, LOSS, MUTED, NEUTRAL, SIZE, Picture, house_style, require, sheet
from cslib.formats import currency_of, day, short_money
from cslib.words import known, metric_name, say

__all__ = ["chart_bridge"]

ORDER: Final = ("opening", "new", "expansion", "reactivation", "contraction", "churn", "closing")
SIGN: Final = {"new": 1, "expansion": 1, "reactivation": 1, "contraction": -1, "churn": -1}
_BAR: Final = 0.62
_THINNEST: Final = 0.006  # of the height: a smaller movement is drawn as a line
_CUT_ABOVE: Final = 0.55  # totals are cut when the lowest level stands above this share of the highest


@house_style()
def chart_bridge(bridge: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Picture:
    """Waterfall from the opening amount over five movements to the closing amount, in short money.

    Where the movements are small beside the totals, the two total bars are cut and carry a break mark;
    the movements stay to scale among themselves.

    Parameters
    ----------
    bridge : DataFrame
        Seven rows: `metric` (opening, new, expansion, reactivation, contraction, churn, closing), `start`,
        `end`, `value` (minor units, not negative), `unit` (such as ``USD ARR``).
    title : str
        First words of the caption, English words or finished text.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 x 3.0 inches.

    Raises
    ------
    ValueError
        When a column or one of the seven rows is missing, or a row comes twice.
    """
    kept = require(bridge, columns=["metric", "start", "end", "value", "unit"], by="chart_bridge")
    found = list(bridge["metric"])
    if sorted(found) != sorted(ORDER):
        raise ValueError(
            f"chart_bridge: metric: found {', '.join(found)}; expected once each: {', '.join(ORDER)}"
        )
    amounts = {metric: int(value) for metric, value in zip(found, bridge["value"], strict=True)}
    first = bridge.iloc[0]
    unit, start, end = (
        str(first["unit"]),
        day(first["start"], locale=locale),
        day(first["end"], locale=locale),
    )
    currency = currency_of(unit)

    levels = [amounts["opening"]]
    for metric in ORDER[1:-1]:
        levels.append(levels[-1] + SIGN[metric] * amounts[metric])
    low, high = min(levels), max(levels)
    is_cut = high > low > _CUT_ABOVE * high
    floor = low - 0.45 * (high - low) if is_cut else 0.0

    figure, axes = sheet(left=0.1, right=0.1, top=0.3, bottom=0.62 if is_cut else 0.45)
    span = max(high - floor, 1.0)
    axes.set(xlim=(-0.55, 6.55), ylim=(floor, floor + span * 1.04), yticks=[])
    for i, metric in enumerate(ORDER):
        is_total = metric in ("opening", "closing")
        after = levels[min(i, 5)]
        bottom = floor if is_total else min(levels[i - 1], after)
        top = after if is_total else max(levels[i - 1], after)
        colour = NEUTRAL if is_total else GAIN if SIGN[metric] > 0 else LOSS
        bar = axes.bar(i, top - bottom, bottom=bottom, width=_BAR, color=colour)[0]
        bar.set_gid(metric)
        if top - bottom < _THINNEST * span:
            axes.plot([i - _BAR / 2, i + _BAR / 2], [top, top], color=colour, linewidth=1.2)
        if i < 6:
            axes.plot([i + _BAR / 2, i + 1 - _BAR / 2], [after, after], color=NEUTRAL, linewidth=0.6)
        amount = amounts[metric] * SIGN.get(metric, 1)
        axes.annotate(
            short_money(amount, currency, locale=locale, signed=not is_total),
            (i, top),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            color=INK if is_total else colour,
            weight="semibold",
        )
        if is_total and is_cut:
            _break_mark(axes, x=i, y=floor + 0.10 * span, rise=0.03 * span)
    names = [metric_name(metric, locale=locale) for metric in ORDER]
    axes.set_xticks(range(7), [f"{names[0]}\n{start}", *names[1:-1], f"{names[-1]}\n{end}"])
    axes.tick_params(axis="x", length=0, pad=4, labelcolor=INK)
    if is_cut:
        note = say("Opening and closing bars are cut; the movements are to scale.", locale=locale)
        figure.text(0.1 / 6.5, 0.05, note, color=MUTED, size=SIZE - 1)

    lower = (known(metric, locale=locale) for metric in ORDER)
    told = (short_money(amounts[metric], currency, locale=locale) for metric in ORDER)
    moved = "; ".join(f"{name} {amount}" for name, amount in zip(lower, told, strict=True))
    places = {"unit": unit, "start": start, "end": end}
    alt = say("Waterfall of {unit} from {start} to {end}: {moved}.", locale=locale, moved=moved, **places)
    subject = known(title, locale=locale) if title else say("ARR bridge", locale=locale)
    caption = say("{title}, {start} to {end}, {unit}.", locale=locale, title=subject, **places)
    return Picture(figure, alt, caption, "fig-bridge", rows=[kept])


def _break_mark(axes: Axes, *, x: float, y: float, rise: float) -> None:
    left, right = x - _BAR / 2 - 0.04, x + _BAR / 2 + 0.04
    corners = [(left, y - rise), (right, y + rise), (right, y + 2.2 * rise), (left, y + 0.2 * rise)]
    axes.add_patch(Polygon(corners, closed=True, facecolor="white", edgecolor="none", zorder=3))
