"""Figures of an earlier report that are different now."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import currency_of, day, exact_money, metric_name, one_line, percent
from cslib.styled.sheet import Sheet, distinct, lay_out

__all__ = ["restated_table"]


def restated_table(
    frame: pd.DataFrame, *, title: str = "Past figures that moved", locale: str = "en_US", most: int = 24
) -> Sheet:
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
    require(
        frame, columns=["metric", "convention", "end", "by", "unit", "old", "new", "why"], by="restated_table"
    )
    rows = frame.head(most).to_dict("records")
    cells = pd.DataFrame(
        {
            "Convention": [one_line(row["convention"]) for row in rows],
            "Reported": [_value(row["old"], row["unit"], locale) for row in rows],
            "Now": [_value(row["new"], row["unit"], locale) for row in rows],
            "Because of": [one_line(row["why"]) or "not known" for row in rows],
        },
        index=distinct([_name(row, locale) for row in rows]),
    )
    more = f"; {len(frame) - most:,} more are not shown" if len(frame) > most else ""
    return lay_out(
        cells.rename_axis("Figure", axis=1),
        caption=f"{title}{more}.",
        label="tab-restated",
        text=["Convention", "Because of"],
    )


def _name(row: dict[Any, Any], locale: str) -> str:
    when = "" if pd.isna(row["end"]) else f" to {day(row['end'], locale=locale)}"
    return one_line(f"{metric_name(row['metric'])}{when}" + (f", {row['by']}" if row["by"] else ""))


def _value(value: float, unit: str, locale: str) -> str:
    if math.isnan(value):
        return "undefined"
    if unit == "ratio":
        return percent(value, locale=locale, digits=2)
    return f"{value:.3f}" if unit == "ratio to one" else exact_money(value, currency_of(unit), locale=locale)
