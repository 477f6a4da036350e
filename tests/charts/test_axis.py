"""Labels move apart as little as they can; steps of money carry no idle digits."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.charts.axis import money_axis, spread
from cslib.charts.canvas import house_style, sheet

NUMBERS = st.floats(0, 10, allow_nan=False)


@given(st.lists(NUMBERS, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_spread_keeps_the_gap_the_order_and_the_bounds(wanted: list[float]) -> None:
    placed = spread(wanted, gap=0.5, low=0, high=10)
    ranked = [placed[i] for i in sorted(range(len(wanted)), key=lambda i: wanted[i])]
    assert ranked == sorted(ranked)
    assert all(b - a > 0.5 - 1e-6 for a, b in itertools.pairwise(ranked))
    assert ranked[0] >= -1e-6 and ranked[-1] <= 10 + 1e-6


@given(st.lists(NUMBERS, min_size=1, max_size=5, unique_by=lambda x: int(x)))
def test_what_has_room_does_not_move(wanted: list[float]) -> None:
    apart = [int(x) + 0.5 for x in wanted]
    assert spread(apart, gap=0.9, low=0, high=11) == apart


def test_where_there_is_no_room_the_gap_shrinks() -> None:
    assert spread([5.0] * 11, gap=5, low=0, high=10) == [float(i) for i in range(11)]


@pytest.mark.parametrize(
    ("highest", "locale", "told"),
    [
        (8.7e8, "en_US", ["$0", "$2M", "$4M", "$6M", "$8M"]),
        (2.4e9, "en_US", ["$0", "$5M", "$10M", "$15M", "$20M"]),
        (1.6e8, "en_US", ["$0", "$500k", "$1M", "$1.5M"]),
        (1.2e5, "en_US", ["$0", "$500", "$1k"]),
        (1.2e6, "de_DE", ["0 $", "5.000 $", "10.000 $"]),
        (8.7e8, "de_DE", ["0 $", "2 Mio. $", "4 Mio. $", "6 Mio. $", "8 Mio. $"]),
    ],
)
def test_steps_of_money_carry_the_digits_they_need(highest: float, locale: str, told: list[str]) -> None:
    with house_style():
        figure, axes = sheet(left=0.6, right=0.1, top=0.1, bottom=0.3)
        axes.set_ylim(0, highest)
        money_axis(axes, unit="USD ARR", locale=locale)
        figure.draw_without_rendering()
        shown = [label.get_text().replace("\xa0", " ") for label in axes.get_yticklabels()]
        assert [text for text, y in zip(shown, axes.get_yticks(), strict=True) if y <= highest] == told
