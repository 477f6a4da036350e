"""The heatmap: what is known is coloured and readable, what is not yet known is blank."""

from __future__ import annotations

import pandas as pd
import pytest

from cslib.styled import cohort_table
from tests.charts.frames import triangle
from tests.charts.grey import contrast
from tests.styled.reading import css, rows

NAN = float("nan")
LONG = {
    "2025-01-01": (1200, [1.0, 0.99, 0.98, 0.97, 0.9, 0.85, 0.7]),
    "2025-04-01": (40, [1.0, 0.9, 0.8, 0.75]),
    "2025-07-01": (7, [1.0, NAN, NAN, NAN]),
}


def test_cells_hold_whole_percent_every_third_month_and_blanks() -> None:
    assert rows(cohort_table(triangle(LONG))) == [
        ["Cohort, age", "Accounts", "0", "3", "6"],
        ["Jan 2025", "1,200", "100%", "97%", "70%"],
        ["Apr 2025", "40", "100%", "75%", ""],
        ["Jul 2025", "7", "100%", "", ""],
    ]


def test_every_and_grain() -> None:
    table = rows(cohort_table(triangle(LONG), every=2, grain="quarter"))
    assert table[0][2:] == ["0", "2", "4", "6"]
    assert [row[0] for row in table[1:]] == ["Q1 2025", "Q2 2025", "Q3 2025"]


def test_more_is_darker_blank_has_no_colour_and_text_can_be_read() -> None:
    values = [i / 20 for i in range(21)]
    sheet = cohort_table(
        triangle({"2025-01-01": (9, [*values, NAN]), "2025-02-01": (9, [NAN] * 22)}), every=1
    )
    styles = [css(sheet, 1, 2 + age) for age in range(21)]
    darkness = [contrast(style["background-color"], "#ffffff") for style in styles]
    assert darkness == sorted(darkness)
    assert len(set(darkness)) == 21
    assert min(contrast(style["background-color"], style["color"]) for style in styles) >= 4.5
    assert "background-color" not in css(sheet, 2, 2)


def test_one_cohort_far_above_does_not_bleach_the_rest() -> None:
    sheet = cohort_table(triangle({"2025-01-01": (9, [1.0, 0.5, 40.0, 1.5])}), every=1)
    assert css(sheet, 1, 4)["background-color"] == css(sheet, 1, 5)["background-color"]
    assert rows(sheet)[1][4] == "4,000%"


def test_words() -> None:
    sheet = cohort_table(triangle(LONG, metric="net_retention"))
    assert sheet.caption == (
        "Net retention by month of first payment and by age in months, cohort convention. "
        "Darker: more kept. Blank: not yet observable."
    )
    assert sheet.label == "tab-cohorts-net-retention"


def test_nothing_observable_is_a_table_of_cohorts() -> None:
    assert rows(cohort_table(triangle({"2025-07-01": (7, [NAN])})))[1] == ["Jul 2025", "7"]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="every: found 0"):
        cohort_table(triangle(LONG), every=0)
    with pytest.raises(ValueError, match="more than once; expected one row for each cohort and age"):
        cohort_table(pd.concat([triangle(LONG), triangle(LONG)]))
    mixed = triangle(LONG).assign(metric=["a", "b", *["b"] * (len(triangle(LONG)) - 2)])
    with pytest.raises(ValueError, match="found a, b; expected one"):
        cohort_table(mixed)
