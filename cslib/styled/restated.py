"""Figures of an earlier report that are different now."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, currency_of, day, exact_money, one_line, percent, undefined
from cslib.styled.sheet import Sheet, distinct, lay_out
from cslib.words import known, metric_name, retell, say

__all__ = ["restated_table"]


def restated_table(frame: pd.DataFrame, *, title: str = "", locale: str = "en_US", most: int = 24) -> Sheet:
    """Figures as they were reported and as they are now, one row each, the latest first.

    Parameters
    ----------
    frame : DataFrame
        `metric`, `convention`, `end`, `by`, `unit`, `old`, `new`, `why`, in the order to print.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.
    most : int
        Rows printed; the caption counts the others.

    Returns
    -------
    Sheet
        One row a figure, named by metric, day and segment.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    columns = ["metric", "convention", "end", "by", "unit", "old", "new", "why"]
    kept = require(frame, columns=columns, by="restated_table").head(most)
    rows = kept.to_dict("records")
    by, why = say("Convention", locale=locale), say("Because of", locale=locale)
    cells = pd.DataFrame(
        {
            by: [known(one_line(row["convention"]), locale=locale) for row in rows],
            say("Reported", locale=locale): [_value(row["old"], row["unit"], locale) for row in rows],
            say("Now", locale=locale): [_value(row["new"], row["unit"], locale) for row in rows],
            why: [retell(one_line(row["why"]) or "not known", locale=locale) for row in rows],
        },
        index=distinct([_name(row, locale) for row in rows]),
    )
    left = say("; {n} more are not shown", locale=locale, n=count(len(frame) - most, locale=locale))
    more = left if len(frame) > most else ""
    return lay_out(
        cells.rename_axis(say("Figure", locale=locale), axis=1),
        rows=[kept, pd.DataFrame({"more": [len(frame) - len(kept)]})],
        caption=f"{title or say('Past figures that moved', locale=locale)}{more}.",
        label="tab-restated",
        text=[by, why],
    )


def _name(row: dict[Any, Any], locale: str) -> str:
    name = metric_name(row["metric"], locale=locale)
    if not pd.isna(row["end"]):
        name = say("{metric} to {day}", locale=locale, metric=name, day=day(row["end"], locale=locale))
    return one_line(name + (f", {row['by']}" if row["by"] else ""))


def _value(value: float, unit: str, locale: str) -> str:
    if math.isnan(value):
        return undefined(locale)
    if unit == "ratio":
        return percent(value, locale=locale, digits=2)
    return f"{value:.3f}" if unit == "ratio to one" else exact_money(value, currency_of(unit), locale=locale)
