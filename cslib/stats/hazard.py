"""Rates of leaving compared at equal age: proportional hazards over a few groups (Cox), several contrasts at once."""

from __future__ import annotations

from math import exp, nan, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, normal_two_sided, z

__all__ = ["HazardRatio", "hazard_ratios"]


class HazardRatio(NamedTuple):
    """How many times as often members of a group leave, at equal age and with the other contrasts held."""

    value: float
    low: float
    high: float
    p: float
    """Probability of a difference at least as large by chance, two-sided (likelihood ratio)."""


def hazard_ratios(
    at_risk: npt.ArrayLike, ended: npt.ArrayLike, contrast: npt.ArrayLike, *, level: float = 0.95
) -> list[HazardRatio]:
    """Hazard ratios of contrasts between groups, from counts by age: Cox's partial likelihood, ties after Breslow.

    Parameters
    ----------
    at_risk, ended : 2-D array
        Subjects looked at and subjects that ended, ages down, groups across.
    contrast : 2-D array
        One row a group, one column a contrast: 1 where it applies, 0 where not.
    level : float
        Confidence level of the (Wald) intervals.

    Returns
    -------
    list of HazardRatio
        One a contrast; not numbers where the counts do not say: nobody ended on one side of it.

    Raises
    ------
    ValueError
        When shapes do not fit, or more ended than were at risk.

    Notes
    -----
    Source: Cox 1972, JRSS-B 34:187; Breslow 1974, Biometrics 30:89.

    Examples
    --------
    >>> found, = hazard_ratios([[100, 100], [90, 80]], [[10, 20], [9, 16]], [[0], [1]])
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2), round(found.p, 3)
    (2.0, 1.15, 3.49, 0.012)
    """
    n, d = (np.asarray(counts, dtype=np.float64) for counts in (at_risk, ended))
    x = np.asarray(contrast, dtype=np.float64)
    if n.ndim != 2 or n.shape != d.shape or x.shape[:1] != n.shape[1:] or x.ndim != 2:
        raise ValueError(
            f"at_risk, ended, contrast: found shapes {n.shape}, {d.shape}, {x.shape}, expected ages x groups twice "
            "and groups x contrasts"
        )
    if (d > n).any() or (d < 0).any():
        raise ValueError(f"ended: {int((d > n).sum() + (d < 0).sum())} counts lie outside 0 to those at risk")
    happened = d.sum(axis=1) > 0
    n, d = n[happened], d[happened]
    full = _fit(n, d, x)
    found = []
    for k in range(x.shape[1]):
        on = x[:, k] > 0
        sides = d[:, on].sum(), d[:, ~on].sum()
        if full is None or not min(sides) > 0:
            found.append(HazardRatio(nan, nan, nan, nan))
            continue
        beta, variance, likelihood = full
        without = _fit(n, d, np.delete(x, k, axis=1))
        gain = 2 * (likelihood - without[2]) if without is not None else nan
        half = z(level) * sqrt(variance[k, k])
        found.append(
            HazardRatio(exp(beta[k]), exp(beta[k] - half), exp(beta[k] + half),
                        normal_two_sided(sqrt(max(gain, 0.0))))
        )  # fmt: skip
    return found


def _fit(n: Floats, d: Floats, x: Floats) -> tuple[Floats, Floats, float] | None:
    """Newton's steps to the largest partial likelihood: coefficients, their covariance, the likelihood."""
    beta = np.zeros(x.shape[1])
    total = d.sum(axis=1)
    information = np.eye(x.shape[1])
    for _ in range(50):
        weight = n * np.exp(x @ beta)
        share = weight / weight.sum(axis=1, keepdims=True)
        mean = share @ x
        score = (d @ x).sum(axis=0) - total @ mean
        spread = np.einsum("ag,gj,gk->ajk", share, x, x) - np.einsum("aj,ak->ajk", mean, mean)
        information = np.einsum("a,ajk->jk", total, spread)
        if x.shape[1] and np.linalg.cond(information) > 1e10:
            return None
        step = np.linalg.solve(information, score) if x.shape[1] else score
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    weight = n * np.exp(x @ beta)
    likelihood = float((d @ x @ beta).sum() - total @ np.log(weight.sum(axis=1)))
    covariance: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return beta, covariance, likelihood
