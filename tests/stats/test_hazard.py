from __future__ import annotations

from math import exp, isnan, log, sqrt

import numpy as np
import pytest

from cslib.stats.hazard import hazard_ratios

scipy_optimize = pytest.importorskip("scipy.optimize")


def counts(time: list[int], status: list[int], x: list[int]) -> tuple[np.ndarray, np.ndarray]:
    ages = range(1, max(time) + 1)
    rows = list(zip(time, status, x, strict=True))
    at_risk = [[sum(t >= age and g == group for t, _, g in rows) for group in (0, 1)] for age in ages]
    ended = [[sum(t == age and s and g == group for t, s, g in rows) for group in (0, 1)] for age in ages]
    return np.array(at_risk), np.array(ended)


def test_breslow_published(published) -> None:
    """Therneau and Grambsch, validation set 1: Cox with ties after Breslow, log(1.5 + sqrt(33) / 2)."""
    entry = published("tg_test1")
    found = hazard_ratios(
        *counts(entry.inputs["time"], entry.inputs["status"], entry.inputs["x"]), [[0], [1]]
    )
    assert found[0].value == pytest.approx(exp(log(1.5 + sqrt(33) / 2)), abs=1e-5)


def test_two_contrasts_are_the_largest_likelihood() -> None:
    rng = np.random.default_rng(1)
    at_risk = rng.integers(50, 200, (12, 4))
    ended = rng.binomial(at_risk, [0.02, 0.03, 0.05, 0.06])
    contrast = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])

    def loss(beta: np.ndarray) -> float:
        weight = np.exp(contrast @ beta)
        return -float((ended @ contrast @ beta).sum() - (ended.sum(axis=1) * np.log(at_risk @ weight)).sum())

    best = scipy_optimize.minimize(
        loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}
    )
    found = hazard_ratios(at_risk, ended, contrast)
    assert [ratio.value for ratio in found] == pytest.approx(np.exp(best.x), rel=1e-4)
    assert all(ratio.low < ratio.value < ratio.high for ratio in found)


def test_nothing_is_found_where_nothing_is() -> None:
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(400):
        at_risk = np.full((12, 2), 100)
        ended = rng.binomial(at_risk, 0.03)
        found += hazard_ratios(at_risk, ended, [[0], [1]])[0].p < 0.05
    assert 0.02 <= found / 400 <= 0.085  # 5% +- three errors


def test_no_end_on_one_side_says_nothing() -> None:
    found = hazard_ratios([[10, 10]], [[0, 3]], [[0], [1]])
    assert isnan(found[0].value) and isnan(found[0].p)


def test_errors_say_what() -> None:
    with pytest.raises(ValueError, match=r"found shapes \(1, 2\), \(1, 3\), \(2, 1\)"):
        hazard_ratios([[1, 2]], [[1, 2, 3]], [[0], [1]])
    with pytest.raises(ValueError, match="ended: 1 counts lie outside 0 to those at risk"):
        hazard_ratios([[1, 2]], [[1, 3]], [[0], [1]])
