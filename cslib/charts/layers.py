"""The layer cake: whose money today's ARR is."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cslib.charts.axis import LINE, ONE_READING, days_of, end_labels, money_axis, month_axis
from cslib.charts.canvas import HEIGHT, INK, Picture, house_style, require, shades, sheet
from cslib.formats import currency_of, month, period, short_money
from cslib.words import say

__all__ = ["chart_layers"]

_MARGINS: Final = {"left": 0.6, "right": 1.25, "top": 0.12, "bottom": 0.35}
_NAMED: Final = int((HEIGHT - 0.47) / LINE)


@house_style()
def chart_layers(
    layers: pd.DataFrame, *, title: str = "", grain: str = "year", locale: str = "en_US"
) -> Picture:
    """Stacked ARR over time by cohort, the oldest at the foot and palest, each named with its last amount.

    Parameters
    ----------
    layers : DataFrame
        `cohort` (first day of its period), `end` (month end), `value` (minor units), `unit` (such as
        ``USD ARR``). A month in which a cohort has no row counts as zero.
    title : str
        First words of the caption.
    grain : {"year", "quarter", "month"}
        What a cohort's period is; names the cohorts.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 x 3.0 inches. Where more cohorts than lines of text fit, the smallest stay unnamed.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    kept = require(layers, columns=["cohort", "end", "value", "unit"], by="chart_layers")
    unit = str(layers["unit"].iloc[0])
    currency = currency_of(unit)
    wide = layers.set_index(["end", "cohort"])["value"].unstack("cohort").sort_index().sort_index(axis=1)
    wide = wide.fillna(0)
    amounts = wide.to_numpy(dtype=float).T
    colours = shades(len(amounts))
    names = [period(pd.Timestamp(cohort), grain=grain, locale=locale) for cohort in wide.columns]
    at = days_of(wide.index)

    figure, axes = sheet(**_MARGINS)
    drawn = (at, amounts) if len(at) > 1 else ([at[0] - ONE_READING, at[0]], amounts.repeat(2, axis=1))
    stack = axes.stackplot(*drawn, colors=colours, edgecolor="white", linewidth=0.4)
    axes.set_ylim(0, max(float(amounts.sum(axis=0).max()) * 1.04, 1.0))
    month_axis(axes, wide.index, locale=locale)
    money_axis(axes, unit=unit, locale=locale)

    now, tops = amounts[:, -1], amounts[:, -1].cumsum()
    said = [
        f"{name}  {short_money(amount, currency, locale=locale)}"
        for name, amount in zip(names, now, strict=True)
    ]
    largest = sorted(range(len(now)), key=lambda i: (-now[i], i))[:_NAMED]
    named = [i for i in range(len(now)) if i in largest]
    end_labels(
        axes,
        [said[i] for i in named],
        at=[float(tops[i] - now[i] / 2) for i in named],
        colours=[colours[i] for i in named],
        inks=[INK] * len(named),
    )
    for layer, name in zip(stack, names, strict=True):
        layer.set_gid(f"cohort {name}")

    end = month(wide.index[-1], locale=locale)
    total = short_money(float(now.sum()), currency, locale=locale)
    since = month(wide.index[0], locale=locale)
    span = say("{start} to {end}", locale=locale, start=since, end=end) if len(at) > 1 else end
    cohorts = "; ".join(said).replace("  ", " ")
    places = {"unit": unit, "span": span, "month": end, "total": total}
    alt = say(
        "Stacked areas of {unit}, {span}. In {month}, {total} in all; by cohort {cohorts}.",
        locale=locale, cohorts=cohorts, **places,
    )  # fmt: skip
    caption = say(
        "{title} of the {grain} of first payment, {span}, {unit}; {total} in {month}.", locale=locale,
        title=title or say("ARR by cohort", locale=locale), grain=say(grain, locale=locale), **places,
    )  # fmt: skip
    rows = [kept, pd.DataFrame({"end": wide.index[-1:], "total": [int(now.sum())]})]
    return Picture(figure, alt, caption, "fig-layers", rows=rows)
