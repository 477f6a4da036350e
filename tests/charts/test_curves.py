"""Cohorts at equal age."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from cslib.charts import chart_cohort_curves
from tests.charts.frames import triangle

NAN = float("nan")
TWO = {"2024-01-01": (40, [1.0, 0.9, 0.8, 0.7]), "2025-01-01": (50, [1.0, 0.8, NAN, NAN])}


def test_curves_hold_the_values_and_end_where_cells_end() -> None:
    axes = chart_cohort_curves(triangle(TWO)).figure.axes[0]
    drawn = {line.get_gid(): list(line.get_ydata()) for line in axes.lines if line.get_gid()}
    assert drawn == {"cohort 2024": [1.0, 0.9, 0.8, 0.7], "cohort 2025": [1.0, 0.8]}
    assert {t.get_text() for t in axes.texts} == {"2024  70% (40)", "2025  80% (50)"}
    assert axes.get_xlabel() == "Age in months since first payment"


def test_words() -> None:
    picture = chart_cohort_curves(triangle(TWO | {"2026-01-01": (7, [NAN])}))
    assert picture.caption == (
        "Logo retention at equal age, cohort convention, by year of first payment, with the accounts of each cohort "
        "in brackets; a curve ends at the age that its youngest account has reached. Too young to draw: 2026."
    )
    assert "2024 (40 accounts): 70.0% at month 3. 2025 (50 accounts): 80.0% at month 1." in picture.alt


def test_crowded_ends_are_named_apart_inside_the_figure() -> None:
    years = {f"{2010 + i}-01-01": (9, [1 - 0.004 * a for a in range(12 + i)]) for i in range(10)}
    picture = chart_cohort_curves(triangle(years))
    texts = picture.figure.axes[0].texts
    whole = [text.get_window_extent() for text in texts]  # with the line to the end; places the text too
    boxes = [Text.get_window_extent(text) for text in texts]
    assert len(boxes) == len(whole) == 10
    assert not [1 for a, b in combinations(boxes, 2) if a.overlaps(b)]
    assert all(box.x1 <= picture.figure.bbox.x1 for box in boxes)


@pytest.mark.parametrize("level", [0.4, 0.5, 0.6, 0.7])
def test_a_name_keeps_off_a_steep_fall_beside_its_end(level: float) -> None:
    """The older curve falls straight down where the name of the younger would stand."""
    fall_at_15 = {"2020-01-01": (9, [1.0] * 16 + [0.2] * 30), "2024-01-01": (9, [1.0] + [level] * 12)}
    axes = chart_cohort_curves(triangle(fall_at_15)).figure.axes[0]
    [name] = [text for text in axes.texts if text.get_text().startswith("2024")]
    name.get_window_extent()  # places it
    box = Text.get_window_extent(name)
    fall = axes.transData.transform(np.linspace((15, 1.0), (16, 0.2), 200))
    assert not [point for point in fall if box.contains(*point)]


def test_one_cohort_is_drawn_and_one_that_has_only_begun_is_not() -> None:
    picture = chart_cohort_curves(triangle({"2025-01-01": (3, [1.0, 0.5]), "2026-01-01": (3, [1.0])}))
    assert "2025 (3 accounts): 50.0% at month 1. Too young to draw: 2026." in picture.alt
    assert len(picture.figure.axes[0].texts) == 1


def test_a_young_book_says_so_in_one_line() -> None:
    picture = chart_cohort_curves(triangle({"2026-01-01": (3, [1.0, NAN])}))
    assert picture.alt == "No cohort has reached its first month yet."


def test_two_metrics_are_refused() -> None:
    both = pd.concat([triangle(TWO), triangle(TWO, metric="net_retention")])
    with pytest.raises(ValueError, match="found logo_retention, net_retention; expected one"):
        chart_cohort_curves(both)
