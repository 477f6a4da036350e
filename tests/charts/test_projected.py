"""Cohorts as far as seen, and what may follow."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.charts import chart_projection
from cslib.metrics.projection import project_cohorts
from tests.metrics.planted import HEALTHY, simulated


def frame() -> pd.DataFrame:
    """Two cohorts a year apart: one seen to two years, one to one."""
    rows = []
    for cohort, until in (("2023-01-01", 24), ("2024-01-01", 12)):
        for age in range(0, 25, 3):
            ahead = age > until
            value = 1 - 0.01 * age
            rows.append((pd.Timestamp(cohort), age, value, value - 0.05 if ahead else None,
                         value + 0.05 if ahead else None, not ahead))  # fmt: skip
    made = pd.DataFrame(rows, columns=["cohort", "age", "value", "low", "high", "observed"])
    made[["low", "high"]] = made[["low", "high"]].astype("float64")
    return made.assign(metric="gross_retention", level=0.8, n_accounts=30)


def test_seen_is_a_line_and_expected_has_its_range() -> None:
    quarterly = pd.concat([frame()] + [frame().assign(cohort=frame()["cohort"] + pd.DateOffset(months=3 * k))
                                       for k in (1, 2, 3)])  # fmt: skip
    picture = chart_projection(quarterly, title="Cohorts continued")
    lines = {line.get_gid(): line for line in picture.figure.axes[0].lines if line.get_gid()}
    assert list(lines["Q4 2024 seen"].get_xdata()) == [0, 3, 6, 9, 12]
    assert list(lines["Q4 2024 expected"].get_xdata()) == [12, 15, 18, 21, 24]
    assert "Q4 2024: 88.0% at month 12, expected 71.0% to 81.0% at month 24." in picture.alt
    assert "80% ranges" in picture.caption and "gross retention by age" in picture.caption


def test_a_real_projection_is_drawn() -> None:
    picture = chart_projection(project_cohorts(simulated(HEALTHY), metric="gross"), title="Continued")
    assert picture.alt.count("expected") == 4
    assert picture.figure.axes[0].get_ylim()[0] == 0


def test_too_young_says_so_and_two_metrics_are_refused() -> None:
    young = frame()[frame()["age"] < 12]
    assert "No cohort is a year old yet." in chart_projection(young, title="x").alt
    with pytest.raises(ValueError, match="found gross_retention, net_retention; expected one"):
        chart_projection(pd.concat([frame(), frame().assign(metric="net_retention")]), title="x")
