"""What lies ahead: ranges with their record, and what comes up for renewal month by month."""

from __future__ import annotations

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, currency_of, day, month, percent, short_money
from cslib.styled.sheet import Sheet, lay_out
from cslib.words import metric_name, say

__all__ = ["ahead_table", "due_table"]


def ahead_table(frame: pd.DataFrame, *, title: str, locale: str = "en_US") -> Sheet:
    """Range of each figure of the quarter ahead, with how earlier ranges fared.

    Parameters
    ----------
    frame : DataFrame
        `metric`, `end`, `low`, `high`, `level`, `supported`, `n_past`, `n_ranged`, `n_inside`, `unit`; may be empty.
    title : str
        First words of the caption.
    locale : str
        Of words and numbers.

    Returns
    -------
    Sheet
        One row a metric; where the history supports no range the cell says so. No single number stands for what is not
        known yet.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    columns = ["metric", "end", "low", "high", "level", "supported", "n_past", "n_ranged", "n_inside", "unit"]
    kept = require(frame, columns=columns, by="ahead_table", may_be_empty=True)
    heads = [say(head, locale=locale) for head in ("Range", "Level", "Earlier ranges", "Outcome inside")]
    none, rows = say("too little history", locale=locale), []
    for row in frame.to_dict("records"):
        shown = [
            percent(row[side], locale=locale)
            if row["unit"] == "ratio"
            else short_money(row[side], currency_of(row["unit"]), locale=locale)
            for side in ("low", "high")
        ]
        span = say("{low} to {high}", locale=locale, low=shown[0], high=shown[1])
        rows.append(
            [span if row["supported"] else none, percent(row["level"], locale=locale, digits=0),
             count(row["n_ranged"], locale=locale), count(row["n_inside"], locale=locale)]
        )  # fmt: skip
    names = [metric_name(metric, locale=locale) for metric in frame["metric"]]
    cells = pd.DataFrame(rows or [[none, "", "", ""]], names or [say("none", locale=locale)], heads)
    until = f", {day(frame['end'].max(), locale=locale)}" if len(frame) else ""
    return lay_out(
        cells.rename_axis(say("Metric", locale=locale), axis=1),
        rows=[kept],
        caption=f"{title}{until}.",
        label="tab-ahead",
    )


def due_table(frame: pd.DataFrame, *, unit: str, title: str, locale: str = "en_US") -> Sheet:
    """ARR that comes up for renewal, by month, with what is under notice and what has shrunk; all months last.

    Parameters
    ----------
    frame : DataFrame
        `month` (first day; NaT for all), `n_accounts`, `arr`, `notice`, `shrunk` (minor units).
    unit : str
        Of the amounts, such as ``USD ARR``.
    title : str
        First words of the caption.
    locale : str
        Of words, numbers and dates.

    Returns
    -------
    Sheet
        One row a month in which a term ends, the row of all in bold.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    amounts = ["arr", "notice", "shrunk"]
    kept = require(frame, columns=["month", "n_accounts", *amounts], by="due_table")
    currency, base = currency_of(unit), unit.split(" ")[-1]
    heads = [
        say(head, locale=locale, base=base)
        for head in ("Accounts", "{base} up for renewal", "Under notice", "Pays less than a year ago")
    ]
    total = say("All", locale=locale)
    cells = {
        total if pd.isna(row["month"]) else month(row["month"], locale=locale): [
            count(row["n_accounts"], locale=locale),
            *(short_money(row[name], currency, locale=locale) for name in amounts),
        ]
        for row in frame.to_dict("records")
    }
    return lay_out(
        pd.DataFrame.from_dict(cells, orient="index", columns=heads).rename_axis(
            say("Month", locale=locale), axis=1
        ),
        rows=[kept],
        caption=f"{title}, {unit}.",
        label="tab-ahead-renewals",
        bold=[total],
    )
