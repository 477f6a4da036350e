from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.proportion import Interval, exact, newcombe, square_and_add, wilson
from tests.stats.conftest import Published

scipy_stats = pytest.importorskip("scipy.stats")


def test_wilson_published(published) -> None:
    """R binom; Newcombe 1998, Stat Med 17:857, Table I."""
    entry: Published = published("wilson")
    for (k, n), ends in zip(entry.inputs["k_n"], entry.expected["ci"], strict=True):
        assert wilson(k, n)[1:] == pytest.approx(ends, abs=entry.tolerance)


def test_newcombe_published(published) -> None:
    """Newcombe 1998, Stat Med 17:873, method 10; Fagerland 2015."""
    entry: Published = published("newcombe_diff")
    for pair, ends in zip(entry.inputs["pairs"], entry.expected["ci"], strict=True):
        assert newcombe(*pair)[1:] == pytest.approx(ends, abs=entry.tolerance)


def test_wilson_solves_the_score_equation() -> None:
    # 3 of 17: at the ends, |share - p| is 1.96 standard errors taken at p.
    value, low, high = wilson(3, 17)
    for end in (low, high):
        assert abs(value - end) / (end * (1 - end) / 17) ** 0.5 == pytest.approx(1.959964, abs=1e-6)


def test_exact_is_the_binomial_tail() -> None:
    _, low, high = exact(3, 17)
    assert scipy_stats.binom.sf(2, 17, low) == pytest.approx(0.025)
    assert scipy_stats.binom.cdf(3, 17, high) == pytest.approx(0.025)


@pytest.mark.parametrize("k", [0, 10])
def test_the_ends_of_the_range(k: int) -> None:
    assert 0 <= wilson(k, 10).low <= wilson(k, 10).high <= 1
    assert (wilson(k, 10).low == 0) == (k == 0) and (wilson(k, 10).high == 1) == (k == 10)
    assert (exact(k, 10).low == 0) == (k == 0) and (exact(k, 10).high == 1) == (k == 10)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_mirror(pair: tuple[int, int]) -> None:
    """The interval of the failures is that of the successes turned round; Wilson's holds the share."""
    k, n = pair
    for interval in (wilson, exact):
        one, other = interval(k, n), interval(n - k, n)
        assert one.low == pytest.approx(1 - other.high, abs=1e-9)
        assert one.low <= one.value <= one.high


def test_perfectly_correlated_estimates_cancel() -> None:
    share = wilson(30, 40)
    gap = Interval(0.5, 0.4, 0.6)
    assert square_and_add(gap, gap, correlation=1.0)[1:] == pytest.approx((0, 0), abs=1e-7)
    assert square_and_add(share, share).value == 0


@pytest.mark.parametrize("k, n", [(5, 4), (-1, 4), (0, 0), (float("nan"), 3)])
def test_no_share(k: float, n: float) -> None:
    with pytest.raises(ValueError, match=r"expected 0 <= k <= n"):
        wilson(k, n)


def test_no_level() -> None:
    with pytest.raises(ValueError, match=r"level: found 95, expected a share between 0 and 1"):
        wilson(1, 2, level=95)
