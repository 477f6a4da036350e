"""Mix and rate: what moved the headline, segment by segment."""

from __future__ import annotations

import pandas as pd
from babel.numbers import format_decimal

from cslib.charts.canvas import (
    GAIN,
    INK,
    LOSS,
    MUTED,
    NEUTRAL,
    Picture,
    house_style,
    require,
    said,
    sheet,
    text_inches,
)
from cslib.formats import MINUS, month, shortened
from cslib.words import known, metric_name, say

__all__ = ["chart_mix"]

WORDS = {"rate": "rate", "mix": "mix"}


@house_style()
def chart_mix(decomposed: pd.DataFrame, *, title: str, label: str, locale: str = "en_US") -> Picture:
    """Ratio points by segment that change within it (dark) and change of its weight (light) put on the headline.

    Parameters
    ----------
    decomposed : DataFrame
        One change: `metric`, `by`, `start`, `end`, `segment`, `mix`, `rate` (ratio points).
    title : str
        First words of the caption.
    label : str
        Of the figure, such as ``fig-mix``.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 inches wide: two bars a segment in the order given; one line that says so where there is none.

    Raises
    ------
    ValueError
        When a column is missing, or a segment comes twice.
    """
    columns = ["metric", "by", "start", "end", "segment", "mix", "rate"]
    kept = require(decomposed, columns=columns, by="chart_mix", may_be_empty=True)
    if decomposed["segment"].duplicated().any():
        raise ValueError("chart_mix: found a segment more than once; expected one change")
    if decomposed.empty:
        return said(
            say("There are no two windows to compare.", locale=locale), caption=f"{title}.", label=label
        )
    names = [known(shortened(name), locale=locale) for name in decomposed["segment"]]
    probe, _ = sheet(left=0.5, right=0.5, top=0.1, bottom=0.4)
    wide = text_inches(probe, names) + 0.15
    figure, axes = sheet(left=wide, right=0.2, top=0.1, bottom=0.5, height=0.7 + 0.42 * len(names))
    sentences = []
    reach = max(100 * float(decomposed[["mix", "rate"]].abs().max().max()), 0.1)
    axes.set_xlim(-1.25 * reach, 1.25 * reach)
    for place, row in enumerate(decomposed.to_dict("records")):
        told = []
        for part, offset, colour in (
            ("rate", -0.18, GAIN if row["rate"] >= 0 else LOSS), ("mix", 0.18, NEUTRAL),
        ):  # fmt: skip
            points = round(100 * float(row[part]), 1) + 0.0  # no bar of minus nothing
            axes.barh(place + offset, points, height=0.3, color=colour, gid=f"{part} {place}")
            text = format_decimal(points, format="+0.0;-0.0", locale=locale).replace("-", MINUS)
            side = "left" if points >= 0 else "right"
            axes.annotate(
                text, (points, place + offset), xytext=(3 if points >= 0 else -3, 0), textcoords="offset points",
                ha=side, va="center_baseline", color=INK if part == "rate" else MUTED,
            )  # fmt: skip
            told.append(f"{say(WORDS[part], locale=locale)} {text}")
        sentences.append(f"{names[place]}: {', '.join(told)}.")
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.set_xlabel(say("Points of the headline", locale=locale), labelpad=3)
    one = decomposed.iloc[0]
    caption = say(
        "{title}: {metric}, windows closing {start} to {end}, by {part}. Upper bar: change within the segment; lower, "
        "grey bar: change of its weight. All bars add up to the change of the headline.",
        locale=locale,
        title=title,
        metric=metric_name(one["metric"], locale=locale).lower(),
        start=month(one["start"], locale=locale),
        end=month(one["end"], locale=locale),
        part=known(shortened(one["by"]), locale=locale),
    )
    bars = say("Bars in points.", locale=locale)
    return Picture(figure, f"{bars} {' '.join(sentences)}", caption, label, rows=[kept])
