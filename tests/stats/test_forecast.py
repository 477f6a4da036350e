from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.stats.forecast import (
    conformal_radius,
    conformal_rank,
    coverage,
    crps_normal,
    crps_sample,
    interval_score,
    rolling_origin,
    supported_level,
)


def test_conformal_rank_published(published) -> None:
    """Lei et al. 2018, JASA 113:1094; Angelopoulos & Bates 2021."""
    entry = published("split_conformal")
    rows = zip(
        *(entry.inputs[k] for k in ("n", "alpha")),
        *(entry.expected[k] for k in ("rank", "finite")),
        strict=True,
    )
    for n, alpha, rank, finite in rows:
        assert conformal_rank(n, level=1 - alpha) == rank
        assert (conformal_radius(range(n), level=1 - alpha) < inf) == finite
    for level, least in entry.expected["min_n"].items():
        share = float(level.rstrip("%")) / 100
        assert conformal_rank(least, level=share) <= least
        assert conformal_rank(least - 1, level=share) > least - 1


def test_crps_published(published) -> None:
    """scoringRules tests/testthat/test-crps_norm.R."""
    entry = published("crps_norm")
    y = entry.inputs["y"]
    found = crps_normal([entry.inputs["mu"]] * len(y), [entry.inputs["sigma"]] * len(y), y)
    assert found == pytest.approx(entry.expected["crps"], abs=entry.tolerance)


def test_conformal_covers_what_it_says() -> None:
    """Errors of any shape: of 4,000 new ones, 80% lie within the radius of 19 old ones (rank 16 of 20)."""
    rng = np.random.default_rng(2)
    errors = rng.standard_t(2, (4000, 20)) ** 3
    inside = [abs(row[-1]) <= conformal_radius(row[:-1], level=0.8) for row in errors]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.02)


def test_history_says_what_it_supports() -> None:
    assert [supported_level(n) for n in (19, 18, 9, 8, 4, 3)] == [0.95, 0.9, 0.9, 0.8, 0.8, None]
    assert conformal_radius([1, 2, 3], level=0.95) == inf


def test_rolling_origin_knows_only_the_past() -> None:
    values = [5.0, 6.0, 5.0, 7.0, 6.0, 6.0, 5.0]
    seen: list[list[float]] = []

    def last(known):
        seen.append(known.tolist())
        return float(known[-1])

    record = rolling_origin(values, last, first=2, horizon=2, level=0.5)
    assert seen == [values[:n] for n in (2, 3, 4, 5)]
    assert record.forecast.tolist() == [6, 5, 7, 6] and record.outcome.tolist() == [7, 6, 6, 5]
    # Two steps ahead: the first error (1) is known when the third forecast is made, two (1, 1) at the fourth.
    assert record.high.tolist() == [inf, inf, 8, 7]


def test_later_values_change_no_earlier_forecast() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=30)
    one = rolling_origin(values, np.mean, first=5, level=0.8)
    two = rolling_origin(values[:20], np.mean, first=5, level=0.8)
    for a, b in zip(one, two, strict=True):
        assert a[: len(b)].tolist() == b.tolist()


def test_coverage_counts_only_ranges_that_were_given() -> None:
    inside, n, share = coverage([0, 0, 0, -inf], [1, 1, 1, inf], [0.5, 2, 1, 9])
    assert (inside, n) == (2, 3) and share.value == pytest.approx(2 / 3)


def test_interval_score_by_hand() -> None:
    # Width 1; missed by 0.2 above: 1 + 2 / 0.2 * 0.2 = 3; by 0.1 below: 1 + 10 * 0.1 = 2.
    assert interval_score([0, 0, 0], [1, 1, 1], [0.5, 1.2, -0.1], level=0.8).tolist() == pytest.approx(
        [1, 3, 2]
    )


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=15), st.floats(-10, 10))
def test_crps_of_a_sample_is_the_loop(draws: list[float], outcome: float) -> None:
    n = len(draws)
    loop = sum(abs(x - outcome) for x in draws) / n - sum(abs(x - y) for x in draws for y in draws) / (
        2 * n * n
    )
    assert crps_sample(draws, outcome) == pytest.approx(loop, abs=1e-9)


def test_crps_of_a_large_sample_is_the_closed_form() -> None:
    draws = np.random.default_rng(0).normal(2, 3, 200_000)
    assert crps_sample(draws, 4) == pytest.approx(crps_normal([2], [3], [4])[0], abs=0.02)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: conformal_rank(3, level=1.5), r"found level 1.5 and n 3"),
        (
            lambda: rolling_origin([1, 2], np.mean, first=2, level=0.8),
            r"found first=2 and horizon=1 for 2 values",
        ),
        (lambda: coverage([-inf], [inf], [1]), r"found no finite range"),
        (lambda: crps_normal([0], [0], [1]), r"sd: 1 of 1 are 0"),
    ],
)
def test_errors_say_what(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
