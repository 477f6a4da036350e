"""Triangles: cohorts down, ages across, unobserved cells not a number. Volume-weighted chain ladder with Mack's errors.

On a triangle of survivors the chain ladder is the Kaplan-Meier estimator of the same subjects; on amounts it
needs no individual data. The two tests say whether its assumptions hold: cohorts develop independently of
the calendar, and one age's development says nothing about the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, nan, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, midranks, normal_two_sided

__all__ = ["ChainLadder", "TriangleTest", "calendar_year_test", "chain_ladder", "correlation_test"]


@dataclass(frozen=True, slots=True)
class ChainLadder:
    """A completed triangle with its errors. Ages are columns, from 0."""

    factor: Floats
    """Development from each age to the next; not a number where no cohort of positive size shows it."""
    factor_se: Floats
    sigma2: Floats
    """Mack's variance parameter of each development; not a number where the triangle holds too little to know."""
    completed: Floats
    """The triangle with its unobserved cells projected."""
    se: Floats
    """Mack standard error of every cell: 0 where observed, opening with age where projected."""
    total_se: float
    """Standard error of the sum over cohorts of the last column."""


def _triangle(values: npt.ArrayLike) -> Floats:
    cells = np.asarray(values, dtype=np.float64)
    if cells.ndim != 2 or cells.shape[1] < 2:
        raise ValueError(
            f"triangle: found shape {cells.shape}, expected cohorts down and two or more ages across"
        )
    seen = np.isfinite(cells)
    gap = np.flatnonzero((np.diff(seen.astype(np.int8), axis=1) > 0).any(axis=1) | ~seen[:, 0])
    if len(gap):
        raise ValueError(
            f"triangle: cohort {gap[0]} is observed at a later age but not at an earlier one; "
            "expected each row observed from age 0 up to its last age"
        )
    if (cells[seen] < 0).any():
        raise ValueError(f"triangle: found {int((cells[seen] < 0).sum())} negative cells, expected 0 or more")
    return cells


def _sigma2(own: Floats) -> Floats:
    """Fill what one cohort alone cannot give, by Mack's rule, and only at the end."""
    sigma2 = own.copy()
    for k in np.flatnonzero(np.isnan(own)):
        if k >= 2 and np.isfinite(sigma2[k - 2 : k]).all():
            one, two = sigma2[k - 2], sigma2[k - 1]
            sigma2[k] = min(two * two / one if one > 0 else 0.0, one, two)
    return sigma2


def chain_ladder(triangle: npt.ArrayLike) -> ChainLadder:
    """Volume-weighted chain ladder: each age's factor is sum(next) / sum(this) over cohorts observed at both.

    Parameters
    ----------
    triangle : 2-D array
        Cumulative amounts or survivors, cohorts down, ages across, 0 or more; not a number where not yet
        observed. A shape other than a triangle (several cohorts seen to the last age) is fine.

    Raises
    ------
    ValueError
        When a row has a hole or a cell is negative.

    Notes
    -----
    Source: Mack 1993, ASTIN Bulletin 23:213; recursion of errors: Mack 1999, ASTIN Bulletin 29:361. Where one
    cohort alone shows a development, sigma^2 is Mack's ``min(s[k-1]^4 / s[k-2]^2, s[k-2]^2, s[k-1]^2)``;
    with fewer than two developments to take it from it stays unknown, and so do the errors.

    Examples
    --------
    >>> nan = float("nan")
    >>> ladder = chain_ladder([[100, 80, 72], [200, 150, nan], [100, nan, nan]])
    >>> ladder.factor.round(4).tolist(), ladder.completed[2].round(1).tolist()
    ([0.7667, 0.9], [100.0, 76.7, 69.0])
    """
    cells = _triangle(triangle)
    n_ages = cells.shape[1]
    both = np.isfinite(cells[:, 1:])
    this, following = np.where(both, cells[:, :-1], 0.0), np.where(both, cells[:, 1:], 0.0)
    volume = this.sum(axis=0)
    factor = np.divide(following.sum(axis=0), volume, out=np.full(n_ages - 1, nan), where=volume > 0)
    expected = np.where(this > 0, factor * this, 0.0)
    sized = this > 0
    squares = np.divide((following - expected) ** 2, this, out=np.zeros_like(this), where=sized).sum(axis=0)
    spare = sized.sum(axis=0) - 1
    sigma2 = _sigma2(np.divide(squares, spare, out=np.full(n_ages - 1, nan), where=spare > 0))

    completed = cells.copy()
    variance, total = np.zeros_like(cells), 0.0
    for k in range(n_ages - 1):
        ahead = np.isnan(cells[:, k + 1])
        size = completed[ahead, k]
        completed[ahead, k + 1] = size * factor[k]
        noise = sigma2[k] / volume[k] if volume[k] > 0 else nan
        variance[ahead, k + 1] = variance[ahead, k] * factor[k] ** 2 + size * sigma2[k] + size**2 * noise
        if ahead.any():
            total = total * factor[k] ** 2 + size.sum() * sigma2[k] + size.sum() ** 2 * noise
    factor_se = np.sqrt(np.divide(sigma2, volume, out=np.full(n_ages - 1, nan), where=volume > 0))
    return ChainLadder(factor, factor_se, sigma2, completed, np.sqrt(variance), sqrt(total))


