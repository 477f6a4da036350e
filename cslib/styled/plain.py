"""A table of any metric frame: which columns, under which heads, in which form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import pandas as pd
from babel.numbers import format_decimal

from cslib import formats
from cslib.charts.canvas import require
from cslib.styled.sheet import Sheet, lay_out
from cslib.words import enumerated, from_data, known, metric_name, retell, say, value_name

__all__ = ["Form", "plain_table"]

Form = Literal[
    "text",
    "said",
    "list",
    "metric",
    "value",
    "by unit",
    "money",
    "signed money",
    "percent",
    "points",
    "count",
    "signed count",
    "number",
    "plain",
    "day",
    "month",
    "flag",
]

_TEXT: Final = {"text", "said", "list", "metric", "value", "flag"}


def plain_table(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, tuple[str, Form]],
    title: str,
    label: str,
    currency: str = "USD",
    total: str | None = None,
    most: int = 40,
    locale: str = "en_US",
) -> Sheet:
    """Rows of `frame` as they come, the first of `columns` naming the row.

    Parameters
    ----------
    frame : DataFrame
        Holds every column named; may be empty. A missing value is shown as a dash, never as 0.
    columns : Mapping
        Column of the frame to its head and form: ``{"arr": ("ARR", "money")}``. Text comes from data and stays as it
        is; what is said, alone or in a list, are words of ours, told in the language of the report. Money is in minor
        units, a percent is a ratio, points are a difference of ratios, a number has one decimal, a plain one those it
        needs, a flag is yes or no, a metric or a value of the contract (``first_value``) is spelled as a reader sees
        it, and what is by unit has the form that the frame's column ``unit`` names.
    title : str
        The caption, to which the number of rows left out is added. It and the heads are English words or finished text.
    label : str
        Name to refer to the table by; unique in a report.
    currency : str
        ISO 4217 code of the money.
    total : str, optional
        Name in the first column of the row that stands out.
    most : int
        Rows shown.
    locale : str
        Language of the words, form of numbers and dates.

    Returns
    -------
    Sheet
        One row a row.

    Raises
    ------
    ValueError
        When a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"band": ["$100k"], "arr": [250000]})
    >>> told = plain_table(frame, columns={"band": ("Band", "text"), "arr": ("ARR", "money")}, title="T", label="t")
    >>> print(told.caption, told.styler.data.loc[0, "ARR"])
    T. $2,500
    """
    unit = ["unit"] if any(form == "by unit" for _, form in columns.values()) else []
    kept = require(frame, columns=[*columns, *unit], by="plain_table", may_be_empty=True)
    (first, (head, form)), *rest = columns.items()
    shown = frame.head(most)
    told = [_told(value, form, currency, locale) for value in shown[first]]
    summed = [value == total for value in shown[first]]
    whole = known(total, locale=locale) if total else ""
    names = [whole if sums else name for name, sums in zip(told, summed, strict=True)]
    heads = [known(name, locale=locale) for _, (name, _) in rest]
    cells = pd.DataFrame(
        [
            [
                _told(row[column], row["unit"] if kind == "by unit" else kind, currency, locale)
                for column, (_, kind) in rest
            ]
            for row in shown.to_dict("records")
        ]
        or [["" for _ in rest]],
        columns=heads,
    )
    left = len(frame) - len(shown)
    subject, n = known(title, locale=locale), formats.count(left, locale=locale)
    caption = (
        say("{title}; {n} more not shown.", locale=locale, title=subject, n=n) if left else f"{subject}."
    )
    return lay_out(
        cells.rename_axis(known(head, locale=locale), axis=1),
        rows=[kept.head(most), *([pd.DataFrame({"more": [left]})] if left else [])],
        caption=caption,
        label=label,
        text=[name for name, (_, (_, kind)) in zip(heads, rest, strict=True) if kind in _TEXT],
        bold=[i for i, sums in enumerate(summed) if sums],
        names=names or [say("none", locale=locale)],
    )


def _told(value: Any, form: Form, currency: str, locale: str) -> str:
    if pd.isna(value):
        return "–"
    forms: Mapping[str, Callable[[Any], str]] = {
        "text": lambda x: from_data(formats.one_line(x), locale=locale),
        "said": lambda x: retell(formats.one_line(x), locale=locale),
        "list": lambda x: enumerated(formats.one_line(x), locale=locale),
        "metric": lambda x: metric_name(x, locale=locale),
        "value": lambda x: value_name(x, locale=locale),
        "money": lambda x: formats.exact_money(x, currency, locale=locale),
        "signed money": lambda x: formats.exact_money(x, currency, locale=locale, signed=True),
        "percent": lambda x: formats.percent(x, locale=locale),
        "points": lambda x: formats.points(x, locale=locale, signed=True),
        "count": lambda x: formats.count(x, locale=locale),
        "signed count": lambda x: _decimal(x, "+#,##0;-#,##0" if x else "0", locale),
        "number": lambda x: _decimal(round(float(x), 1) + 0.0, "#,##0.0", locale),
        "plain": lambda x: _decimal(x, None, locale),
        "day": lambda x: formats.day(x, locale=locale),
        "month": lambda x: formats.month(x, locale=locale),
        "flag": lambda x: say("yes" if x else "no", locale=locale),
    }
    return forms[form](value)


def _decimal(value: float, form: str | None, locale: str) -> str:
    return str(format_decimal(value, format=form, locale=locale)).replace("-", formats.MINUS)
