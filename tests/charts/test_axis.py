"""Labels move apart as little as they can."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from cslib.charts.axis import spread

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
