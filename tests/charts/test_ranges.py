"""Dots on ranges: the latest on top, a range only where there is one."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.charts import chart_ranges

NAN = float("nan")


def ranges() -> pd.DataFrame:
    return pd.DataFrame({
        "metric": "gross_retention", "convention": "cohort at 12 months",
        "start": pd.to_datetime(["2023-01-31", "2024-01-31", "2022-01-31"]),
        "end": pd.to_datetime(["2023-12-31", "2024-12-31", "2022-12-31"]),
        "value": [0.9, 0.7, 1.0], "low": [0.85, 0.6, NAN], "high": [0.95, 0.8, NAN], "level": 0.95,
        "n_accounts": [57, 1234, 1],
    })  # fmt: skip


def test_rows_dots_and_ranges() -> None:
    picture = chart_ranges(ranges(), title="Vintages", label="fig-v")
    axes = picture.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "Jan 2024 to Dec 2024 (1,234)", "Jan 2023 to Dec 2023 (57)", "Jan 2022 to Dec 2022 (1)",
    ]  # fmt: skip
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    spans = {
        line.get_gid(): list(line.get_xdata())
        for line in axes.lines
        if str(line.get_gid()).startswith("range")
    }
    assert spans == {"range 0": [0.6, 0.8], "range 1": [0.85, 0.95]}
    assert [text.get_text() for text in axes.texts] == ["70.0%", "90.0%", "100.0%"]
    assert picture.label == "fig-v"
    assert picture.caption == (
        "Vintages: gross retention, cohort at 12 months, with 95% intervals and the accounts in brackets."
    )
    assert "Jan 2024 to Dec 2024 (1,234): 70.0% (60.0% to 80.0%). " in picture.alt
    assert picture.alt.endswith("Jan 2022 to Dec 2022 (1): 100.0%.")


def test_nothing_to_show_and_errors() -> None:
    assert (
        chart_ranges(ranges().head(0), title="Vintages", label="fig-v").alt
        == "There is no period to show yet."
    )
    with pytest.raises(ValueError, match="metric: found a, gross_retention; expected one"):
        chart_ranges(pd.concat([ranges(), ranges().assign(metric="a")]), title="V", label="fig-v")
