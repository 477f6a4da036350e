"""Key figures and segments."""

from __future__ import annotations

from typing import Any

import pandas as pd
from babel.numbers import format_decimal

from cslib.charts.axis import trailing
from cslib.charts.canvas import require
from cslib.evidence import key_of
from cslib.formats import count, currency_of, month, one_line, percent, short_money, undefined
from cslib.styled.sheet import Sheet, convention, distinct, lay_out, once
from cslib.words import known, metric_name, say

__all__ = ["kpi_table", "segment_table"]


def kpi_table(frame: pd.DataFrame, *, decimals: bool = True, title: str = "", locale: str = "en_US") -> Sheet:
    """Key figures, one row a metric with its convention, one column an end, the latest first.

    Parameters
    ----------
    frame : DataFrame
        `metric`, `convention`, `start`, `end`, `value`, `unit`; one row for each metric and end. Metrics
        stand in order of first appearance.
    decimals : bool
        Whether percentages have one; those of a small book would feign a precision it does not have.
    title : str
        The caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        Ratios in percent, money short, undefined written out, a missing row blank.

    Raises
    ------
    ValueError
        When a column is missing, the frame is empty or a metric comes twice for one end.
    """
    kept = require(frame, columns=["metric", "convention", "start", "end", "value", "unit"], by="kpi_table")
    once(frame, key=["metric", "end"], by="kpi_table")
    ends = sorted(frame["end"].unique(), reverse=True)
    by = say("Convention", locale=locale)
    rows: dict[str, dict[str, str]] = {}
    keys: dict[str, dict[str, str]] = {}
    for row in frame.to_dict("records"):
        told = rows.setdefault(
            metric_name(row["metric"], locale=locale), {by: convention(row, locale=locale)}
        )
        told[month(row["end"], locale=locale)] = _value(
            row["value"], row["unit"], decimals=decimals, locale=locale
        )
        names = keys.setdefault(metric_name(row["metric"], locale=locale), {})
        names[month(row["end"], locale=locale)] = key_of(row)
    cells = pd.DataFrame.from_dict(rows, orient="index").fillna("")
    cells = cells[[by, *(month(end, locale=locale) for end in ends)]].rename_axis(
        say("Metric", locale=locale), axis=1
    )
    return lay_out(
        cells,
        rows=[kept],
        caption=f"{title or say('Key figures', locale=locale)}.",
        label="tab-kpi",
        text=[by],
        keys=pd.DataFrame.from_dict(keys, orient="index"),
    )


def _value(value: Any, unit: str, *, decimals: bool, locale: str) -> str:
    if pd.isna(value):
        return undefined(locale)
    if unit == "ratio":
        return percent(value, locale=locale, digits=int(decimals))
    if unit == "ratio to one":
        return str(format_decimal(value, format="0.0", locale=locale))
    return short_money(value, currency_of(unit), locale=locale)


def segment_table(
    frame: pd.DataFrame,
    *,
    by: str,
    unit: str,
    total: pd.DataFrame | None = None,
    title: str = "",
    locale: str = "en_US",
) -> Sheet:
    """Ratios of every segment with its accounts and opening amount, the largest first, the whole book last.

    Parameters
    ----------
    frame : DataFrame
        Ratio rows with the column `by`: `metric`, `convention`, `start`, `end`, `by`, `value`, `denominator`,
        `n_accounts`; `net_retention` gives the opening amount. Of several ends the last is shown.
    by : str
        Column that names the segment.
    unit : str
        Of the denominator of net retention, such as ``USD ARR``.
    total : DataFrame or None
        The same rows for the whole book.
    title : str
        First words of the caption; as a default `by`.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        One row a segment, one column a metric in percent.

    Raises
    ------
    ValueError
        When a column is missing, the frame is empty, net retention is absent or a segment comes twice.
    """
    heading = known(one_line(by).replace("_", " ").capitalize(), locale=locale)
    rows = _segments(frame, by=by, unit=unit, locale=locale)
    bold: list[str] = []
    if total is not None:
        rows = pd.concat(
            [
                rows,
                _segments(
                    total.assign(**{by: say("All accounts", locale=locale)}), by=by, unit=unit, locale=locale
                ),
            ]
        )
        rows = rows.fillna("")
        rows.index = pd.Index(distinct(list(rows.index)))
        bold = [str(rows.index[-1])]
    last = frame[frame["end"] == frame["end"].max()].iloc[0]
    subject = title or say("Retention by {part}", locale=locale, part=heading.lower())
    caption = f"{subject}, {trailing(last, locale=locale)}."
    columns = ["metric", "convention", "start", "end", by, "value", "denominator", "n_accounts"]
    kept = [part[[c for c in columns if c in part]] for part in (frame, total) if part is not None]
    return lay_out(
        rows.rename_axis(heading, axis=1),
        rows=[part[part["end"] == part["end"].max()] for part in kept],
        caption=caption,
        label="tab-segments",
        bold=bold,
    )


def _segments(frame: pd.DataFrame, *, by: str, unit: str, locale: str) -> pd.DataFrame:
    columns = ["metric", "convention", "start", "end", "value", "denominator", "n_accounts", by]
    require(frame, columns=columns, by="segment_table")
    last = frame[frame["end"] == frame["end"].max()]
    once(last, key=["metric", by], by="segment_table")
    net = last[last["metric"] == "net_retention"].sort_values(["denominator", by], ascending=[False, True])
    if net.empty:
        raise ValueError("segment_table: metric: net_retention is absent; expected it for the opening amount")
    values = {(r["metric"], r[by]): float(r["value"]) for r in last.to_dict("records")}
    metrics = list(dict.fromkeys(last["metric"]))
    rows = [
        {
            say("Accounts", locale=locale): count(r["n_accounts"], locale=locale),
            say("Opening {base}", locale=locale, base=unit.split(" ")[-1]): short_money(
                r["denominator"], currency_of(unit), locale=locale
            ),
            **{
                metric_name(m, locale=locale): percent(values.get((m, r[by]), float("nan")), locale=locale)
                for m in metrics
            },
        }
        for r in net.to_dict("records")
    ]
    return pd.DataFrame(rows, distinct([one_line(name) for name in net[by]]))