class TriangleTest(NamedTuple):
    """A statistic with what it would be on average by chance, and its normal two-sided probability."""

    statistic: float
    expected: float
    variance: float
    p: float


def _test(statistic: float, expected: float, variance: float) -> TriangleTest:
    p = normal_two_sided((statistic - expected) / sqrt(variance)) if variance > 0 else nan
    return TriangleTest(statistic, expected, variance, p)


def _links(cells: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(cells[:, :-1] > 0, cells[:, 1:] / cells[:, :-1], nan)


def calendar_year_test(triangle: npt.ArrayLike) -> TriangleTest:
    """Whether calendar periods stand out: small against large developments along each diagonal.

    Each development is small or large against the median of its age. On a diagonal with s small and l large
    ones, min(s, l) is low when they go together. A statistic far below its expectation is a calendar effect.

    Raises
    ------
    ValueError
        As `chain_ladder`; when no diagonal holds two developments.

    Notes
    -----
    Source: Mack 1994, Casualty Actuarial Society Forum, Spring, vol. 1:101, appendix H. Diagonals run by
    row, so consecutive rows have to be consecutive cohorts.

    Examples
    --------
    >>> nan = float("nan")
    >>> calendar_year_test([[9, 8, 7, 6], [9, 7, 6, nan], [9, 6, nan, nan], [9, nan, nan, nan]]).statistic
    0.0
    """
    links = _links(_triangle(triangle))
    spread = np.array([row_sign(links[:, k]) for k in range(links.shape[1])]).T
    statistic = expected = variance = 0.0
    rows, columns = np.indices(spread.shape)
    for diagonal in range(sum(spread.shape) - 1):
        signs = spread[(rows + columns) == diagonal]
        small, large = int((signs < 0).sum()), int((signs > 0).sum())
        n = small + large
        if n < 2:
            continue
        m = (n - 1) // 2
        corner = comb(n - 1, m) * n / 2**n
        mean = n / 2 - corner
        statistic += min(small, large)
        expected += mean
        variance += n * (n - 1) / 4 - corner * (n - 1) + mean - mean * mean
    if expected == 0:
        raise ValueError("triangle: no diagonal holds two developments that differ from their age's median")
    return _test(statistic, expected, variance)


def row_sign(links: Floats) -> Floats:
    """Below (-1), at (0) or above (1) the median of an age's developments; 0 where not observed.

    >>> row_sign(np.array([1.0, 2.0, 3.0, np.nan])).tolist()
    [-1.0, 0.0, 1.0, 0.0]
    """
    seen = np.isfinite(links)
    middle = float(np.median(links[seen])) if seen.any() else nan
    return np.where(seen, np.sign(links - middle), 0.0)


def correlation_test(triangle: npt.ArrayLike) -> TriangleTest:
    """Whether a strong development is followed by a weak one: weighted Spearman correlation of neighbouring ages.

    Raises
    ------
    ValueError
        As `chain_ladder`; when no two neighbouring developments vary over two or more common cohorts.

    Notes
    -----
    Source: Mack 1994, Casualty Actuarial Society Forum, Spring, vol. 1:101, appendix G. Pairs of ages count
    with their number of cohorts - 1.

    Examples
    --------
    >>> nan = float("nan")
    >>> t = correlation_test([[9, 8, 7, 6], [9, 7, 5, nan], [9, 6, 4, nan], [9, 5, nan, nan]])
    >>> round(t.statistic, 3), round(t.variance, 3)
    (1.0, 0.5)
    """
    links = _links(_triangle(triangle))
    weights, correlations = [], []
    for k in range(links.shape[1] - 1):
        pair = links[np.isfinite(links[:, k]) & np.isfinite(links[:, k + 1])][:, k : k + 2]
        ranks = np.stack([midranks(pair[:, 0]), midranks(pair[:, 1])])
        centred = ranks - ranks.mean(axis=1, keepdims=True)
        scale = sqrt(float((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
        if scale > 0:
            correlations.append(float(centred[0] @ centred[1]) / scale)
            weights.append(len(pair) - 1)
    if not weights:
        raise ValueError("triangle: no two neighbouring developments vary over two or more cohorts")
    return _test(float(np.average(correlations, weights=weights)), 0.0, 1.0 / sum(weights))
