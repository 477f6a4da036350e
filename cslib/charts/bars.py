"""Amounts of named things as bars, one a row, with the lines they are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

import pandas as pd

from cslib.charts.canvas import GAIN, INK, MUTED, Picture, house_style, require, said, sheet, text_inches
from cslib.formats import count, listed, month, percent, short_money, shortened

__all__ = ["chart_bars"]


@house_style()
def chart_bars(
    frame: pd.DataFrame,
    *,
    name: str,
    value: str,
    form: Literal["money", "percent", "count"],
    title: str,
    label: str,
    marks: Mapping[str, float] | None = None,
    currency: str = "USD",
    most: int = 16,
    locale: str = "en_US",
) -> Picture:
    """Bar of each row in the order given, its amount at its end, and a dashed line for each of `marks`.

    Parameters
    ----------
    frame : DataFrame
        Holds the columns `name` and `value`; rows whose value is missing are left out and counted in the caption, as
        are those beyond `most`.
    name, value : str
        Columns of the frame; a name that is a day stands for its month.
    form : str
        Of the value: money in minor units, a ratio as percent, or a count.
    title : str
        First words of the caption.
    label : str
        Of the figure, such as ``fig-load``.
    marks : Mapping, optional
        Words to the value at which their line stands.
    currency : str
        ISO 4217 code of the money.
    most : int
        Bars drawn.
    locale : str
        Of numbers.

    Returns
    -------
    Picture
        6.5 inches wide, a fifth of an inch a row; one line that says so where there is no row.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    kept = require(frame, columns=[name, value], by="chart_bars", may_be_empty=True)
    forms: Mapping[str, Callable[[float], str]] = {
        "money": partial(short_money, currency=currency, locale=locale),
        "percent": partial(percent, locale=locale),
        "count": partial(count, locale=locale),
    }
    told, known = forms[form], kept.dropna(subset=[value])
    rows = known.head(most)
    if rows.empty:
        return said("There is nothing to show yet.", caption=f"{title}.", label=label)
    names = [month(at, locale=locale) if isinstance(at, pd.Timestamp) else shortened(at) for at in rows[name]]
    amounts = [float(amount) for amount in rows[value]]
    probe, _ = sheet(left=0.5, right=0.5, top=0.1, bottom=0.1)
    left = text_inches(probe, names) + 0.15
    right = text_inches(probe, [told(amount) for amount in amounts]) + 0.15
    figure, axes = sheet(
        left=left, right=right, top=0.3 if marks else 0.05, bottom=0.1, height=0.45 + 0.22 * len(rows)
    )
    places = range(len(rows))
    axes.barh(places, amounts, height=0.62, color=GAIN)
    limit = max([*amounts, *(marks or {}).values(), 0.0]) or 1.0
    axes.set_xlim(min([*amounts, 0.0]), limit * 1.02)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(list(places), names)
    axes.set_xticks([])
    axes.grid(False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    for place, amount in zip(places, amounts, strict=True):
        axes.annotate(
            told(amount),
            (max(amount, 0.0), place),
            (3, 0),
            textcoords="offset points",
            va="center",
            color=INK,
        )
    for words, at in (marks or {}).items():
        axes.axvline(at, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
        beside = {"ha": "right", "xytext": (-2, 2)} if at > limit / 2 else {"ha": "left", "xytext": (2, 2)}
        axes.annotate(words, (at, -0.6), textcoords="offset points", color=MUTED, va="bottom", **beside)
    left_out = len(known) - len(rows)
    caption = f"{title}; {count(left_out, locale=locale)} more not shown." if left_out else f"{title}."
    alt = f"Bars. {listed([f'{n} {told(a)}' for n, a in zip(names, amounts, strict=True)], locale=locale)}."
    lines = [f"{words} at {told(at)}" for words, at in (marks or {}).items()]
    drawn = [rows]
    drawn += [pd.DataFrame({"mark": list(marks), "at": list(marks.values())})] if marks else []
    drawn += [pd.DataFrame({"more": [left_out]})] if left_out else []
    alt += f" Lines: {listed(lines, locale=locale)}." if lines else ""
    return Picture(figure, alt, caption, label, rows=drawn)
