"""The layer cake adds up."""

from __future__ import annotations

import itertools

import pytest

from cslib.charts import chart_layers
from tests.charts.frames import layers

CAKE = {2024: [400_000_000, 312_000_000], 2025: [100_000_000, 235_000_000], 2026: [53_000_000]}


def test_layers_stand_on_each_other_the_oldest_at_the_foot() -> None:
    axes = chart_layers(layers(CAKE)).figure.axes[0]
    assert [layer.get_gid() for layer in axes.collections] == ["cohort 2024", "cohort 2025", "cohort 2026"]
    spans = []
    for layer in axes.collections:
        corners = layer.get_paths()[0].vertices
        last = [y for x, y in corners.tolist() if x == max(c[0] for c in corners.tolist())]
        spans.append((min(last), max(last)))
    assert spans == [(0, 3.12e8), (3.12e8, 5.47e8), (5.47e8, 6e8)]


def test_names_units_and_words() -> None:
    picture = chart_layers(layers(CAKE))
    axes = picture.figure.axes[0]
    assert [t.get_text() for t in axes.texts] == ["2024  $3.12M", "2025  $2.35M", "2026  $530k"]
    assert axes.get_ylim()[0] == 0
    assert axes.yaxis.get_major_formatter()(400_000_000).startswith("$4")
    assert picture.alt.startswith("Stacked areas of USD ARR, Aug 2026 to Sep 2026. In Sep 2026, $6")
    assert "USD ARR" in picture.caption and "year of first payment" in picture.caption


def test_one_reading_and_no_money_are_drawn() -> None:
    assert chart_layers(layers({2026: [100]})).caption.count("Sep 2026") == 2
    assert "$0" in chart_layers(layers({2026: [0, 0]})).alt


def test_many_cohorts_name_the_largest_without_overlap() -> None:
    picture = chart_layers(layers({year: [1000 * (year - 1989)] * 3 for year in range(1990, 2027)}))
    boxes = [text.get_window_extent() for text in picture.figure.axes[0].texts]
    assert 10 < len(boxes) < 37
    assert picture.figure.axes[0].texts[-1].get_text().startswith("2026")
    centres = sorted(box.y0 for box in boxes)
    assert min(b - a for a, b in itertools.pairwise(centres)) > 8


def test_quarters_are_named() -> None:
    assert "Q1 2025" in chart_layers(layers({2025: [100]}), grain="quarter").alt


def test_an_unknown_grain_is_refused() -> None:
    with pytest.raises(ValueError, match="grain: found 'week'"):
        chart_layers(layers(CAKE), grain="week")
