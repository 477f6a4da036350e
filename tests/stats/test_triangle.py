from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.quantiles import Floats
from cslib.stats.survival import kaplan_meier
from cslib.stats.triangle import calendar_year_test, chain_ladder, correlation_test

NAN = float("nan")


def padded(rows: list[list[float]]) -> Floats:
    width = max(len(row) for row in rows)
    return np.array([[*row, *[NAN] * (width - len(row))] for row in rows])


def test_mack_raa_published(published) -> None:
    """Mack 1994, p. 130; casact/chainladder-python test_mack1994_hardcode."""
    entry = published("mack_raa")
    ladder, expected = chain_ladder(padded(entry.inputs["triangle"])), entry.expected
    assert ladder.factor == pytest.approx(expected["f"], abs=entry.tolerance["f"])
    assert ladder.sigma2[:8] == pytest.approx(
        expected["sigma2_published"], rel=0.005
    )  # printed to three digits
    assert ladder.se[1:, -1] == pytest.approx(expected["se_published"], abs=entry.tolerance["se"])
    rows = entry.inputs["triangle"]
    ibnr = [ladder.completed[i, -1] - row[-1] for i, row in enumerate(rows)][1:]
    assert ibnr == pytest.approx(expected["ibnr"], abs=1)
    assert sum(ibnr) == pytest.approx(expected["total_ibnr"], abs=1)
    assert ladder.total_se == pytest.approx(expected["total_se"], abs=entry.tolerance["total"])


def test_mack_tests_published(published) -> None:
    """Mack 1994, appendix G (T = 0.070, variance 1/28) and H (Z = 14, expected 12.875, variance 3.978), on RAA."""
    triangle = padded(published("mack_raa").inputs["triangle"])
    correlation, calendar = correlation_test(triangle), calendar_year_test(triangle)
    assert correlation.statistic == pytest.approx(0.070, abs=5e-4)
    assert correlation.variance == pytest.approx(1 / 28)
    assert (calendar.statistic, calendar.expected) == (14, 12.875)
    assert calendar.variance == pytest.approx(3.978, abs=1e-3)


def test_mack_mortgage_published(published) -> None:
    """Mack 1999, ASTIN Bulletin 29:361, tables 1 and 2."""
    entry = published("mack_mortgage")
    ladder, expected = chain_ladder(padded(entry.inputs["triangle"])), entry.expected
    assert ladder.factor == pytest.approx(expected["f"], abs=entry.tolerance["f"])
    assert ladder.factor_se == pytest.approx(expected["f_se"], abs=entry.tolerance["f"])
    assert np.sqrt(ladder.sigma2) == pytest.approx(expected["sigma"], rel=0.001)
    assert ladder.se[:, -1] / 1000 == pytest.approx(expected["se_thousands"], abs=1)


def lives(cohorts: list[list[int]]) -> tuple[list[int], list[bool], Floats]:
    """Subjects by cohort with their age at the end (0: still there), and the triangle of survivors they make."""
    n = len(cohorts)
    triangle, time, event = np.full((n, n), NAN), [], []
    for i, ages in enumerate(cohorts):
        last = n - 1 - i
        for age in range(last + 1):
            triangle[i, age] = sum(not 0 < a <= age for a in ages)
        for age in ages:
            ended = 0 < age <= last
            time.append(age if ended else last)
            event.append(ended)
    return time, event, triangle


@given(st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=12), min_size=2, max_size=8))
def test_chain_ladder_of_survivors_is_kaplan_meier(cohorts: list[list[int]]) -> None:
    """Survivors at age t over those at t - 1, cohorts seen at both: the same product as over subjects at risk."""
    time, event, triangle = lives(cohorts)
    curve = kaplan_meier(time, event)
    factor = chain_ladder(triangle).factor
    known = np.isfinite(factor)  # an age that nobody reached has no development
    factor, ages = factor[known], np.arange(1, len(cohorts))[known]
    product = np.cumprod(factor)
    assert product == pytest.approx([curve.at(age) for age in ages], abs=1e-12)


