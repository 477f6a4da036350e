"""Changes: hand numbers, three verdicts, and how often one is claimed of nothing."""

from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.change import paired_change

scipy_stats = pytest.importorskip("scipy.stats")

amounts = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(1, 5_000), st.integers(0, 4)), min_size=2, max_size=40
)


def test_equal_clusters_have_the_paired_t_interval() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.normal(1.0, 0.2, 15), rng.normal(0.9, 0.2, 15)
    found = paired_change(before, np.ones(15), after, np.ones(15), delta=None)
    test = scipy_stats.ttest_rel(after, before).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((test.low, test.high))


def test_too_concentrated_to_tell() -> None:
    before, after = ([90, 4, 5], [100, 5, 5]), ([1, 4, 5], [100, 5, 5])
    found = paired_change(*before, *after, delta=0.1)
    assert found.verdict == "cannot tell" and isnan(found.low)


def test_a_count_moves_by_whole_steps() -> None:
    ones = np.ones(100)
    before, after = np.where(np.arange(100) < 5, 0.0, 1.0), np.where(np.arange(100) % 9 == 1, 0.0, 1.0)
    plain, counted = (paired_change(before, ones, after, ones, delta=None, step=step) for step in (0.0, 1.0))
    assert (plain.low - counted.low, counted.high - plain.high) == pytest.approx((0.005, 0.005))


def test_a_group_that_lost_nobody_is_not_taken_to_be_unable_to() -> None:
    one, two = np.repeat([1.0, 0.0], [40, 10]), np.repeat([0.0, 1.0], [40, 10])
    kept = np.where(np.arange(50) % 10 == 3, 0.0, 1.0) * one  # 4 of 40 lost, against 0 of 10
    found = paired_change(kept, one, two, two, delta=None, bounded=True)
    assert found.verdict == "cannot tell"
    assert found.low < -0.15


@given(amounts)
def test_a_change_of_nothing_is_nothing(rows: list[tuple[int, int, int]]) -> None:
    y, x = [r[0] for r in rows], [r[1] for r in rows]
    change = paired_change(y, x, y, x, delta=0.01)
    assert change.value == 0 and change.se == 0 and change.verdict != "changed"


class TestVerdicts:
    book = np.full(200, 100.0)
    kept = np.where(np.arange(200) % 20 == 0, 0.0, 100.0)
    lost = np.where(np.arange(200) % 4 == 0, 0.0, 100.0)

    def test_changed(self) -> None:
        change = paired_change(self.kept, self.book, self.lost, self.book, delta=0.02)
        assert change.verdict == "changed" and change.value == pytest.approx(-0.20)
        assert change.low < change.value < change.high < 0

    def test_cannot_tell(self) -> None:
        after = np.roll(self.kept, 1)
        assert paired_change(self.kept, self.book, after, self.book, delta=0.02).verdict == "cannot tell"

    def test_unchanged_needs_a_bound_that_the_data_can_hold(self) -> None:
        after = np.roll(self.kept, 1)
        wide = paired_change(self.kept, self.book, after, self.book, delta=0.05)
        assert wide.verdict == "unchanged within delta"
        narrow = paired_change(self.kept, self.book, after, self.book, delta=None, level=0.90)
        assert (
            -0.05 < narrow.low < narrow.high < 0.05
        )  # two one-sided tests at 5%: the 90% interval lies inside
        assert paired_change(self.kept, self.book, after, self.book, delta=None).verdict == "cannot tell"

    def test_small_but_real_is_changed(self) -> None:
        after = self.kept * 0.999
        assert paired_change(self.kept, self.book, after, self.book, delta=0.05).verdict == "changed"

    def test_bounded(self) -> None:
        change = paired_change(self.kept, self.book, self.lost, self.book, delta=0.02, bounded=True)
        assert change.verdict == "changed" and change.low < -0.2 < change.high < 0
        # Half the interval is 1.96 errors; four times out of five asks for 1.96 + 0.84 of them.
        assert change.detectable == pytest.approx((change.high - change.low) / 2 * 2.8016 / 1.96, rel=1e-4)

    def test_delta_is_set(self) -> None:
        with pytest.raises(ValueError, match="delta: found 0, expected a positive number"):
            paired_change([1], [1], [1], [1], delta=0)


def test_pairing_takes_out_what_both_dates_share() -> None:
    rng = np.random.default_rng(3)
    book = rng.lognormal(0, 1, 300)
    kept = book * rng.choice([0.0, 1.0, 1.3], 300, p=[0.2, 0.6, 0.2])
    paired = paired_change(kept, book, kept * 0.97, book, delta=None)
    assert paired.se < 0.1 * sqrt(paired.before.se**2 + paired.after.se**2)
    assert paired.verdict == "changed"


def test_nothing_is_claimed_of_nothing() -> None:
    """Overlapping windows of concentrated books in which nothing changed: at most one claim in twenty. 1,500: +-1.1."""
    rng, claimed = np.random.default_rng(8), 0
    for _ in range(1_500):
        size = rng.lognormal(0, 1.2, 60)
        lives = rng.choice([0.0, 0.7, 1.0, 1.3], (2, 60), p=[0.12, 0.08, 0.55, 0.25])
        lives[1] = np.where(rng.random(60) < 0.5, lives[0], lives[1])
        claimed += (
            paired_change(size * lives[0], size, size * lives[1], size, delta=None).verdict == "changed"
        )
    assert 0.01 < claimed / 1_500 <= 0.05
