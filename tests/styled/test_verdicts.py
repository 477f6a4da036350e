"""Intervals and verdicts as a table."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled import changes_table, newest_table
from tests.styled.reading import rows

NAN = float("nan")


def frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    day = pd.to_datetime(["2024-12-31", "2025-12-31"])
    intervals = pd.DataFrame({"metric": ["net_retention", "logo_retention"], "convention": "endpoint", "start": day[0],
                              "end": day[1], "value": [1.031, 0.9], "low": [0.97, NAN], "high": [1.09, NAN],
                              "n_effective": [50.0, 1.0]})  # fmt: skip
    changes = pd.DataFrame({"metric": ["net_retention", "net_retention", "logo_retention"], "months_ago": [12, 3, 3],
                            "value": [-0.062, -0.0001, 0.01], "low": [-0.103, -0.06, NAN], "high": [-0.021, 0.06, NAN],
                            "verdict": ["changed", "unchanged within delta", "cannot tell"],
                            "detectable": [0.05, 0.08, NAN]})  # fmt: skip
    return intervals, changes


def test_cells() -> None:
    sheet = changes_table(*frames(), title="What is known")
    assert rows(sheet) == [
        ["Metric", "Value", "95% interval", "Verdict", "Detectable"],
        ["Net retention", "103.1%", "97.0% to 109.0%", "", ""],
        ["Net retention, change in 3 months", "0.0", "−6.0 to +6.0", "unchanged", "±8.0"],
        ["Net retention, change in 12 months", "−6.2", "−10.3 to −2.1", "changed", "±5.0"],
        ["Logo retention", "90.0%", "none", "", ""],
        ["Logo retention, change in 3 months", "+1.0", "none", "cannot tell", "none"],
    ]
    assert sheet.caption == (
        "What is known, trailing 12 months to Dec 2025, endpoint convention. Changes in points; detectable: the smallest "
        "that would be found four times of five."
    )


def test_a_change_at_another_level_says_which() -> None:
    intervals, changes = frames()
    told = rows(changes_table(intervals, changes.assign(level=1 - 0.05 / 6), title="T"))
    assert told[2][0] == "Net retention, change in 3 months, 99% interval"


def test_a_young_book_and_errors() -> None:
    intervals, changes = frames()
    assert rows(changes_table(intervals.head(0), changes.head(0), title="T"))[1] == ["none", "", "", "", ""]
    with pytest.raises(ValueError, match="changes_table: columns missing: low"):
        changes_table(intervals.drop(columns="low"), changes, title="T")
    with pytest.raises(ValueError, match="found metric net_retention more than once"):
        changes_table(pd.concat([intervals, intervals]), changes, title="T")


def newest() -> pd.DataFrame:
    return pd.DataFrame({"metric": ["net_retention", "logo_retention"], "convention": "cohort at 12 months",
                         "start": pd.Timestamp("2024-10-31"), "end": pd.Timestamp("2025-09-30"), "age": 12,
                         "value": [0.862, 0.5], "older": [1.145, 1.0], "n_accounts": 79, "n_older": 1195,
                         "difference": [-0.283, -0.5], "low": [-0.462, NAN], "high": [-0.083, NAN],
                         "verdict": ["worse", "cannot tell"]})  # fmt: skip


def test_the_newest_vintage_stands_beside_those_before_it() -> None:
    sheet = newest_table(newest(), title="The newest vintage")
    assert rows(sheet) == [
        ["Metric", "Newest vintage", "Before it", "Difference", "95% interval", "Verdict"],
        ["Net retention", "86.2%", "114.5%", "−28.3", "−46.2 to −8.3", "worse"],
        ["Logo retention", "50.0%", "100.0%", "−50.0", "none", "cannot tell"],
    ]
    assert sheet.caption == (
        "The newest vintage: what the accounts that began from Oct 2024 to Sep 2025 (79) and those before them (1,195) "
        "had kept 12 months after each began, cohort convention. Difference in points."
    )


def test_a_book_of_one_vintage_and_errors() -> None:
    sheet = newest_table(newest().head(0), title="T")
    assert (rows(sheet)[1], sheet.caption) == (["none", *[""] * 5], "T.")
    with pytest.raises(ValueError, match="newest_table: columns missing: older"):
        newest_table(newest().drop(columns="older"), title="T")
    with pytest.raises(ValueError, match="found metric net_retention more than once"):
        newest_table(pd.concat([newest(), newest()]), title="T")
