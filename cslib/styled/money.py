"""Amounts by period and by account."""

from __future__ import annotations

from typing import Final

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import currency_of, exact_money, month, one_line
from cslib.styled.sheet import Sheet, account_names, lay_out, once
from cslib.words import known, metric_name, say

__all__ = ["accounts_table", "money_table"]

_LOSSES: Final = {"contraction", "churn"}
_TOTALS: Final = {"opening", "closing", "arr", "mrr"}


def money_table(frame: pd.DataFrame, *, title: str = "", locale: str = "en_US") -> Sheet:
    """Amounts to the whole unit of the currency, one row a metric, one column an end, the latest last.

    Parameters
    ----------
    frame : DataFrame
        `metric`, `end`, `value` (minor units), `unit` (such as ``USD ARR``); one row for each metric and end.
        Contraction and churn are shown with a minus sign, opening, closing and levels in bold.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        Metrics in order of first appearance.

    Raises
    ------
    ValueError
        When a column is missing, the frame is empty or a metric comes twice for one end.
    """
    kept = require(frame, columns=["metric", "end", "value", "unit"], by="money_table")
    once(frame, key=["metric", "end"], by="money_table")
    ends = sorted(frame["end"].unique())
    rows: dict[str, dict[str, str]] = {}
    for row in frame.to_dict("records"):
        amount = row["value"] * (-1 if row["metric"] in _LOSSES else 1)
        told = rows.setdefault(metric_name(row["metric"], locale=locale), {})
        told[month(row["end"], locale=locale)] = exact_money(amount, currency_of(row["unit"]), locale=locale)
    cells = pd.DataFrame.from_dict(rows, orient="index").fillna("")
    cells = cells[[month(end, locale=locale) for end in ends]].rename_axis(
        say("Metric", locale=locale), axis=1
    )
    totals = [metric_name(metric, locale=locale) for metric in frame["metric"].unique() if metric in _TOTALS]
    return lay_out(
        cells,
        rows=[kept],
        caption=f"{title or say('ARR bridge', locale=locale)}, {frame['unit'].iloc[0]}.",
        label="tab-money",
        bold=totals,
    )


def accounts_table(
    frame: pd.DataFrame, *, unit: str, title: str, label: str = "tab-accounts", locale: str = "en_US"
) -> Sheet:
    """Accounts with their opening and closing amount and the change, in the order given.

    Parameters
    ----------
    frame : DataFrame
        `account_id`, `name`, `opening`, `closing`, `change` (minor units), `movement`; may be empty. An
        account without a name is shown by its id, accounts of one name with their ids.
    unit : str
        Of the amounts, such as ``USD ARR``.
    title : str
        First words of the caption.
    label : str
        Name to refer to the table by; unique in a report.
    locale : str
        Of numbers.

    Returns
    -------
    Sheet
        Amounts to the whole unit of the currency, changes with their sign.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    columns = ["account_id", "name", "opening", "closing", "change", "movement"]
    kept = require(frame, columns=columns, by="accounts_table", may_be_empty=True)
    currency, base = currency_of(unit), unit.split(" ")[-1]
    heads = [
        say(head, locale=locale, base=base)
        for head in ("Opening {base}", "Closing {base}", "Change", "Movement")
    ]
    rows = [
        dict(
            zip(
                heads,
                (
                    exact_money(r["opening"], currency, locale=locale),
                    exact_money(r["closing"], currency, locale=locale),
                    exact_money(r["change"], currency, locale=locale, signed=True),
                    known(one_line(r["movement"]), locale=locale),
                ),
                strict=True,
            )
        )
        for r in frame.to_dict("records")
    ]
    cells = pd.DataFrame(
        rows or [dict.fromkeys(heads, "")], account_names(frame) or [say("none", locale=locale)], heads
    )
    return lay_out(
        cells.rename_axis(say("Account", locale=locale), axis=1),
        rows=[kept],
        caption=f"{title}, {unit}.",
        label=label,
        text=heads[-1:],
    )
