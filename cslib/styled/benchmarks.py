"""Published figures beside ours, cited; and those that are not compared, with the reason."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from cslib.charts.canvas import require
from cslib.formats import count, metric_name, one_line, percent
from cslib.styled.sheet import Sheet, distinct, lay_out

__all__ = ["benchmark_table", "refused_table"]

_NONE: Final = "none compares"


def benchmark_table(
    frame: pd.DataFrame, *, title: str = "Ours beside published figures", locale: str = "en_US"
) -> Sheet:
    """Published figures that compare, each with its population, source, year and number of companies.

    Parameters
    ----------
    frame : DataFrame
        `metric`, `convention`, `value`, `low`, `high` (ours), `statistic`, `benchmark`, `population`, `source`, `year`,
        `n`, `n_note`, `evidence`, `comparable`, `verdict`; rows that do not compare are left out.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Returns
    -------
    Sheet
        One row a figure in the order given; one line that says so where none compares.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    columns = [
        "metric", "convention", "value", "low", "high", "statistic", "benchmark", "population", "source", "year", "n",
        "n_note", "evidence", "comparable", "verdict",
    ]  # fmt: skip
    require(frame, columns=columns, by="benchmark_table", may_be_empty=True)
    rows = frame[frame["comparable"].astype("bool")].to_dict("records")
    heads = ["Ours", "Theirs", "Ours is", "Source"]
    told = [
        [
            f"{percent(row['value'], locale=locale)}{_span(row, locale=locale)}",
            percent(row["benchmark"], locale=locale),
            row["verdict"],
            _source(row, locale=locale),
        ]
        for row in rows
    ]
    names = distinct(
        [f"{metric_name(row['metric'])}, {row['statistic']}: {one_line(row['population'])}" for row in rows]
    )
    cells = pd.DataFrame(told or [[""] * len(heads)], index=names or [_NONE], columns=heads)
    conventions = sorted({one_line(row["convention"]) for row in rows})
    way = f", {', '.join(conventions)}, ours with its 95% interval" if rows else ""
    return lay_out(
        cells.rename_axis("Published figure", axis=1),
        caption=f"{title}{way}.",
        label="tab-benchmarks",
        text=heads[2:],
    )


def refused_table(
    frame: pd.DataFrame, *, title: str = "Published figures that are not compared", locale: str = "en_US"
) -> Sheet:
    """Reasons why published figures are not compared, with how many of them and whose, the most frequent first.

    Parameters
    ----------
    frame : DataFrame
        `source`, `comparable`, `reason`; rows that compare are left out.
    title, locale
        As in :func:`benchmark_table`.

    Raises
    ------
    ValueError
        When a column is missing.
    """
    require(frame, columns=["source", "comparable", "reason"], by="refused_table", may_be_empty=True)
    left = frame[~frame["comparable"].astype("bool")]
    reasons = left["reason"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
    rows = [
        [
            count(n, locale=locale),
            "; ".join(dict.fromkeys(one_line(s) for s in left.loc[left["reason"] == reason, "source"])),
        ]
        for reason, n in reasons.items()
    ]
    names = [f"{reason[:1].upper()}{reason[1:]}" for reason in map(one_line, reasons.index)]
    cells = pd.DataFrame(rows or [["", ""]], index=names or ["none"], columns=["Figures", "Sources"])
    return lay_out(
        cells.rename_axis("Reason", axis=1), caption=f"{title}.", label="tab-refused", text=["Sources"]
    )


def _span(row: dict[Any, Any], *, locale: str) -> str:
    if pd.isna(row["low"]):
        return ""
    return f" ({percent(row['low'], locale=locale)} to {percent(row['high'], locale=locale)})"


def _source(row: dict[Any, Any], *, locale: str) -> str:
    n = "n not stated"
    if not pd.isna(row["n"]):
        note = one_line(row["n_note"])
        kind, _, rest = note.partition(", ") if note else ("", "", "")
        n = f"n {f'{kind} ' if kind else '= '}{count(row['n'], locale=locale)}{f', {rest}' if rest else ''}"
    hand = ", second hand" if row["evidence"] == "second hand" else ""
    return f"{one_line(row['source'])}; figures of {row['year']}; {n}{hand}"
