"""Amounts of named things as bars, one a row, with the lines they are held against; of months as columns in time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Literal

import pandas as pd
from matplotlib.figure import Figure

from cslib.charts.canvas import (
    GAIN,
    INK,
    MUTED,
    SIZE,
    WIDTH,
    Picture,
    house_style,
    require,
    sheet,
    text_inches,
)
from cslib.charts.canvas import said as sentence
from cslib.formats import count, listed, month, percent, short_money, shortened
from cslib.words import from_data, known, retell, say

__all__ = ["chart_bars"]

COLUMNS: Final = 1.9  # inches, the height of a figure of columns
SMALLEST: Final = 6.0  # points of an amount over a narrow column


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
    said: bool = False,
    currency: str = "USD",
    most: int = 16,
    locale: str = "en_US",
) -> Picture:
    """Bar of each row in the order given, its amount at its end, and a dashed line for each of `marks`.

    Where the names are days, a column for each from left to right, as time runs.

    Parameters
    ----------
    frame : DataFrame
        Holds the columns `name` and `value`; rows whose value is missing are left out and counted in the caption, as
        are those beyond `most`.
    name, value : str
        Columns of the frame; a name that is a day stands for its month, and the days are in order.
    form : str
        Of the value: money in minor units, a ratio as percent, or a count.
    title : str
        First words of the caption, English words or finished text.
    label : str
        Of the figure, such as ``fig-load``.
    marks : Mapping, optional
        Words to the value at which their line stands.
    said : bool
        Names are words of ours, told in the language of the report; else they come from data and stay as they are.
    currency : str
        ISO 4217 code of the money.
    most : int
        Bars drawn: the first, of days the last.
    locale : str
        Language of the words, form of numbers.

    Returns
    -------
    Picture
        6.5 inches wide, a fifth of an inch a row or 1.9 inches high; one line that says so where there is no row.

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
    told, there = forms[form], kept.dropna(subset=[value])
    in_time = not marks and pd.api.types.is_datetime64_any_dtype(kept[name])
    rows, subject = there.tail(most) if in_time else there.head(most), known(title, locale=locale)
    if rows.empty:
        return sentence(
            say("There is nothing to show yet.", locale=locale), caption=f"{subject}.", label=label
        )
    spell = retell if said else from_data
    names = [
        month(at, locale=locale) if isinstance(at, pd.Timestamp) else shortened(spell(str(at), locale=locale))
        for at in rows[name]
    ]
    lines = {known(words, locale=locale): at for words, at in (marks or {}).items()}
    amounts = [float(amount) for amount in rows[value]]
    draw = _columns if in_time else partial(_bars, marks=lines)
    figure = draw(names, amounts, [told(amount) for amount in amounts])
    left_out = len(there) - len(rows)
    caption = f"{subject}."
    if left_out:
        n = count(left_out, locale=locale)
        caption = say("{title}; {n} more not shown.", locale=locale, title=subject, n=n)
    bars = listed([f"{n} {told(a)}" for n, a in zip(names, amounts, strict=True)], locale=locale)
    alt = say("Bars. {rows}.", locale=locale, rows=bars)
    if lines:
        held = [say("{line} at {value}", locale=locale, line=w, value=told(at)) for w, at in lines.items()]
        alt += " " + say("Lines: {rows}.", locale=locale, rows=listed(held, locale=locale))
    drawn = [rows]
    drawn += [pd.DataFrame({"mark": list(marks), "at": list(marks.values())})] if marks else []
    drawn += [pd.DataFrame({"more": [left_out]})] if left_out else []
    return Picture(figure, alt, caption, label, rows=drawn)


def _bars(
    names: Sequence[str], amounts: Sequence[float], words: Sequence[str], *, marks: Mapping[str, float]
) -> Figure:
    probe, _ = sheet(left=0.5, right=0.5, top=0.1, bottom=0.1)
    left, right = text_inches(probe, names) + 0.15, text_inches(probe, words) + 0.15
    figure, axes = sheet(
        left=left, right=right, top=0.3 if marks else 0.05, bottom=0.1, height=0.45 + 0.22 * len(names)
    )
    places = range(len(names))
    axes.barh(places, amounts, height=0.62, color=GAIN)
    limit = max([*amounts, *marks.values(), 0.0]) or 1.0
    axes.set_xlim(min([*amounts, 0.0]), limit * 1.02)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(list(places), names)
    axes.set_xticks([])
    axes.grid(False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    for mark, at in marks.items():
        axes.axvline(at, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
        beside = {"ha": "right", "xytext": (-2, 2)} if at > limit / 2 else {"ha": "left", "xytext": (2, 2)}
        axes.annotate(mark, (at, -0.6), textcoords="offset points", color=MUTED, va="bottom", **beside)
    for place, amount, text in zip(places, amounts, words, strict=True):
        axes.annotate(
            text,
            (max(amount, 0.0), place),
            (3, 0),
            textcoords="offset points",
            va="center",
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5} if marks else None,
        )
    return figure


def _columns(names: Sequence[str], amounts: Sequence[float], words: Sequence[str]) -> Figure:
    probe, _ = sheet(left=0.5, right=0.5, top=0.1, bottom=0.1)
    places, broad = range(len(names)), text_inches(probe, names)
    room = (WIDTH - broad) / max(len(names), 6)  # inches of a column; a few do not fill the measure
    beside = max(broad - room, 0.0) / 2 + 0.02
    figure, axes = sheet(left=beside, right=beside, top=0.2, bottom=0.3, height=COLUMNS)
    axes.bar(places, amounts, width=0.62, color=GAIN)
    axes.axhline(0, color=MUTED, linewidth=0.6)
    axes.set_xlim(-0.5, max(len(names), 6) - 0.5)
    low, high = min([*amounts, 0.0]), max([*amounts, 0.0])
    reach = (high - low) or 1.0
    axes.set_ylim(low - (0.12 if low < 0 else 0) * reach, low + reach)
    every = -(-(broad + 0.08) // room)
    shown = [place for place in places if (len(names) - 1 - place) % every == 0]
    axes.set_xticks(shown, [names[place] for place in shown])
    axes.tick_params(axis="x", length=0, pad=4)
    axes.set_yticks([])
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    size = max(SMALLEST, min(SIZE, SIZE * room / (text_inches(figure, words) + 0.03)))
    for place, amount, text in zip(places, amounts, words, strict=True):
        above = amount >= 0
        axes.annotate(
            text,
            (place, amount),
            (0, 2 if above else -2),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            color=INK,
            fontsize=size,
        )
    return figure