def test_chain_ladder_equals_km_published(published) -> None:
    """Algebra: the oracle asks for a random triangle and 1e-12; here 8 cohorts of 200, seed 8."""
    entry = published("chainladder_equals_km")
    rng = np.random.default_rng(8)
    time, event, triangle = lives([list(rng.geometric(0.15, 200)) for _ in range(8)])
    ladder, curve = chain_ladder(triangle), kaplan_meier(time, event)
    assert np.abs(np.cumprod(ladder.factor) - curve.survival).max() < entry.tolerance


def test_hand_numbers() -> None:
    # f: (80 + 150)/300, 72/80. sigma2 of the first: [(80 - 76.67)^2/100 + (150 - 153.33)^2/200] / 1 = 1/6.
    # The second rests on one cohort and there are no two before it: unknown, and so is what rests on it.
    ladder = chain_ladder([[100, 80, 72], [200, 150, NAN], [100, NAN, NAN]])
    assert ladder.factor.tolist() == pytest.approx([230 / 300, 0.9])
    assert ladder.sigma2[0] == pytest.approx(1 / 6) and np.isnan(ladder.sigma2[1])
    # Cohort 3 at age 1: 100 sigma2 + 100^2 sigma2 / 300.
    assert ladder.se[2, 1] ** 2 == pytest.approx(100 / 6 + 10_000 / 6 / 300)
    assert ladder.se[0].tolist() == [0, 0, 0] and np.isnan(ladder.se[2, 2]) and np.isnan(ladder.total_se)


def test_error_opens_with_age() -> None:
    rng = np.random.default_rng(2)
    rows = [np.cumprod([1000, *rng.uniform(0.8, 1.0, 9 - i)]) for i in range(10)]
    ladder = chain_ladder(padded([list(row) for row in rows]))
    relative = ladder.se[-1] / ladder.completed[-1]
    assert (np.diff(relative) > 0).all()


def test_cohorts_in_any_order() -> None:
    rng = np.random.default_rng(4)
    triangle = padded([list(np.cumsum(rng.uniform(1, 9, 6 - i))) for i in range(6)])
    one, two = chain_ladder(triangle), chain_ladder(triangle[::-1])
    assert one.factor == pytest.approx(two.factor) and one.total_se == pytest.approx(two.total_se)


def test_a_calendar_effect_is_seen() -> None:
    """One good and one bad calendar year in turn: developments on a diagonal go together."""
    n = 12
    rng = np.random.default_rng(6)
    rows = []
    for i in range(n):
        row = [1000.0]
        for age in range(1, n - i):
            row.append(row[-1] * (0.9 + (0.05 if (i + age) % 2 else -0.05) + rng.normal(0, 0.005)))
        rows.append(row)
    test = calendar_year_test(padded(rows))
    assert test.statistic < test.expected and test.p < 0.001


def test_an_age_that_nobody_reached_stays_unknown() -> None:
    # The one cohort seen at ages 1 and 2 was gone by age 1.
    ladder = chain_ladder([[10, 0, 0], [10, 8, NAN], [10, NAN, NAN]])
    assert ladder.factor[0] == 0.4 and np.isnan(ladder.factor[1])
    assert ladder.completed[0].tolist() == [10, 0, 0] and ladder.completed[2, 1] == 4
    assert np.isnan([ladder.completed[1, 2], ladder.completed[2, 2], ladder.se[1, 2], ladder.total_se]).all()


@pytest.mark.parametrize(
    "triangle, words",
    [
        ([1, 2], r"found shape \(2,\), expected cohorts down"),
        ([[1, NAN, 3], [1, 2, NAN]], r"cohort 0 is observed at a later age but not at an earlier one"),
        ([[1, -2], [1, NAN]], r"found 1 negative cells"),
    ],
)
def test_errors_say_what(triangle: list[list[float]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        chain_ladder(triangle)
