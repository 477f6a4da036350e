from __future__ import annotations

from math import isnan, sqrt

import numpy as np
import pytest

from cslib.stats.hypothesised import critical, degrees, span

scipy_stats = pytest.importorskip("scipy.stats")


def test_effective_number_lies_between_kish_and_satterthwaite() -> None:
    shares = np.array([0.4, 0.2, 0.2, 0.1, 0.1])
    kish = 1 / (shares**2).sum()
    satterthwaite = (shares**2).sum() ** 2 / (shares**4).sum()
    assert degrees(shares) == pytest.approx(sqrt(kish * satterthwaite))
    assert satterthwaite < degrees(shares) < kish


def test_critical_distance_is_students_told_about_the_truth() -> None:
    """Mean over its error about the truth leaves the critical distance in one of twenty samples of normal values."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((40_000, 6))
    distance = np.abs(values.mean(axis=1)) / np.sqrt((values**2).sum(axis=1) / 36)
    assert (distance > critical(0.95, 6)).mean() == pytest.approx(0.05, abs=0.004)
    assert isnan(critical(0.95, 1.5))
    assert critical(0.95, 1e8) == pytest.approx(1.959964, abs=1e-5)


def test_every_value_is_possible_where_one_cluster_is_nearly_all() -> None:
    shares = np.array([0.96, 0.02, 0.02])
    low, high = span(0.9, shares * np.array([0.05, -0.9, -1.5]), shares, shares, at=1.96)
    assert isnan(low) and isnan(high)


def test_a_large_cluster_that_stayed_lengthens_the_side_of_its_loss() -> None:
    shares = np.array([0.3, *[0.7 / 14] * 14])
    kept = np.array([1.2, *[1.0] * 10, *[0.2] * 4])
    value = float(shares @ kept)
    low, high = span(value, shares * (kept - value), shares, shares, at=1.9)
    assert value - low > high - value
