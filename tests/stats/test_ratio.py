from __future__ import annotations

from math import isnan, sqrt
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.coverage import HARD, WORLDS, measure
from cslib.stats.hypothesised import EVEN, critical, degrees
from cslib.stats.proportion import wilson
from cslib.stats.ratio import LEAST, at_risk, detectable, ratio_of_sums

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
    assert isnan(found.low) and isnan(found.high)  # fewer than five effective clusters


def test_equal_clusters_have_students_interval() -> None:
    rng = np.random.default_rng(2)
    kept = rng.normal(1.0, 0.3, 12)
    found = ratio_of_sums(kept, np.ones(12))
    half = scipy_stats.t.ppf(0.975, 11) * kept.std(ddof=1) / sqrt(12)
    assert (found.low, found.high) == pytest.approx((kept.mean() - half, kept.mean() + half))


def test_an_interval_ends_where_the_error_about_its_end_says() -> None:
    rng = np.random.default_rng(4)
    size = rng.lognormal(0, 1, 40)
    kept = size * rng.choice([0.0, 1.0, 1.4], 40, p=[0.2, 0.5, 0.3])
    found = ratio_of_sums(kept, size)
    shares, each = size / size.sum(), kept / size
    at = critical(0.95, degrees(shares))
    for end in (found.low, found.high):
        even = (shares**2).sum() * (shares * (each - end) ** 2).sum()
        about = (1 - EVEN) * (shares**2 * (each - end) ** 2).sum() + EVEN * even
        assert abs(found.value - end) == pytest.approx(at * sqrt(about))


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


def test_rows_of_one_cluster_count_once() -> None:
    split = ratio_of_sums([5, 5, 0, 20], [5, 5, 10, 20], cluster=["a", "a", "b", "c"])
    assert split == ratio_of_sums([10, 0, 20], [10, 10, 20], cluster=["a", "b", "c"])


def test_clusters_without_anything_change_nothing() -> None:
    assert ratio_of_sums([10, 0, 20, 0], [10, 10, 20, 0]) == ratio_of_sums([10, 0, 20], [10, 10, 20])


def test_too_concentrated_has_no_interval() -> None:
    found = ratio_of_sums([90, 4, 5], [100, 5, 5])
    assert found.n_eff < 2 and isnan(found.low) and isnan(found.high)
    assert isnan(ratio_of_sums([1, 1, 1, 0], [1] * 4, bounded=True).low)
    five = ratio_of_sums([1, 1, 1, 0, 1], [1] * 5)
    assert five.n_eff == pytest.approx(LEAST) and five.low < 0.8 < five.high


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


def test_a_partial_loss_counts_as_the_part_it_is() -> None:
    halves = np.where(np.arange(20) < 4, 0.5, 1.0)  # 10% lost, by halves
    wholes = np.where(np.arange(20) < 2, 0.0, 1.0)  # 10% lost, whole
    one, two = (ratio_of_sums(kept, np.ones(20), bounded=True) for kept in (halves, wholes))
    assert one.value == two.value == 0.9
    # Mean size of a loss with one whole loss of 1/20 taken in: (0.05 + 0.05) / (0.1 + 0.05) = 2/3, so 30 trials.
    assert (one.low, one.high) == pytest.approx(wilson(27, 30)[1:])
    assert one.low > two.low


shares_and_losses = st.lists(
    st.tuples(st.integers(1, 10**9), st.sampled_from([0.0, 0.3, 1.0])), min_size=5, max_size=60
)


@given(shares_and_losses)
def test_a_trial_weighs_as_much_whether_losses_or_stays_are_counted(rows: list[tuple[int, float]]) -> None:
    size, lost = (np.array(column, float) for column in zip(*rows, strict=True))
    shares = size / size.sum()
    trial = at_risk(shares, lost)
    assert trial == pytest.approx(at_risk(shares, 1 - lost))
    assert shares.min() * (1 - 1e-9) <= trial <= shares.max() * (1 + 1e-9)


def test_a_trial_is_a_cluster_of_average_weight_where_nothing_is_known() -> None:
    shares = np.random.default_rng(1).dirichlet(np.ones(40))
    kish = (shares**2).sum()
    assert at_risk(shares, np.zeros(40)) == pytest.approx(kish)
    assert at_risk(shares, np.ones(40)) == pytest.approx(kish)
    assert at_risk(np.full(8, 1 / 8), np.eye(8)[2]) == pytest.approx(1 / 8)


@pytest.mark.parametrize("slope", [-0.7, 0.0, 0.4])
def test_a_trial_weighs_what_is_at_risk(slope: float) -> None:
    rng = np.random.default_rng(6)
    size = rng.lognormal(0, 1.2, 20_000)
    chance = 1 / (1 + 7 * size**-slope)
    shares = size / size.sum()
    spread = shares * chance * (1 - chance)
    truth = (shares @ spread) / spread.sum()
    assert at_risk(shares, (rng.random(20_000) < chance) * 1.0) == pytest.approx(truth, rel=0.1)
    kish = (shares**2).sum()
    assert (truth < 0.8 * kish, 0.99 * kish < truth < 1.01 * kish, truth > 1.1 * kish) == (
        slope < 0, slope == 0, slope > 0
    )  # fmt: skip


def test_the_interval_is_as_wide_as_what_left_is_large() -> None:
    size = np.repeat([1.0, 8.0], [32, 4])
    small, large = np.ones(36), np.ones(36)
    small[:8], large[-1] = 0.0, 0.0  # an eighth is lost either way
    one, two = (ratio_of_sums(size * kept, size, bounded=True) for kept in (small, large))
    assert one.value == two.value == 0.875
    assert two.low < one.low and one.high < two.high


def test_bounded_refuses_growth() -> None:
    with pytest.raises(ValueError, match=r"numerators of 1 of 2 clusters lie outside 0 to their denominator"):
        ratio_of_sums([3, 1], [2, 2], bounded=True)


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


def test_coverage() -> None:
    """Small run of benchmarks/coverage.py: shipped intervals keep their promise where churn depends on size, the bootstrap
    and the plain recipe on bounded ratios do not. 1,800 lives a ratio: +-1 point at 95%."""
    rows = [
        measure(world, kind, n, books=10, lives=30, draws=100, seed=11)
        for world in (*WORLDS[1:3], HARD[2])
        for kind in ("net", "gross")
        for n in (50, 300)
    ]
    for kind in ("net", "gross"):
        own = [row for row in rows if row.kind == kind]
        shipped, bootstrap, plain = (
            np.mean([getattr(row, name) for row in own]) for name in ("shipped", "bootstrap", "jackknife")
        )
        assert 0.93 <= shipped <= 0.97
        assert min(row.shipped for row in own) >= 0.91  # 300 lives a row: +-2.5 points
        assert bootstrap < 0.925
        assert np.mean([row.false_changed for row in own]) <= 0.05
        if kind == "gross":
            assert plain < 0.90
