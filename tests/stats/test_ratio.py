from __future__ import annotations

from math import isnan, sqrt
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.coverage import WORLDS, measure
from cslib.stats.ratio import detectable, paired_change, ratio_of_sums

scipy_stats = pytest.importorskip("scipy.stats")

amounts = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(1, 5_000), st.integers(0, 4)), min_size=2, max_size=40
)


def by_hand(y: list[float], x: list[float], cluster: list[int]) -> tuple[float, float]:
    """Ratio and jackknife error by leaving each cluster out, one after the other."""
    keys = sorted(set(cluster))
    whole = sum(y) / sum(x)
    deviations = []
    for key in keys:
        rest = [i for i, c in enumerate(cluster) if c != key]
        deviations.append(sum(y[i] for i in rest) / sum(x[i] for i in rest) - whole)
    n = len(keys)
    return whole, sqrt((n - 1) / n * sum(d * d for d in deviations))


def test_hand_numbers() -> None:
    # 10 of 10, 0 of 10, 20 of 20: R = 30/40. Without each: 20/30, 30/30, 10/20, that is -1/12, +1/4, -1/4.
    # se^2 = 2/3 (1/144 + 1/16 + 1/16) = 0.087963; shares 1/4, 1/4, 1/2: n_eff = 1 / 0.375 = 2.667.
    found = ratio_of_sums([10, 0, 20], [10, 10, 20])
    assert found.value == 0.75
    assert found.se**2 == pytest.approx(2 / 3 * (1 / 144 + 1 / 8))
    assert found.n_eff == pytest.approx(8 / 3)
    assert found.high - found.value == pytest.approx(scipy_stats.t.ppf(0.975, 5 / 3) * found.se)


@given(amounts)
def test_closed_form_is_the_loop(rows: list[tuple[int, int, int]]) -> None:
    y, x, cluster = (list(column) for column in zip(*rows, strict=True))
    if len(set(cluster)) < 2:
        return
    found = ratio_of_sums(y, x, cluster=cluster)
    assert (found.value, found.se) == pytest.approx(by_hand(y, x, cluster), rel=1e-9)


@given(amounts, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(rows: list[tuple[int, int, int]], random) -> None:
    mixed = random.sample(rows, len(rows))
    one, two = (
        ratio_of_sums([r[0] for r in t], [r[1] for r in t], cluster=[r[2] for r in t]) for t in (rows, mixed)
    )
    assert repr(one) == repr(two)  # to the last bit: amounts in minor units add up exactly


@given(amounts)
def test_a_change_of_nothing_is_nothing(rows: list[tuple[int, int, int]]) -> None:
    y, x = [r[0] for r in rows], [r[1] for r in rows]
    change = paired_change(y, x, y, x, delta=0.01)
    assert change.value == 0 and change.se == 0 and change.verdict != "changed"


def test_rows_of_one_cluster_count_once() -> None:
    split = ratio_of_sums([5, 5, 0, 20], [5, 5, 10, 20], cluster=["a", "a", "b", "c"])
    assert split == ratio_of_sums([10, 0, 20], [10, 10, 20], cluster=["a", "b", "c"])


def test_clusters_without_anything_change_nothing() -> None:
    assert ratio_of_sums([10, 0, 20, 0], [10, 10, 20, 0]) == ratio_of_sums([10, 0, 20], [10, 10, 20])


def test_too_concentrated_has_no_interval() -> None:
    found = ratio_of_sums([90, 4, 5], [100, 5, 5])
    assert found.n_eff < 2 and isnan(found.low) and isnan(found.high)
    assert paired_change([90, 4, 5], [100, 5, 5], [1, 4, 5], [100, 5, 5], delta=0.1).verdict == "cannot tell"


def test_nothing_to_divide_by() -> None:
    found = ratio_of_sums([0, 0], [0, 0])
    assert isnan(found.value) and isnan(found.low) and found.n_eff == 0
    one = ratio_of_sums([3], [4])
    assert one.value == 0.75 and isnan(one.se) and isnan(one.low)


def test_bounded_is_wilson_on_the_effective_number() -> None:
    # Equal clusters, 18 of 20 kept whole: the share 18/20 itself. R binom: 0.69897 to 0.97213.
    found = ratio_of_sums([1.0] * 18 + [0.0] * 2, [1.0] * 20, bounded=True)
    assert (found.low, found.high) == pytest.approx((0.6989663547715128, 0.972133518786232))
    nothing_lost = ratio_of_sums([1.0] * 20, [1.0] * 20, bounded=True)
    assert nothing_lost.high == 1.0 and nothing_lost.low == pytest.approx(0.8389, abs=1e-4)


def test_bounded_refuses_growth() -> None:
    with pytest.raises(ValueError, match=r"numerators of 1 of 2 clusters lie outside 0 to their denominator"):
        ratio_of_sums([3, 1], [2, 2], bounded=True)


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
        # Two one-sided tests at 5%: the 90% interval lies inside.
        assert scipy_stats.t.ppf(0.95, wide.df) * wide.se < 0.05
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


def test_detectable_change_is_found_four_times_of_five() -> None:
    df, rng = 30.0, np.random.default_rng(5)
    effect = detectable(1.0, df)
    estimate = effect + rng.standard_normal(20_000)
    se = np.sqrt(rng.chisquare(df, 20_000) / df)
    found = np.abs(estimate / se) > scipy_stats.t.ppf(0.975, df)
    assert found.mean() == pytest.approx(0.8, abs=0.015)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ratio_of_sums([1, 2], [1]), r"numerator: found 2 values, expected 1"),
        (lambda: ratio_of_sums([1, 2], [1, -1]), r"denominator: 1 of 2 values are not usable, first: -1.0"),
        (lambda: ratio_of_sums([1, float("nan")], [1, 1]), r"numerator: 1 of 2 .* position 1"),
        (lambda: ratio_of_sums([1, 2], [1, 1], cluster=["a"]), r"cluster: found \(1,\) keys, expected 2"),
        (
            lambda: ratio_of_sums([1, 2], [1, 1], cluster=np.array(["a", np.nan], dtype=object)),
            r"1 of 2 keys are missing",
        ),
        (lambda: ratio_of_sums([[1]], [[1]]), r"found 2 dimensions, expected one"),
    ],
)
def test_errors_say_what(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_fast() -> None:
    rng = np.random.default_rng(0)
    book, key = rng.lognormal(0, 2, 200_000), rng.integers(0, 150_000, 200_000)
    ratio_of_sums([1], [1])  # imports scipy
    began = perf_counter()
    ratio_of_sums(book * 0.9, book, cluster=key)
    assert perf_counter() - began < 0.7


@pytest.mark.parametrize("n", [50, 300])
def test_coverage(n: int) -> None:
    """Small run of benchmarks/coverage.py: shipped intervals keep their promise, the bootstrap and the plain recipe on
    bounded ratios do not. 600 lives: +-1.7 points at 95%."""
    concentrated = WORLDS[1]
    net = measure(concentrated, "net", n, books=15, lives=40, draws=200, seed=11)
    gross = measure(concentrated, "gross", n, books=15, lives=40, draws=200, seed=11)
    assert net.shipped >= 0.925 and gross.shipped >= 0.925
    assert net.false_changed <= 0.065 and gross.false_changed <= 0.065
    assert net.bootstrap < net.shipped
    assert gross.jackknife < gross.shipped - 0.03
