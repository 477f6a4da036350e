"""Shares of a count: Wilson and exact intervals, Newcombe's interval for a difference."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from cslib.stats.quantiles import beta_quantile, z

__all__ = ["Interval", "exact", "newcombe", "square_and_add", "wilson"]


class Interval(NamedTuple):
    """An estimate and the two ends of its interval, in the unit of the estimate."""

    value: float
    low: float
    high: float


def _counts(k: float, n: float) -> None:
    if not 0 <= k <= n or not n > 0:
        raise ValueError(f"found {k} of {n}, expected 0 <= k <= n and n > 0")


def wilson(k: float, n: float, *, level: float = 0.95, reach: float | None = None) -> Interval:
    """Share k / n with Wilson's score interval; n may be an effective number, not whole.

    Parameters
    ----------
    k, n : float
        Successes and trials, ``0 <= k <= n``, ``n > 0``.
    level : float
        Confidence level, between 0 and 1.
    reach : float, optional
        Half-width in errors; by default the normal quantile of `level`.

    Raises
    ------
    ValueError
        When the counts are not a share.

    Notes
    -----
    Source: Wilson 1927, JASA 22:209; Newcombe 1998, Stat Med 17:857, method 3.

    Examples
    --------
    >>> [round(x, 4) for x in wilson(81, 263)]
    [0.308, 0.2553, 0.3662]
    """
    _counts(k, n)
    q, share = (z(level) if reach is None else reach) ** 2, k / n
    centre = (share + q / (2 * n)) / (1 + q / n)
    half = sqrt(q) / (1 + q / n) * sqrt(share * (1 - share) / n + q / (4 * n * n))
    return Interval(
        share, 0.0 if k == 0 else max(centre - half, 0.0), 1.0 if k == n else min(centre + half, 1.0)
    )


def exact(k: float, n: float, *, level: float = 0.95) -> Interval:
    """Share k / n with the exact (Clopper-Pearson) interval: covers at least `level`, often more.

    Raises
    ------
    ValueError
        When the counts are not a share.

    Notes
    -----
    Source: Clopper & Pearson 1934, Biometrika 26:404.

    Examples
    --------
    >>> [round(x, 4) for x in exact(0, 10)]
    [0.0, 0.0, 0.3085]
    """
    _counts(k, n)
    tail = (1 - level) / 2
    low = 0.0 if k == 0 else beta_quantile(tail, k, n - k + 1)
    high = 1.0 if k == n else beta_quantile(1 - tail, k + 1, n - k)
    return Interval(k / n, low, high)


def square_and_add(first: Interval, second: Interval, *, correlation: float = 0.0) -> Interval:
    """Difference first - second, its interval recovered from theirs (MOVER).

    Parameters
    ----------
    first, second : Interval
        Two estimates with intervals of the same level.
    correlation : float
        Correlation of the two estimates, -1 to 1; 0 when they are independent.

    Notes
    -----
    Source: Newcombe 1998, Stat Med 17:873, method 10, and 17:2635 for pairs; Zou & Donner 2008, Stat Med
    27:1693.

    Examples
    --------
    >>> [round(x, 4) for x in square_and_add(wilson(56, 70), wilson(48, 80))]
    [0.2, 0.0524, 0.3339]
    """

    def reach(a: float, b: float) -> float:
        return sqrt(max(a * a + b * b - 2 * correlation * a * b, 0.0))

    difference = first.value - second.value
    down = reach(first.value - first.low, second.high - second.value)
    up = reach(first.high - first.value, second.value - second.low)
    return Interval(difference, difference - down, difference + up)


def newcombe(k1: float, n1: float, k2: float, n2: float, *, level: float = 0.95) -> Interval:
    """Difference of two independent shares k1 / n1 - k2 / n2 with Newcombe's hybrid score interval.

    Raises
    ------
    ValueError
        When the counts are not shares.

    Notes
    -----
    Source: Newcombe 1998, Stat Med 17:873, method 10.

    Examples
    --------
    >>> [round(x, 4) for x in newcombe(9, 10, 3, 10)]
    [0.6, 0.1705, 0.809]
    """
    return square_and_add(wilson(k1, n1, level=level), wilson(k2, n2, level=level))
