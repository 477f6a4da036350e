"""Segments side by side."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cslib.charts.axis import percent_axis, trailing
from cslib.charts.canvas import (
    GAIN,
    INK,
    MUTED,
    NEUTRAL,
    RULE,
    WIDTH,
    Picture,
    house_style,
    require,
    sheet,
    text_inches,
)
from cslib.formats import (
    count,
    currency_of,
    one_line,
    percent,
    short_money,
    shortened,
    undefined,
)
from cslib.words import known, say

__all__ = ["chart_segments"]

_ROW: Final = 0.235  # inches, as all below
_HEAD: Final = 0.36
_FOOT: Final = 0.28
_GAP: Final = 0.2
_ROOM: Final = 0.5  # for a number beside the outermost dot
_MOST: Final = 20  # rows
_FLOOR: Final = 0.5  # a dot further out would flatten the rest: it stands at the edge with its number
_CEILING: Final = 1.5
_COLUMNS: Final = ["metric", "convention", "start", "end", "value", "denominator", "n_accounts"]


@house_style()
def chart_segments(
    frame: pd.DataFrame,
    *,
    by: str,
    unit: str,
    total: pd.DataFrame | None = None,
    title: str = "",
    locale: str = "en_US",
) -> Picture:
    """Gross and net retention of every segment as two dots in percent, with its size.

    Segments stand in order of net retention, the undefined last. Of several ends the last is drawn.

    Parameters
    ----------
    frame : DataFrame
        Rows of `net_retention` and `gross_retention` with the column `by`: `metric`, `convention`, `start`,
        `end`, `by`, `value` (ratio, NaN where undefined), `denominator` (minor units), `n_accounts`.
    by : str
        Column that names the segment.
    unit : str
        Of the denominator, such as ``USD ARR``.
    total : DataFrame or None
        The same rows for the whole book; drawn as the first row and two lines of reference.
    title : str
        First words of the caption; as a default `by`.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 inches wide, as high as the rows need; at most the 20 largest segments, the caption says how many
        are left out.

    Raises
    ------
    ValueError
        When a column is missing, a segment comes twice, or one of the two metrics is absent.
    """
    rows = _side_by_side(frame, by=by)
    shown = rows.sort_values(["opening", "segment"], ascending=[False, True]).head(_MOST)
    shown = shown.sort_values(
        ["net", "opening", "segment"], ascending=[False, False, True], na_position="last"
    )
    whole = (
        None
        if total is None
        else _side_by_side(total.assign(**{by: say("All accounts", locale=locale)}), by=by)
    )
    drawn = pd.concat([whole, shown], ignore_index=True) if whole is not None else shown

    currency, heading = currency_of(unit), known(one_line(by).replace("_", " ").capitalize(), locale=locale)
    table = {
        heading: [shortened(name) for name in drawn["segment"]],
        say("Accounts", locale=locale): [count(n, locale=locale) for n in drawn["n_accounts"]],
        say("Opening {base}", locale=locale, base=unit.split(" ")[-1]): [
            short_money(m, currency, locale=locale) for m in drawn["opening"]
        ],
    }
    height = _HEAD + _FOOT + _ROW * len(drawn)
    figure, axes = sheet(left=0, right=0, top=_HEAD, bottom=_FOOT, height=height)
    left = _write(figure, table, has_total=whole is not None) + _ROOM
    box = axes.get_position()
    axes.set_position((left / WIDTH, box.y0, (WIDTH - left - _ROOM) / WIDTH, box.height))
    axes.set(xlim=_range(drawn), ylim=(len(drawn) - 0.5, -0.5), yticks=[])
    percent_axis(axes, along="x", most=min(6, round((WIDTH - left - _ROOM) / 0.5)), locale=locale)
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)
    for i in range(len(drawn)):
        y = (_FOOT + _ROW * (len(drawn) - i)) / height
        figure.add_artist(Line2D([0, 1], [y, y], color=RULE if i else NEUTRAL, linewidth=0.6))
    for i, row in enumerate(drawn.itertuples()):
        _dumbbell(axes, i, gross=float(str(row.gross)), net=float(str(row.net)), locale=locale)
    _name_dots(axes, drawn, locale=locale)
    if whole is not None:
        _reference(axes, whole.iloc[0])
    subject = title or say("Gross and net retention by {part}", locale=locale, part=heading.lower())
    one = frame[frame["end"] == frame["end"].max()].iloc[0]
    left = len(rows) - len(shown)
    window = pd.DataFrame(
        {"start": [one["start"]], "end": [one["end"]], "left_out": [left], "of": [len(rows)]}
    )
    return Picture(
        figure,
        _alt(drawn, heading=heading, unit=unit, locale=locale),
        f"{subject}, {trailing(one, locale=locale)}.{_left_out(left, len(rows), locale=locale)}",
        "fig-segments-" + re.sub(r"[^a-z0-9]+", "-", by.lower()).strip("-"),
        rows=[drawn, window],
    )


def _side_by_side(frame: pd.DataFrame, *, by: str) -> pd.DataFrame:
    """One row a segment: `segment, gross, net, opening, n_accounts`, at the last end."""
    require(frame, columns=[*_COLUMNS, by], by="chart_segments")
    last = frame[frame["end"] == frame["end"].max()]
    parts = {name: last[last["metric"] == f"{name}_retention"].set_index(by) for name in ("gross", "net")}
    for name, part in parts.items():
        if part.empty or part.index.has_duplicates:
            found = "none" if part.empty else f"{part.index[part.index.duplicated()][0]!r} twice"
            raise ValueError(f"chart_segments: {name}_retention: found {found}; expected one row a segment")
    net = parts["net"]
    return pd.DataFrame(
        {
            "segment": [str(name) for name in net.index],
            "gross": parts["gross"]["value"].reindex(net.index).to_numpy(dtype=float),
            "net": net["value"].to_numpy(dtype=float),
            "opening": net["denominator"].to_numpy(dtype=float),
            "n_accounts": net["n_accounts"].to_numpy(dtype=int),
        }
    )


def _write(figure: Figure, table: Mapping[str, Sequence[str]], *, has_total: bool) -> float:
    """Write the columns left of the plot, text to the left, numbers to the right; the inches they take."""
    edge, height = 0.0, figure.get_figheight()
    for i, (head, texts) in enumerate(table.items()):
        width = text_inches(figure, [head, *texts], weight="semibold")
        x, ha = (edge, "left") if i == 0 else (edge + width, "right")
        for row, text in enumerate([head, *texts]):
            y = _HEAD * 0.4 if row == 0 else _HEAD + _ROW * (row - 0.5)
            written = figure.text(x / WIDTH, 1 - y / height, text, ha=ha, va="center_baseline")
            written.set_color(MUTED if row == 0 else INK)
            written.set_fontweight("semibold" if row == 1 and has_total else "normal")
        edge += width + _GAP
    return edge


def _range(drawn: pd.DataFrame) -> tuple[float, float]:
    """Ratios from which to which the axis runs."""
    both = pd.concat([drawn["gross"], drawn["net"]]).dropna()
    middle = float(drawn["net"].median()) if drawn["net"].notna().any() else 1.0
    floor, ceiling = min(_FLOOR, 0.75 * middle), max(_CEILING, 1.25 * middle)
    return max(min([*both, 0.95]), floor), min(max([*both, 1.05]), ceiling)


def _dumbbell(axes: Axes, y: int, *, gross: float, net: float, locale: str) -> None:
    low, high = axes.get_xlim()
    if math.isnan(net) or math.isnan(gross):
        axes.annotate(undefined(locale), (low, y), va="center_baseline", color=MUTED)
        return
    inside = {name: min(max(ratio, low), high) for name, ratio in (("gross", gross), ("net", net))}
    axes.plot(list(inside.values()), [y, y], color=NEUTRAL, linewidth=1.2, clip_on=False, zorder=2)
    for name, ratio, colour, side in (("gross", gross, NEUTRAL, -1), ("net", net, GAIN, 1)):
        marker = ">" if ratio > high else "<" if ratio < low else "o"
        axes.plot(inside[name], y, marker, color=colour, markersize=6, clip_on=False, gid=f"{name} {y}")
        axes.annotate(
            percent(ratio, locale=locale, digits=0),
            (inside[name], y),
            xytext=(side * 6, 0),
            textcoords="offset points",
            ha="right" if side < 0 else "left",
            va="center_baseline",
            color=MUTED if side < 0 else GAIN,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )


def _name_dots(axes: Axes, drawn: pd.DataFrame, *, locale: str) -> None:
    """Write what the two colours are over the first pair of dots."""
    seen = drawn.dropna(subset=["gross", "net"])
    if seen.empty:
        return
    low, high = axes.get_xlim()
    for name, colour, side in (("gross", MUTED, -1), ("net", GAIN, 1)):
        axes.annotate(
            say(name.capitalize(), locale=locale),
            (min(max(float(seen[name].iloc[0]), low), high), -0.5),
            xytext=(side * 6, _HEAD * 0.6 * 72),
            textcoords="offset points",
            ha="right" if side < 0 else "left",
            va="center_baseline",
            color=colour,
            weight="semibold",
            annotation_clip=False,
        )


def _reference(axes: Axes, whole: pd.Series[Any]) -> None:
    low, high = axes.get_xlim()
    for name, colour in (("gross", NEUTRAL), ("net", GAIN)):
        if low <= float(whole[name]) <= high:
            axes.axvline(
                float(whole[name]),
                color=colour,
                linewidth=0.9,
                linestyle=(0, (4, 2)),
                zorder=1.5,
                gid=f"all {name}",
            )


def _left_out(n: int, of: int, *, locale: str) -> str:
    text = "The {n} smallest of {of} are not drawn."
    return " " + say(text, locale=locale, n=count(n, locale=locale), of=count(of, locale=locale)) if n else ""


def _alt(drawn: pd.DataFrame, *, heading: str, unit: str, locale: str) -> str:
    parts = [
        say(
            "{segment}: gross {gross}, net {net}, {n} accounts, {opening}",
            locale=locale,
            segment=one_line(row["segment"]),
            gross=percent(row["gross"], locale=locale),
            net=percent(row["net"], locale=locale),
            n=count(row["n_accounts"], locale=locale),
            opening=short_money(row["opening"], currency_of(unit), locale=locale),
        )
        for row in drawn.to_dict("records")
    ]
    return say(
        "Dots of gross and net retention by {part}, opening {unit}. {parts}.",
        locale=locale, part=heading.lower(), unit=unit, parts="; ".join(parts),
    )  # fmt: skip
