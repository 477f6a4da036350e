"""One share that rises or falls along an axis, with its band."""

from __future__ import annotations

import pandas as pd

from cslib.charts.axis import percent_axis
from cslib.charts.canvas import GAIN, Picture, house_style, require, said, sheet
from cslib.formats import count, percent
from cslib.words import known, say

__all__ = ["chart_share"]


@house_style()
def chart_share(
    frame: pd.DataFrame, *, x: str, title: str, label: str, x_label: str, locale: str = "en_US"
) -> Picture:
    """Share as a step line from 0 to 100% with its band, such as those who have arrived by each day.

    Parameters
    ----------
    frame : DataFrame
        The column `x` (numbers, rising), `value`, `low`, `high` (ratios).
    x : str
        Column of the axis.
    title, label : str
        First words of the caption; name of the figure.
    x_label : str
        Words of the axis. They and the title are English words or finished text.
    locale : str
        Language of the words, form of numbers.

    Returns
    -------
    Picture
        6.5 x 2.8 inches; one line that says so where there is no row.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    frame = require(frame, columns=[x, "value", "low", "high"], by="chart_share", may_be_empty=True)
    subject = known(title, locale=locale)
    if frame.empty:
        return said(say("There is nothing to show yet.", locale=locale), caption=f"{subject}.", label=label)
    figure, axes = sheet(left=0.7, right=0.2, top=0.1, bottom=0.55, height=2.8)
    at = [0.0, *(float(value) for value in frame[x])]
    low, value, high = (
        [0.0, *(float(v) for v in frame[name].fillna(frame["value"]))] for name in ("low", "value", "high")
    )
    axes.fill_between(at, low, high, step="post", color=GAIN, alpha=0.14, linewidth=0)
    axes.step(at, value, where="post", color=GAIN)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, at[-1])
    axes.set_xlabel(known(x_label, locale=locale))
    percent_axis(axes, locale=locale)
    half = next((a for a, v in zip(at, value, strict=True) if v >= 0.5), None)
    last, end = percent(value[-1], locale=locale), count(int(at[-1]), locale=locale)
    alt = say("Rising steps to {value} at {end}.", locale=locale, value=last, end=end) + " "
    if half is None:
        alt += say("Less than half in all.", locale=locale)
    else:
        alt += say("Half by {n}.", locale=locale, n=count(int(half), locale=locale))
    caption = say("{title}, with a pointwise 95% band.", locale=locale, title=subject)
    return Picture(figure, alt, caption, label, rows=[frame])
