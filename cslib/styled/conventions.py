"""One quarter under every published convention, as a table an investor can read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import MINUS, one_line, percent
from cslib.styled.sheet import Sheet, distinct, lay_out
from cslib.words import known, say

__all__ = ["conventions_table"]


def conventions_table(frame: pd.DataFrame, *, title: str, label: str, locale: str = "en_US") -> Sheet:
    """Results of one metric under every convention, the highest first, with what sets each apart from ours.

    Parameters
    ----------
    frame : DataFrame
        Rows of one metric, ours first: `title`, `value` (ratio, NaN where undefined), `difference` (ratio less ours),
        `known_error`, `causes` (pairs of account and effect on that difference).
    title : str
        The caption.
    label : str
        What the table is referred to by.
    locale : str
        Of numbers.

    Returns
    -------
    Sheet
        One row a convention; ours in bold, known errors named as such, undefined ones last.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    columns = ["title", "value", "difference", "known_error", "causes"]
    kept = require(frame, columns=columns, by="conventions_table")
    rows = frame.sort_values("value", ascending=False, kind="stable", na_position="last").to_dict("records")
    names = distinct([_title(row, locale=locale) for row in rows])
    ours = [name for name, row in zip(names, rows, strict=True) if row["title"] == frame["title"].iloc[0]]
    behind = say("Accounts behind it", locale=locale)
    cells = pd.DataFrame(
        {
            say("Result", locale=locale): [percent(row["value"], locale=locale) for row in rows],
            say("Points from ours", locale=locale): [
                _points(row["difference"], locale=locale) for row in rows
            ],
            behind: [
                ", ".join(
                    f"{one_line(name)} {_points(effect, locale=locale)}" for name, effect in row["causes"]
                )
                for row in rows
            ],
        },
        index=names,
    ).rename_axis(say("Convention", locale=locale), axis=1)
    return lay_out(cells, rows=[kept], caption=f"{title}.", label=label, text=[behind], bold=ours)


def _title(row: Mapping[Any, Any], *, locale: str) -> str:
    title = known(one_line(row["title"]), locale=locale)
    return say("{title} (a known error)", locale=locale, title=title) if row["known_error"] else title


def _points(ratio: float, *, locale: str) -> str:
    """Difference of two ratios in percentage points, signed."""
    if math.isnan(ratio):
        return ""
    number = percent(abs(ratio), locale=locale).replace("%", "").strip()
    return "0" if round(ratio, 3) == 0 else ("+" if ratio > 0 else MINUS) + number
