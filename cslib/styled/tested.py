"""What a report rests on, as tables: single accounts, definitions, identities."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, currency_of, one_line, percent, short_money
from cslib.styled.sheet import Sheet, account_names, distinct, lay_out
from cslib.words import known, metric_name, retell, say

__all__ = ["concentration_table", "definitions_table", "proof_table"]


def concentration_table(frame: pd.DataFrame, *, unit: str, title: str, locale: str = "en_US") -> Sheet:
    """Largest accounts at the opening with their share, and the ratio of the book without each.

    Parameters
    ----------
    frame : DataFrame
        `account_id`, `name`, `opening`, `closing` (minor units), `share` of all opening (0 to 1), `value` (net
        retention without the account, a ratio; NaN where undefined).
    unit : str
        Of the amounts, such as ``USD ARR``.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Returns
    -------
    Sheet
        One row an account in the order given, money short, ratios in percent. An account without a name is
        shown by its id, accounts of one name with their ids.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    columns = ["account_id", "name", "opening", "closing", "share", "value"]
    kept = require(frame, columns=columns, by="concentration_table", may_be_empty=True)
    currency, base = currency_of(unit), unit.split(" ")[-1]
    cells = pd.DataFrame(
        {
            say("Opening {base}", locale=locale, base=base): [
                short_money(v, currency, locale=locale) for v in frame["opening"]
            ],
            say("Closing {base}", locale=locale, base=base): [
                short_money(v, currency, locale=locale) for v in frame["closing"]
            ],
            say("Share of opening {base}", locale=locale, base=base): [
                percent(v, locale=locale) for v in frame["share"]
            ],
            say("Net retention without it", locale=locale): [
                percent(v, locale=locale) for v in frame["value"]
            ],
        },
        index=account_names(frame),
    )
    if cells.empty:
        cells = pd.DataFrame("", [say("none", locale=locale)], cells.columns)
    return lay_out(
        cells.rename_axis(say("Account", locale=locale), axis=1),
        rows=[kept],
        caption=f"{title}, {unit}.",
        label="tab-concentration",
    )


def definitions_table(
    rows: Sequence[tuple[str, str, str, str]], *, title: str, locale: str = "en_US"
) -> Sheet:
    """Metrics with the name of their convention, its sentence and its source.

    Parameters
    ----------
    rows : sequence of four texts
        Metric, convention, sentence and source, in the order to print.
    title : str
        The caption.
    locale : str
        Of the words.

    Returns
    -------
    Sheet
        One row a metric and convention.

    Raises
    ------
    ValueError
        When there is no row.
    """
    heads = [say(head, locale=locale) for head in ("Convention", "Definition", "Source")]
    if not rows:
        raise ValueError("definitions_table: found no row, expected at least one")
    cells = pd.DataFrame(
        [[retell(one_line(text), locale=locale) for text in row[1:]] for row in rows],
        distinct([metric_name(one_line(row[0]), locale=locale) for row in rows]),
        heads,
    )
    return lay_out(
        cells.rename_axis(say("Metric", locale=locale), axis=1),
        rows=[pd.DataFrame(list(rows), columns=["metric", "convention", "definition", "source"])],
        caption=f"{title}.",
        label="tab-definitions",
        text=heads,
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
        First words of the caption, English words or finished text.
    locale : str
        Of numbers.

    Returns
    -------
    Sheet
        One row an identity in the order given; one that does not hold stands in bold.

    Raises
    ------
    ValueError
        When a column is missing or the frame is empty.
    """
    kept = require(frame, columns=["check", "n", "failed", "holds"], by="proof_table")
    told = [retell(one_line(check), locale=locale) for check in frame["check"]]
    holds = say("Holds", locale=locale)
    names = distinct([f"{name[:1].upper()}{name[1:]}" for name in told])
    cells = pd.DataFrame(
        {
            say("Equalities", locale=locale): [count(n, locale=locale) for n in frame["n"]],
            say("Unequal", locale=locale): [count(n, locale=locale) for n in frame["failed"]],
            holds: [say("yes" if held else "NO", locale=locale) for held in frame["holds"]],
        },
        index=names,
    )
    return lay_out(
        cells.rename_axis(say("Identity", locale=locale), axis=1),
        rows=[kept],
        caption=say("{title}, to the minor unit.", locale=locale, title=known(title, locale=locale)),
        label="tab-proof",
        text=[holds],
        bold=[name for name, held in zip(names, frame["holds"], strict=True) if not held],
    )
