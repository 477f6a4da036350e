from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.many import benjamini_hochberg, funnel_limits, shrink, xmr

scipy_stats = pytest.importorskip("scipy.stats")
probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_benjamini_hochberg_published(published) -> None:
    """Benjamini & Hochberg 1995, JRSS-B 57:289, section 4.1. Bonferroni and Holm reject 3, they are not of this room."""
    entry = published("bh_1995")
    found = benjamini_hochberg(entry.inputs["p"], limit=entry.inputs["q"])
    assert found.passed.sum() == entry.expected["rejected"]
    assert found.adjusted == pytest.approx(entry.expected["adjusted"], abs=entry.tolerance)


@given(probabilities)
def test_adjusted_is_scipys(p: list[float]) -> None:
    assert benjamini_hochberg(p, limit=0.1).adjusted == pytest.approx(scipy_stats.false_discovery_control(p))


@given(probabilities, st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_monotone(p: list[float], one: float, two: float) -> None:
    """A smaller p never passes less; a wider limit never lets fewer pass; the rule itself, stepped up by hand."""
    found = benjamini_hochberg(p, limit=min(one, two))
    order = np.argsort(p)
    assert (np.diff(found.adjusted[order]) >= 0).all() and (found.adjusted >= np.array(p) - 1e-15).all()
    assert not (found.passed & ~benjamini_hochberg(p, limit=max(one, two)).passed).any()


@given(probabilities, st.randoms(use_true_random=False))
def test_order_changes_nothing(p: list[float], random) -> None:
    order = random.sample(range(len(p)), len(p))
    mixed = benjamini_hochberg([p[i] for i in order], limit=0.1)
    assert mixed.adjusted.tolist() == benjamini_hochberg(p, limit=0.1).adjusted[order].tolist()


def test_false_discoveries_stay_within_the_limit() -> None:
    """20 of 24 null, 4 real: of those that pass, on average at most 10% are null."""
    rng = np.random.default_rng(9)
    share = []
    for _ in range(400):
        statistic = rng.standard_normal(24) + np.where(np.arange(24) < 4, 3.5, 0.0)
        passed = benjamini_hochberg(2 * scipy_stats.norm.sf(np.abs(statistic)), limit=0.10).passed
        share.append(passed[4:].sum() / max(passed.sum(), 1))
    assert np.mean(share) <= 0.10


def test_shrink_where_all_are_as_precise_by_hand() -> None:
    # 0.6, 0.8, 1.0 with se 0.1: variance between 0.04 less 0.01 leaves 0.03; weight 0.03 / 0.04.
    found = shrink([0.6, 0.8, 1.0], [0.1, 0.1, 0.1])
    assert found.mean == pytest.approx(0.8) and found.spread**2 == pytest.approx(0.03)
    assert found.value.tolist() == pytest.approx([0.65, 0.8, 0.95])
    assert found.se.tolist() == pytest.approx([np.sqrt(0.75) * 0.1] * 3)


def test_noise_alone_shrinks_to_the_mean() -> None:
    found = shrink([0.80, 0.82, 0.81], [0.1, 0.1, 0.1])
    assert found.spread == 0 and found.value.tolist() == pytest.approx([0.81] * 3)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 3)), min_size=2, max_size=20))
def test_shrunk_lies_between_itself_and_the_mean(rows: list[tuple[float, float]]) -> None:
    raw, se = (np.array(column) for column in zip(*rows, strict=True))
    found = shrink(raw, se)
    low, high = np.minimum(raw, found.mean), np.maximum(raw, found.mean)
    assert ((low - 1e-9 <= found.value) & (found.value <= high + 1e-9)).all()
    weight = 1 / (se**2 + found.spread**2)
    if found.spread > 0:  # Paule & Mandel's equation holds
        assert (weight * (raw - found.mean) ** 2).sum() == pytest.approx(len(raw) - 1, rel=1e-6)


def test_funnel_by_hand() -> None:
    limits = funnel_limits(0.9, [0.03], level=0.95, overdispersion=4.0)
    assert (limits.low[0], limits.high[0]) == pytest.approx((0.9 - 1.959964 * 0.06, 0.9 + 1.959964 * 0.06))


def test_xmr_by_hand() -> None:
    # Moving ranges 2, 1, 2, 2: mean 1.75, times 2.66 is 4.655 about 11.4.
    chart = xmr([10, 12, 11, 13, 11, 30], baseline=5)
    assert (chart.centre, chart.low, chart.high) == pytest.approx((11.4, 6.745, 16.055))
    assert chart.outside.tolist() == [False] * 5 + [True] and not chart.run.any()


def test_eight_on_one_side_are_a_run() -> None:
    chart = xmr([1, 3, 1, 3, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5, 2.5], baseline=4)
    assert chart.run.tolist() == [False] * 10 + [True] * 2  # the 3 before is above too
    assert not xmr([2, 2, 2, 2, 2, 2, 2, 2, 2]).run.any()  # on the centre is on no side


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: benjamini_hochberg([1.1], limit=0.1), r"p: found 1.1, expected probabilities of at most 1"),
        (lambda: shrink([1], [1]), r"value: found 1, expected two or more"),
        (lambda: shrink([1, 2], [1, 0]), r"se: 1 of 2 are 0"),
        (lambda: funnel_limits(1, [1], level=0.95, overdispersion=0.5), r"overdispersion: found 0.5"),
        (lambda: xmr([1, 2], baseline=1), r"found 1 points to set the limits"),
    ],
)
def test_errors_say_what(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
