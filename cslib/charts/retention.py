"""Net, gross and logo retention over time."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cslib.charts.axis import days_of, end_labels, month_axis, percent_axis, window_months
from cslib.charts.canvas import GAIN, INK, MUTED, NEUTRAL, Picture, house_style, require, said, sheet
from cslib.formats import count, listed, month, percent
from cslib.words import known, metric_name, say

__all__ = ["chart_retention"]

SHORT: Final = {"net_retention": "Net", "gross_retention": "Gross", "logo_retention": "Logo"}
LINES: Final[dict[str, dict[str, Any]]] = {
    "net_retention": {"color": GAIN},
    "gross_retention": {"color": NEUTRAL},
    "logo_retention": {"color": INK, "linestyle": (0, (1, 1.5)), "linewidth": 1.3},
}
_MARKED_UP_TO: Final = 12  # points: on a longer line, markers are noise


@house_style()
def chart_retention(frame: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Picture:
    """Retention ratios over time in percent, each line named with its last value; 100% is marked.

    Parameters
    ----------
    frame : DataFrame
        Rows of one or more of `net_retention`, `gross_retention`, `logo_retention`: `metric`, `convention`,
        `start`, `end`, `value` (ratio, NaN where undefined), `n_accounts`.
    title : str
        First words of the caption; as a default the names of the metrics.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Picture
        6.5 x 3.0 inches; one line that says so where every value is undefined.

    Raises
    ------
    ValueError
        When a column is missing, a metric is none of the three, or the frame is empty.
    """
    columns = ["metric", "convention", "start", "end", "value", "n_accounts"]
    frame = require(frame, columns=columns, by="chart_retention")
    seen = frame.dropna(subset=["value"]).sort_values("end")
    others = sorted(set(frame["metric"]) - set(LINES))
    if others:
        raise ValueError(f"chart_retention: metric: found {', '.join(others)}; expected {', '.join(LINES)}")
    last = frame["end"].max()
    short = [say(SHORT[metric], locale=locale).lower() for metric in LINES if metric in set(frame["metric"])]
    names_of = listed(short, locale=locale)
    subject = title or say("{names} retention", locale=locale, names=names_of[:1].upper() + names_of[1:])
    one = frame[frame["end"] == last].iloc[0]
    window = say(
        "trailing {n} months", locale=locale, n=count(window_months(one["start"], one["end"]), locale=locale)
    )
    caption = say(
        "{title}, {window}, {convention} convention.",
        locale=locale,
        title=subject,
        window=window,
        convention=known(str(one["convention"]), locale=locale),
    )
    if seen.empty:
        sentence = say(
            "Undefined up to {month}: no account paid at the start of the window.",
            locale=locale,
            month=month(last, locale=locale),
        )
        return said(sentence, caption=caption, label="fig-retention")
    curves = {metric: seen[seen["metric"] == metric] for metric in LINES if metric in set(frame["metric"])}

    figure, axes = sheet(left=0.5, right=1.15, top=0.12, bottom=0.35)
    low, high = min(seen["value"].min(), 1.0), max(seen["value"].max(), 1.0)
    pad = max(0.08 * (high - low), 0.02)
    axes.set_ylim(max(low - pad, -0.01), high + pad)
    frame = frame[frame["end"] >= seen["end"].min()]
    month_axis(axes, frame["end"], locale=locale)
    percent_axis(axes, locale=locale)
    axes.axhline(1.0, color=MUTED, linewidth=0.8)
    names, heights, sentences = [], [], []
    for metric, curve in curves.items():
        rows = frame[frame["metric"] == metric].sort_values("end")
        style = LINES[metric]
        marker = "o" if len(rows) <= _MARKED_UP_TO else ""
        line = axes.plot(days_of(rows["end"]), list(rows["value"]), gid=metric, clip_on=False, **style)[0]
        line.set(marker=marker, markersize=3.2)
        now = rows["value"].iloc[-1]
        names.append(f"{say(SHORT[metric], locale=locale)} {percent(now, locale=locale)}")
        heights.append(float(curve["value"].iloc[-1]) if len(curve) else 1.0)
        if rows["end"].iloc[-1] == last and len(curve) and curve["end"].iloc[-1] == last:
            axes.plot(
                days_of(curve["end"])[-1],
                heights[-1],
                "o",
                markersize=4.5,
                color=style["color"],
                clip_on=False,
            )
        sentences.append(_sentence(metric, curve, locale=locale))
    inks = {"net_retention": GAIN, "gross_retention": MUTED, "logo_retention": INK}
    end_labels(
        axes, names, at=heights, colours=[LINES[m]["color"] for m in curves], inks=[inks[m] for m in curves]
    )

    n_accounts = count(one["n_accounts"], locale=locale)
    caption += " " + say(
        "{month}: {n} accounts at the start of the window.",
        locale=locale,
        month=month(last, locale=locale),
        n=n_accounts,
    )
    alt = " ".join([say("Lines over time, {window}.", locale=locale, window=window), *sentences])
    return Picture(figure, alt, caption, "fig-retention", rows=[frame])


def _sentence(metric: str, curve: pd.DataFrame, *, locale: str) -> str:
    name = metric_name(metric, locale=locale)
    if curve.empty:
        return say("{metric}: undefined throughout.", locale=locale, metric=name)
    shown = [percent(value, locale=locale) for value in curve["value"]]
    first, last = (month(curve["end"].iloc[i], locale=locale) for i in (0, -1))
    low, high = percent(curve["value"].min(), locale=locale), percent(curve["value"].max(), locale=locale)
    if len(curve) == 1:
        return say("{metric}: {value} in {month}.", locale=locale, metric=name, value=shown[0], month=first)
    return say(
        "{metric}: {then} in {first}, {now} in {last}, lowest {low}, highest {high}.",
        locale=locale, metric=name, then=shown[0], first=first, now=shown[-1], last=last, low=low, high=high,
    )  # fmt: skip
