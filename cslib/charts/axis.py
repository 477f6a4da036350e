"""Axes that several figures share: percent up the side, months along the foot, names at the end of lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cslib.charts.canvas import SIZE
from cslib.formats import count, currency_of, month, one_line, percent, short_money
from cslib.words import known, say

__all__ = [
    "days_of",
    "end_labels",
    "money_axis",
    "month_axis",
    "percent_axis",
    "spread",
    "trailing",
    "window_months",
]

ONE_READING: Final = 30.0  # days: how wide a history of one month is drawn
LINE: Final = SIZE * 1.35 / 72  # inches from one line of text to the next


def days_of(dates: Iterable[Any]) -> list[float]:
    """Dates as matplotlib's day numbers: days since 1970-01-01."""
    return [pd.Timestamp(when).timestamp() / 86_400 for when in dates]


def month_axis(axes: Axes, ends: Iterable[Any], *, locale: str) -> None:
    """Name at most eight of the month ends, in even steps counted back from the last."""
    every = sorted(set(ends))
    step = next((step for step in (1, 3, 6, 12, 24, 60) if len(every) <= 8 * step), len(every))
    chosen = every[::-1][::step][::-1]
    axes.set_xticks(days_of(chosen), [month(end, locale=locale) for end in chosen])
    first, last = days_of([every[0], every[-1]])
    axes.set_xlim((first, last) if first < last else (first - ONE_READING, last))


def percent_axis(axes: Axes, *, locale: str, along: Literal["x", "y"] = "y", most: int = 6) -> None:
    """Percentages along one side, at most `most` steps, with a light grid."""
    low, high = axes.get_ylim() if along == "y" else axes.get_xlim()
    locator = MaxNLocator(most, steps=[1, 2, 5, 10])
    ticks = [float(tick) for tick in locator.tick_values(low, high) if low - 1e-9 <= tick <= high + 1e-9]
    digits = 0 if all(abs(tick * 100 - round(tick * 100)) < 1e-6 for tick in ticks) else 1
    side = axes.yaxis if along == "y" else axes.xaxis
    side.set_ticks(ticks, [percent(tick, locale=locale, digits=digits) for tick in ticks])
    axes.grid(visible=True, axis=along)


def money_axis(axes: Axes, *, unit: str, locale: str) -> None:
    """Short money up the side with a light grid, in no more digits than the steps need."""
    currency = currency_of(unit)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: short_money(y, currency, locale=locale, trimmed=True))
    )
    axes.grid(visible=True, axis="y")


def end_labels(
    axes: Axes, texts: Sequence[str], *, at: Sequence[float], colours: Sequence[str], inks: Sequence[str]
) -> None:
    """Write `texts` in `inks` right of the plot, as near to the heights `at` as they can stand apart.

    A short line in the colour of the mark leads from each height to its text.
    """
    low, high = axes.get_ylim()
    inches = axes.get_window_extent().height / axes.figure.dpi
    placed = spread(at, gap=LINE * (high - low) / inches, low=low, high=high)
    beside = axes.get_yaxis_transform()
    for text, wanted, height, colour, ink in zip(texts, at, placed, colours, inks, strict=True):
        axes.plot(
            [1.005, 1.02], [wanted, height], transform=beside, color=colour, linewidth=0.8, clip_on=False
        )
        axes.text(1.027, height, text, transform=beside, va="center_baseline", color=ink, weight="semibold")


def window_months(start: pd.Timestamp, end: pd.Timestamp) -> int:
    """Months from `start` to `end`.

    >>> window_months(pd.Timestamp("2025-09-30"), pd.Timestamp("2026-09-30"))
    12
    """
    return (end.year - start.year) * 12 + end.month - start.month


def trailing(row: Mapping[Any, Any] | pd.Series[Any], *, locale: str) -> str:
    """Window and convention of a row, for a caption.

    >>> opened, closed = pd.Timestamp("2025-09-30"), pd.Timestamp("2026-09-30")
    >>> trailing({"convention": "endpoint", "start": opened, "end": closed}, locale="en_US")
    'trailing 12 months to Sep 2026, endpoint convention'
    """
    return say(
        "trailing {n} months to {month}, {convention} convention",
        locale=locale,
        n=count(window_months(row["start"], row["end"]), locale=locale),
        month=month(row["end"], locale=locale),
        convention=known(one_line(row["convention"]), locale=locale),
    )


def spread(wanted: Sequence[float], *, gap: float, low: float, high: float) -> list[float]:
    """Positions as near as possible to those wanted, at least `gap` apart, between `low` and `high`.

    Pools neighbours that are too close and centres each pool on its mean (isotonic regression). Where the
    room is too small for all, the gap is what fits.

    >>> spread([1.0, 1.1, 5.0], gap=0.5, low=0.0, high=6.0)
    [0.8, 1.3, 5.0]
    """
    if len(wanted) > 1:
        gap = min(gap, (high - low) / (len(wanted) - 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pools: list[tuple[float, int]] = []
    for rank, i in enumerate(order):
        mean, size = wanted[i] - rank * gap, 1
        while pools and pools[-1][0] > mean:
            before, n = pools.pop()
            mean, size = (before * n + mean * size) / (n + size), n + size
        pools.append((mean, size))
    ceiling = high - (len(wanted) - 1) * gap
    base = [min(max(mean, low), ceiling) for mean, size in pools for _ in range(size)]
    placed = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        placed[i] = round(base[rank] + rank * gap, 9)
    return placed
