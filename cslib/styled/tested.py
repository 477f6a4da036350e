"""What a report rests on, as tables: single accounts, definitions, identities."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, currency_of, metric_name, one_line, percent, short_money
from cslib.styled.sheet import Sheet, distinct, lay_out

__all__ = ["concentration_table", "definitions_table", "proof_table"]


def concentration_table(frame: pd.DataFrame, *, unit: str, title: str, locale: str = "en_US") -> Sheet:
    """Largest accounts at the opening with their share, and the ratio of the book without each.

    Parameters
    ----------
    frame : DataFrame
        `name`, `opening`, `closing` (minor units), `share`, `value` (ratio without the account, NaN where undefined).
    unit : str
        Of the amounts, such as ``USD ARR``.
    title : str
        The caption.
    locale : str
        Of numbers.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    require(frame, columns=["name", "opening", "closing", "share", "value"], by="concentration_table")
    currency = currency_of(unit)
    cells = pd.DataFrame(
        {
            "Opening": [short_money(v, currency, locale=locale) for v in frame["opening"]],
            "Closing": [short_money(v, currency, locale=locale) for v in frame["closing"]],
            "Share of opening": [percent(v, locale=locale) for v in frame["share"]],
            "Net retention without it": [percent(v, locale=locale) for v in frame["value"]],
        },
        index=distinct([one_line(name) for name in frame["name"]]),
    )
    return lay_out(
        cells.rename_axis("Account", axis=1), caption=f"{title}, {unit}.", label="tab-concentration"
    )


def definitions_table(rows: Sequence[tuple[str, str, str, str]], *, title: str) -> Sheet:
    """Metrics with the name of their convention, its sentence and its source, as `rows` of four texts."""
    cells = pd.DataFrame(rows, columns=["Metric", "Convention", "Definition", "Source"])
    cells.index = pd.Index([metric_name(name) for name in cells.pop("Metric")])
    return lay_out(
        cells.rename_axis("Metric", axis=1),
        caption=f"{title}.",
        label="tab-definitions",
        text=["Convention", "Definition", "Source"],
    )


def proof_table(frame: pd.DataFrame, *, unit: str, title: str, locale: str = "en_US") -> Sheet:
    """Identities with how many equalities each holds and how many fail.

    Parameters
    ----------
    frame : DataFrame
        `check`, `n`, `failed`, `holds`.
    unit : str
        Of what is equal.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    require(frame, columns=["check", "n", "failed", "holds"], by="proof_table")
    cells = pd.DataFrame(
        {
            "Equalities": [count(n, locale=locale) for n in frame["n"]],
            "Unequal": [count(n, locale=locale) for n in frame["failed"]],
            "Holds": ["yes" if held else "NO" for held in frame["holds"]],
        },
        index=[one_line(check)[:1].upper() + one_line(check)[1:] for check in frame["check"]],
    )
    return lay_out(
        cells.rename_axis("Identity", axis=1), caption=f"{title}, to the {unit}.", label="tab-proof"
    )
