"""Published figures beside ours: cited, and refused with the reason."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cslib.styled import benchmark_table, refused_table
from tests.styled.reading import rows

ROW: dict[str, Any] = {
    "metric": "net_retention", "convention": "endpoint", "value": 1.116, "low": 1.062, "high": 1.171,
    "statistic": "median", "benchmark": 1.01, "population": "Private companies", "source": "Survey 2025", "year": 2024,
    "n": 1000, "n_note": "more than, in the whole survey", "evidence": "second hand", "comparable": True, "reason": "",
    "verdict": "above",
}  # fmt: skip


def frame(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([ROW | change for change in changes])


def test_a_figure_stands_with_population_source_year_and_n() -> None:
    sheet = benchmark_table(
        frame({}, {"n": None, "evidence": "primary", "low": None, "verdict": "cannot tell"})
    )
    assert rows(sheet) == [
        ["Published figure", "Ours", "Theirs", "Ours is", "Source"],
        ["Net retention, median: Private companies", "111.6% (106.2% to 117.1%)", "101.0%", "above",
         "Survey 2025; figures of 2024; n more than 1,000, in the whole survey, second hand"],
        ["Net retention, median: Private companies (2)", "111.6%", "101.0%", "cannot tell",
         "Survey 2025; figures of 2024; n not stated"],
    ]  # fmt: skip
    assert sheet.caption == "Ours beside published figures, endpoint, ours with its 95% interval."


def test_a_source_that_all_rows_share_is_named_once_in_the_caption() -> None:
    sheet = benchmark_table(frame({}, {"statistic": "upper quartile", "benchmark": 1.2, "verdict": "below"}))
    assert rows(sheet) == [
        ["Published figure", "Ours", "Theirs", "Ours is"],
        ["Net retention, median: Private companies", "111.6% (106.2% to 117.1%)", "101.0%", "above"],
        ["Net retention, upper quartile: Private companies", "111.6% (106.2% to 117.1%)", "120.0%", "below"],
    ]
    assert sheet.caption == (
        "Ours beside published figures, endpoint, ours with its 95% interval. Source: Survey 2025; figures of 2024; n more "
        "than 1,000, in the whole survey, second hand."
    )


def test_a_plain_number_of_companies() -> None:
    assert rows(benchmark_table(frame({"n": 228, "n_note": ""})))[1][-1].startswith(
        "Survey 2025; figures of 2024; n = 228"
    )


def test_rows_that_do_not_compare_are_left_to_the_other_table() -> None:
    both = frame({}, {"comparable": False, "reason": "too old", "source": "Old <b>"}, {"comparable": False, "reason": "too old"})  # fmt: skip
    assert len(rows(benchmark_table(both))) == 2
    assert rows(refused_table(both)) == [
        ["Reason", "Figures", "Sources"], ["Too old", "2", "Old <b>; Survey 2025"],
    ]  # fmt: skip


def test_nothing_to_compare_and_nothing_refused_are_said() -> None:
    none = frame({"comparable": False, "reason": "too old"})
    assert rows(benchmark_table(none))[1] == ["none compares", "", "", "", ""]
    assert rows(refused_table(frame({})))[1] == ["none", "", ""]
    with pytest.raises(ValueError, match="benchmark_table: columns missing: verdict"):
        benchmark_table(frame({}).drop(columns="verdict"))
