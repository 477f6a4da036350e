"""What may come and what hangs on a choice, as tables: forecasts with their record, period or vintage, sensitivity."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import pandas as pd
from babel.numbers import format_decimal

from cslib.charts.canvas import require
from cslib.formats import MINUS, count, currency_of, one_line, percent, short_money
from cslib.formats import day as written_day
from cslib.styled.sheet import Sheet, lay_out, once
from cslib.words import known, metric_name, retell, say

__all__ = ["ages_table", "forecast_table", "period_table", "sensitivity_table"]


LEAST: Final = 20  # accounts old enough, below which a cell says too little


def forecast_table(ahead: pd.DataFrame, *, title: str, locale: str = "en_US") -> Sheet:
    """Forecasts of the next quarters with their ranges, and how the same forecasts did in the past.

    Parameters
    ----------
    ahead : DataFrame
        `metric`, `end`, `quarters`, `value`, `low`, `high` (ratios, or minor units), `level`, `unit`, `n_past`,
        `n_ranged`, `n_inside`, `crps`, `naive_crps`.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        One row a metric and quarter. `Error` is the mean score of the whole forecast (CRPS, in points, of ARR in
        percent of today's), beside that of the last value known.

    Raises
    ------
    ValueError
        When a column is missing, or a metric and quarter come twice.
    """
    columns = ["metric", "end", "quarters", "value", "low", "high", "level", "unit", "n_past", "n_ranged", "n_inside",
               "crps", "naive_crps"]  # fmt: skip
    kept = require(ahead, columns=columns, by="forecast_table", may_be_empty=True)
    once(ahead, key=["metric", "quarters"], by="forecast_table")
    nothing = say("none", locale=locale)
    heads = ("To", "Expected", "Range", "Inside the range", "Error", "Error of the last value")
    told = [say(head, locale=locale) for head in heads]
    rows, names = [], []
    for row in ahead.to_dict("records"):
        shown = [_shown(row[side], row["unit"], locale=locale) for side in ("value", "low", "high")]
        ranged = nothing if pd.isna(row["low"]) else _to(shown[1], shown[2], locale=locale)
        n, of = (count(row[name], locale=locale) for name in ("n_inside", "n_ranged"))
        inside = say("{n} of {of}", locale=locale, n=n, of=of) if row["n_ranged"] else nothing
        scores = [nothing if pd.isna(row[s]) else _points(row[s], locale=locale, sign=False)
                  for s in ("crps", "naive_crps")]  # fmt: skip
        names.append(metric_name(row["metric"], locale=locale))
        rows.append([written_day(row["end"], locale=locale), shown[0], ranged, inside, *scores])
    if not rows:
        names, rows = [nothing], [[""] * len(told)]
    level = percent(float(ahead["level"].iloc[0]) if len(ahead) else 0.8, locale=locale, digits=0)
    caption = say(
        "{title}, {level} ranges. Inside: past outcomes that fell into the range given then. Error: mean score of past "
        "forecasts (CRPS, points), beside that of taking the last value known.",
        locale=locale, title=title, level=level,
    )  # fmt: skip
    cells = pd.DataFrame(rows, columns=told)
    cells = cells.rename_axis(say("Metric", locale=locale), axis=1)
    return lay_out(cells, rows=[kept], caption=caption, label="tab-forecast", text=told[:1], names=names)


def ages_table(
    curves: pd.DataFrame, *, by: str, ages: tuple[int, ...] = (12, 24, 36), title: str, locale: str = "en_US"
) -> Sheet:
    """Share kept at a few ages by segment, with intervals; blank where fewer than `LEAST` accounts were old enough.

    Parameters
    ----------
    curves : DataFrame
        One metric: `metric`, the column `by`, `age` (months), `value`, `low`, `high` (ratios), `level`, `n_accounts`,
        `n_at_risk`.
    by : str
        Column of the segments.
    ages : tuple of int
        In months.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Raises
    ------
    ValueError
        When a column is missing or a segment and age come twice.
    """
    columns = ["metric", by, "age", "value", "low", "high", "level", "n_accounts", "n_at_risk"]
    shown = require(curves, columns=columns, by="ages_table", may_be_empty=True)
    shown = shown[shown["age"].isin(ages) | ~shown.duplicated(by)]
    once(curves, key=[by, "age"], by="ages_table")
    found = {(row[by], row["age"]): row for row in curves.to_dict("records")}
    rows, names = [], []
    for segment in dict.fromkeys(curves[by]):
        n = found[segment, min(age for s, age in found if s == segment)]["n_accounts"]
        names.append(one_line(segment))
        kept = [_kept(found.get((segment, age)), locale=locale) for age in ages]
        rows.append([count(n, locale=locale), *kept])
    heads = [say("Accounts", locale=locale),
             *(say("{n} months", locale=locale, n=count(age, locale=locale)) for age in ages)]  # fmt: skip
    if not rows:
        names, rows = [say("none", locale=locale)], [[""] * len(heads)]
    metric = metric_name(curves["metric"].iloc[0], locale=locale).lower() if len(curves) else ""
    level = percent(float(curves["level"].iloc[0]) if len(curves) else 0.95, locale=locale, digits=0)
    caption = say(
        "{title}: {metric} by age, with {level} intervals. Blank: fewer than {n} accounts are that old.",
        locale=locale, title=title, metric=metric, level=level, n=count(LEAST, locale=locale),
    )  # fmt: skip
    cells = pd.DataFrame(rows, columns=heads).rename_axis(
        known(one_line(by), locale=locale).capitalize(), axis=1
    )
    least = pd.DataFrame({"least": [LEAST]})
    return lay_out(cells, rows=[shown, least], caption=caption, label="tab-ages", names=names)


def _kept(cell: Mapping[Hashable, Any] | None, *, locale: str) -> str:
    if cell is None or cell["n_at_risk"] < LEAST or pd.isna(cell["value"]):
        return ""
    value = percent(cell["value"], locale=locale, digits=0)
    if pd.isna(cell["low"]):
        return value
    span = _to(*(percent(cell[side], locale=locale, digits=0) for side in ("low", "high")), locale=locale)
    return f"{value} ({span})"


def period_table(compared: pd.DataFrame, *, title: str, locale: str = "en_US") -> Sheet:
    """How many times as often accounts leave at equal age: newer vintages and recent months, each with the other held.

    Parameters
    ----------
    compared : DataFrame
        `term`, `start`, `value`, `low`, `high` (hazard ratios; NaN where too few left), `numerator` (losses),
        `n_accounts`, `passed`, `verdict`.
    title : str
        First words of the caption.
    locale : str
        Of numbers and dates.

    Raises
    ------
    ValueError
        When a column is missing or a term comes twice.
    """
    columns = ["term", "start", "value", "low", "high", "numerator", "n_accounts", "passed", "verdict"]
    kept = require(compared, columns=columns, by="period_table", may_be_empty=True)
    once(compared, key=["term"], by="period_table")
    heads = ("Since", "Accounts", "Left", "Times as often", "95% interval", "Verdict")
    told = [say(head, locale=locale) for head in heads]
    nothing = say("none", locale=locale)
    rows, names = [], []
    for row in compared.to_dict("records"):
        span = [_times(row[side], locale=locale) for side in ("value", "low", "high")]
        blank = pd.isna(row["value"])
        claim = (
            "more often"
            if row["passed"] and row["value"] > 1
            else "less often"
            if row["passed"]
            else "cannot tell"
        )
        names.append(_begun(known(one_line(row["term"]), locale=locale)))
        rows.append(
            [written_day(row["start"], locale=locale), count(row["n_accounts"], locale=locale),
             count(row["numerator"], locale=locale), nothing if blank else span[0],
             nothing if blank else _to(span[1], span[2], locale=locale), known(claim, locale=locale)]
        )  # fmt: skip
    if not rows:
        names, rows = [nothing], [[""] * len(told)]
    caption = say("{title}. Accounts of equal age are compared, each of the two with the other held.",
                  locale=locale, title=title)  # fmt: skip
    cells = pd.DataFrame(rows, index=names, columns=told)
    cells = cells.rename_axis(say("Accounts or months", locale=locale), axis=1)
    return lay_out(cells, rows=[kept], caption=caption, label="tab-period", text=[told[0], told[-1]])


def sensitivity_table(choices: pd.DataFrame, *, title: str, locale: str = "en_US") -> Sheet:
    """Conclusions under other choices: the report's own in bold, and whether the verdict stays.

    Parameters
    ----------
    choices : DataFrame
        `question`, `choice`, `value`, `low`, `high`, `level`, `unit` (ratio or ratio points), `verdict`, `base`,
        `same`; a level other than the 95% of the head stands beside its interval.
    title : str
        First words of the caption.
    locale : str
        Of numbers.

    Raises
    ------
    ValueError
        When a column is missing, or a question and choice come twice.
    """
    columns = ["question", "choice", "value", "low", "high", "level", "unit", "verdict", "base", "same"]
    kept = require(choices, columns=columns, by="sensitivity_table")
    once(choices, key=["question", "choice"], by="sensitivity_table")
    heads = ("Value", "95% interval", "Verdict", "Same verdict")
    told = [say(head, locale=locale) for head in heads]
    nothing = say("none", locale=locale)
    rows, names, strong = [], [], []
    for i, row in enumerate(choices.to_dict("records")):
        write = percent if row["unit"] == "ratio" else _points
        value, low, high = (write(row[side], locale=locale) for side in ("value", "low", "high"))
        lead = known(one_line(row["question"]), locale=locale)
        choice = retell(one_line(row["choice"]), locale=locale)
        names.append(_begun(f"{lead}, {choice}" if row["base"] else choice))
        strong += [i] if row["base"] else []
        tested = bool(row["verdict"])
        level = "" if row["level"] == 0.95 else f" ({percent(row['level'], locale=locale, digits=0)})"
        rows.append(
            [nothing if pd.isna(row["value"]) else value,
             nothing if pd.isna(row["low"]) else _to(low, high, locale=locale) + level,
             known(row["verdict"], locale=locale) if tested else say("not tested", locale=locale),
             "" if row["base"] or not tested else say("yes" if row["same"] else "no", locale=locale)]
        )  # fmt: skip
    caption = say("{title}. Bold: as this report does it. Changes and differences in points.",
                  locale=locale, title=title)  # fmt: skip
    cells = pd.DataFrame(rows, columns=told).rename_axis(say("Choice", locale=locale), axis=1)
    return lay_out(
        cells, rows=[kept], caption=caption, label="tab-sensitivity", text=told[2:], bold=strong, names=names
    )


def _shown(value: float, unit: str, *, locale: str) -> str:
    if unit == "ratio":
        return percent(value, locale=locale)
    return "" if pd.isna(value) else short_money(value, currency_of(unit), locale=locale)


def _to(low: str, high: str, *, locale: str) -> str:
    return say("{low} to {high}", locale=locale, low=low, high=high)


def _points(ratio: float, *, locale: str, sign: bool = True) -> str:
    points = round(100 * ratio, 1) + 0.0  # never minus nothing
    form = "+0.0;-0.0" if sign else "0.0"
    return str(format_decimal(points, format=form, locale=locale)).replace("-", MINUS)


def _begun(text: str) -> str:
    """With a capital, as a row begins."""
    return f"{text[:1].upper()}{text[1:]}"


def _times(ratio: float, *, locale: str) -> str:
    return str(format_decimal(round(ratio, 2), format="0.00", locale=locale)) if not pd.isna(ratio) else ""
