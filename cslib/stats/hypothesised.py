"""Intervals that hold the spread at the hypothesised value: what could have been true, not what happened to be seen.

The usual interval takes the spread about the estimate. Where few clusters weigh most, estimate and spread then miss
together: the large cluster that did not leave is in neither. Here a value is inside the interval if the estimate is no
further from it than `critical` errors, *the error taken about that value*, as Wilson's interval does for a share.
Where all clusters weigh the same this is Student's interval, exactly.
"""

from __future__ import annotations

from math import nan, sqrt

from cslib.stats.quantiles import Floats, t

__all__ = ["EVEN", "critical", "degrees", "span"]

EVEN = 0.05
"""Share of the variance that is spread evenly over clusters, so that it does not rest on what one large cluster
happened to do. Measured as in ``benchmarks/coverage.py``: without it coverage falls by up to two points, with twice as
much it rises to 98% and more."""


def degrees(shares: Floats) -> float:
    """Effective number behind the variance of a weighted mean.

    The geometric mean of Kish's number, 1 / sum(share^2), and Satterthwaite's, sum(share^2)^2 / sum(share^4): clusters
    whose true ratios all spread alike have the second, a spread that is pooled evenly the first.

    Examples
    --------
    >>> import numpy as np
    >>> round(degrees(np.full(20, 0.05)), 6), round(degrees(np.array([0.5, 0.3, 0.2])), 2)
    (20.0, 2.29)
    """
    squares = shares**2
    total = float(squares.sum())
    return sqrt(total / float((squares**2).sum())) if total > 0 else 0.0


def critical(level: float, n: float) -> float:
    """Largest distance, in errors taken about the true mean, of the mean of `n` normal values at `level`.

    Student's quantile ``t`` on n - 1 degrees, restated for an error about the truth: ``t sqrt(n / (n - 1 + t^2))``. Not
    a number below two.

    Examples
    --------
    >>> round(critical(0.95, 1e9), 4), round(critical(0.95, 10), 4)
    (1.96, 1.9039)
    """
    if n < 2:
        return nan
    quantile = t(level, n - 1)
    return quantile * sqrt(n / (n - 1 + quantile**2))


def span(value: float, residual: Floats, shift: Floats, even: Floats, *, at: float) -> tuple[float, float]:
    """Values from which `value` is no further than `at` errors, the error taken about each of them.

    Parameters
    ----------
    value : float
        The estimate; its error is the sum of `residual` over clusters.
    residual : array
        What each cluster adds to the error, about the estimate.
    shift : array
        By how much each residual falls where the truth is 1 higher.
    even : array
        Share of each cluster, adding up to 1; 0 only where the residual is 0.
    at : float
        Critical distance, see :func:`critical`.

    Returns
    -------
    (float, float)
        Not numbers where the clusters are so few that every value is possible.

    Notes
    -----
    Source: self-normalised sums, Efron 1969, JASA 64:1278 (under symmetry the tails are no longer than the normal's
    whatever the sizes); the score principle of Wilson 1927, JASA 22:209.

    Examples
    --------
    >>> import numpy as np
    >>> r, w = np.array([1.0, 0.0, 1.0, 1.0]), np.full(4, 0.25)
    >>> low, high = span(0.75, w * (r - 0.75), w, w, at=critical(0.95, 4))
    >>> round(low, 4), round(high, 4)  # Student: 0.75 +- 3.182 * 0.25
    (-0.0456, 1.5456)
    """
    held = even > 0
    spread = float((even**2).sum())

    def together(a: Floats, b: Floats) -> float:
        evenly = spread * float((a[held] * b[held] / even[held]).sum())
        return (1 - EVEN) * float((a * b).sum()) + EVEN * evenly

    reach = at * at
    square, linear, fixed = (
        1 - reach * together(shift, shift), reach * together(residual, shift), reach * together(residual, residual)
    )  # fmt: skip
    if not square > 0:
        return nan, nan
    root = sqrt(max(linear * linear + square * fixed, 0.0))
    return value + (-linear - root) / square, value + (-linear + root) / square
