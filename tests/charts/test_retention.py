"""Lines over time hold the data and name themselves."""

from __future__ import annotations

import math

import pytest
from matplotlib.text import Text

from cslib.charts import Picture, chart_retention
from tests.charts.frames import ratios

THREE = {"net_retention": [1.02, 1.05, 1.04], "gross_retention": [0.90, 0.91, 0.89]}


def curve(picture: Picture, metric: str) -> list[float]:
    line = next(line for line in picture.figure.axes[0].lines if line.get_gid() == metric)
    return [float(y) for y in line.get_ydata()]


def ends(picture: Picture) -> list[str]:
    return [text.get_text() for text in picture.figure.axes[0].texts]


def test_lines_hold_the_values_in_order_of_time() -> None:
    picture = chart_retention(ratios(THREE).iloc[::-1])
    assert curve(picture, "net_retention") == THREE["net_retention"]
    assert curve(picture, "gross_retention") == THREE["gross_retention"]


def test_ends_are_named_and_100_percent_is_marked() -> None:
    picture = chart_retention(ratios(THREE | {"logo_retention": [0.9, 0.92, 0.93]}))
    assert ends(picture) == ["Net 104.0%", "Gross 89.0%", "Logo 93.0%"]
    assert any(list(line.get_ydata()) == [1.0, 1.0] for line in picture.figure.axes[0].lines)
    axes = picture.figure.axes[0]
    assert "100%" in [tick.get_text() for tick in axes.get_yticklabels()]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["Jul 2026", "Aug 2026", "Sep 2026"]
    assert axes.get_legend() is None


def test_long_histories_name_at_most_eight_months_and_always_the_last() -> None:
    for n in (1, 8, 9, 36, 60, 200):
        picture = chart_retention(ratios({"net_retention": [1.0] * n}))
        named = [tick.get_text() for tick in picture.figure.axes[0].get_xticklabels()]
        assert len(named) <= 8
        assert named[-1] == "Sep 2026"


def test_words() -> None:
    picture = chart_retention(ratios(THREE))
    assert picture.caption == (
        "Net and gross retention, trailing 12 months, endpoint convention. "
        "Sep 2026: 312 accounts at the start of the window."
    )
    assert picture.alt == (
        "Lines over time, trailing 12 months. "
        "Net retention: 102.0% in Jul 2026, 104.0% in Sep 2026, lowest 102.0%, highest 105.0%. "
        "Gross retention: 90.0% in Jul 2026, 89.0% in Sep 2026, lowest 89.0%, highest 91.0%."
    )


def test_undefined_months_break_the_line_and_an_undefined_start_is_not_drawn() -> None:
    nan = float("nan")
    picture = chart_retention(ratios({"net_retention": [nan, 1.1, nan, 1.2]}))
    drawn = curve(picture, "net_retention")
    assert drawn[0] == 1.1 and math.isnan(drawn[1]) and drawn[2] == 1.2


def test_an_undefined_last_month_is_named_undefined() -> None:
    picture = chart_retention(ratios({"net_retention": [1.1, float("nan")], "gross_retention": [0.9, 0.8]}))
    assert ends(picture)[0] == "Net undefined"


def test_names_of_equal_ends_stand_apart() -> None:
    picture = chart_retention(ratios({f"{name}_retention": [0.9] for name in ("net", "gross", "logo")}))
    figure = picture.figure
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if isinstance(t, Text)]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)


def test_a_young_book_says_so_in_one_line() -> None:
    picture = chart_retention(ratios({"net_retention": [float("nan")], "gross_retention": [float("nan")]}))
    assert picture.alt == "Undefined up to Sep 2026: no account paid at the start of the window."
    assert picture.figure.texts[0].get_text() == picture.alt
    assert picture.caption == "Net and gross retention, trailing 12 months, endpoint convention."


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="found quick_ratio; expected net_retention"):
        chart_retention(ratios({"quick_ratio": [2.0]}))
    with pytest.raises(ValueError, match="columns missing: value"):
        chart_retention(ratios(THREE).drop(columns="value"))
