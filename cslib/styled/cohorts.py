"""The cohort heatmap."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from cslib.charts.canvas import INK, blend, require
from cslib.formats import count, one_line, percent, period
from cslib.styled.sheet import Sheet, lay_out, once
from cslib.words import known, metric_name, say

__all__ = ["cohort_table"]

_LEAST: Final = "#f4f7fb"
_MOST: Final = "#6a9ad0"  # the darkest on which ink can be read: no text changes colour from cell to cell
_SCALE_TO: Final = 1.5  # a cell above it is as dark as dark gets, so that one cohort does not bleach the rest


def cohort_table(
    triangle: pd.DataFrame,
    *,
    every: int = 3,
    grain: str = "month",
    title: str = "",
    locale: str = "en_US",
) -> Sheet:
    """Heatmap of what each cohort kept by age, in whole percent, darker for more; blank until observable.

    Parameters
    ----------
    triangle : DataFrame
        One metric: `metric`, `convention`, `cohort` (first day of its period), `age` (months), `value`
        (ratio, NaN or absent where not every member has reached the age), `n_accounts` (cohort size).
    every : int
        Months between two columns, 1 or more.
    grain : {"month", "quarter", "year"}
        What a cohort's period is; names the cohorts.
    title : str
        First words of the caption; as a default the name of the metric.
    locale : str
        Of numbers and dates.

    Returns
    -------
    Sheet
        One row a cohort, oldest first: its accounts, then ages 0, `every`, twice `every` ... One hue from
        light to dark, readable in grey; ratios above 1.5 are as dark as 1.5.

    Raises
    ------
    ValueError
        When a column is missing, the frame is empty, holds more than one metric or a cell twice, or
        `every` is not positive.
    """
    columns = ["metric", "convention", "cohort", "age", "value", "n_accounts"]
    kept = require(triangle, columns=columns, by="cohort_table")
    once(triangle, key=["cohort", "age"], by="cohort_table")
    metrics = sorted(set(triangle["metric"]))
    if len(metrics) > 1:
        raise ValueError(f"cohort_table: metric: found {', '.join(metrics)}; expected one")
    if every < 1:
        raise ValueError(f"cohort_table: every: found {every}, expected a number of months of 1 or more")
    cohorts = sorted(triangle["cohort"].unique())
    oldest = triangle.dropna(subset=["value"])["age"].max()
    ages = [str(age) for age in range(0, 0 if pd.isna(oldest) else int(oldest) + 1, every)]
    ratio = {(row["cohort"], str(row["age"])): float(row["value"]) for row in triangle.to_dict("records")}
    size = dict(zip(triangle["cohort"], triangle["n_accounts"], strict=True))
    names = [period(cohort, grain=grain, locale=locale) for cohort in cohorts]
    values = pd.DataFrame(
        [[ratio.get((cohort, age), float("nan")) for age in ages] for cohort in cohorts],
        names,
        ages,
        dtype=float,
    )
    cells = values.map(lambda v: "" if pd.isna(v) else percent(v, locale=locale, digits=0))
    cells.insert(
        0, say("Accounts", locale=locale), [count(size[cohort], locale=locale) for cohort in cohorts]
    )
    colours = pd.DataFrame("", index=cells.index, columns=cells.columns)
    colours[ages] = _heat(values)
    one = triangle.iloc[0]
    caption = say(
        "{title} by {grain} of first payment and by age in months, {convention} convention. Darker: more kept. "
        "Blank: not yet observable.",
        locale=locale,
        title=title or metric_name(one["metric"], locale=locale),
        grain=say(grain, locale=locale),
        convention=known(one_line(one["convention"]), locale=locale),
    )
    label = "tab-cohorts-" + str(one["metric"]).replace("_", "-")
    return lay_out(
        cells.rename_axis(say("Cohort, age", locale=locale), axis=1),
        rows=[kept[kept["age"].astype(str).isin(ages)]],
        caption=caption,
        label=label,
        colours=colours,
    )


def _heat(values: pd.DataFrame) -> pd.DataFrame:
    """CSS of each cell: a ground between light and dark, and ink."""
    known = [float(value) for value in values.to_numpy().ravel() if not math.isnan(value)]
    low, high = min(known, default=0.0), min(max(known, default=0.0), _SCALE_TO)

    def css(value: float) -> str:
        if math.isnan(value):
            return ""
        share = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.0
        return f"background-color: {blend(_LEAST, _MOST, share)}; color: {INK}"

    return values.map(css)
