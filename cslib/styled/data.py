"""The account of the data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, day, one_line
from cslib.styled.sheet import Sheet, distinct, lay_out
from cslib.words import say

__all__ = ["account_of_data"]


def account_of_data(frame: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Sheet:
    """Rows read, kept and left out of every table, with the days they span and the hash of the file.

    Parameters
    ----------
    frame : DataFrame
        ``book.account``: `table`, `file`, `rows_read`, `rows_kept`, `rows_after_as_of`, `rows_rejected`,
        `first_date`, `last_date`, `sha256`.
    title : str
        The caption; as a default what it is.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        One row a table and file; of a hash the first twelve digits.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    rows = ["rows_read", "rows_kept", "rows_after_as_of", "rows_rejected"]
    columns = ["table", "file", *rows, "first_date", "last_date", "sha256"]
    kept = require(frame, columns=columns, by="account_of_data")
    heads = [say(head, locale=locale) for head in ("Read", "Kept", "After the day", "Rejected")]
    file = say("File", locale=locale)
    cells = pd.DataFrame(
        [
            {
                file: _or_blank(r["file"], one_line),
                **{
                    head: _or_blank(r[n], lambda x: count(x, locale=locale))
                    for head, n in zip(heads, rows, strict=True)
                },
                say("First", locale=locale): _or_blank(r["first_date"], lambda x: day(x, locale=locale)),
                say("Last", locale=locale): _or_blank(r["last_date"], lambda x: day(x, locale=locale)),
                "SHA-256": _or_blank(r["sha256"], lambda x: one_line(x)[:12]),
            }
            for r in frame.to_dict("records")
        ],
        distinct([one_line(name) for name in frame["table"]]),
    )
    return lay_out(
        cells.rename_axis(say("Table", locale=locale), axis=1),
        rows=[kept],
        caption=f"{title or say('The account of the data', locale=locale)}.",
        label="tab-data",
        text=[file, "SHA-256"],
    )


def _or_blank(value: Any, told: Callable[[Any], str]) -> str:
    return "" if pd.isna(value) else told(value)
