"""Many comparisons at once: false-discovery limit, shrinkage, funnel limits, and the chart of a single process."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, column, z

__all__ = [
    "Against",
    "Discoveries",
    "Funnel",
    "Process",
    "Shrunk",
    "against_others",
    "benjamini_hochberg",
    "funnel_limits",
    "shrink",
    "xmr",
]

Flags = npt.NDArray[np.bool_]


class Discoveries(NamedTuple):
    """Which of many tests pass a false-discovery limit."""

    passed: Flags
    adjusted: Floats
    """Smallest limit at which the test would pass."""


def benjamini_hochberg(p: npt.ArrayLike, *, limit: float) -> Discoveries:
    """Tests that pass such that, on average, at most `limit` of those that pass are chance (Benjamini-Hochberg).

    Parameters
    ----------
    p : array
        Probabilities of the tests, 0 to 1, in any order; the tests independent or positively dependent.
    limit : float
        False-discovery limit, such as 0.10.

    Raises
    ------
    ValueError
        When a probability lies outside 0 to 1.

    Notes
    -----
    Source: Benjamini & Hochberg 1995, JRSS-B 57:289.

    Examples
    --------
    >>> found = benjamini_hochberg([0.01, 0.30, 0.02, 0.04], limit=0.05)
    >>> found.passed.tolist(), found.adjusted.round(4).tolist()
    ([True, False, True, False], [0.04, 0.3, 0.04, 0.0533])
    """
    values = column(p, "p", minimum=0)
    if (values > 1).any():
        raise ValueError(f"p: found {values.max()}, expected probabilities of at most 1")
    m = len(values)
    order = np.argsort(values, kind="stable")
    stepped = values[order] * m / np.arange(1, m + 1)
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    return Discoveries(adjusted <= limit, adjusted)


class Shrunk(NamedTuple):
    """Estimates pulled towards their common mean by as much as their noise deserves."""

    value: Floats
    se: Floats
    """Standard deviation of each true value, given the mean and the spread."""
    mean: float
    spread: float
    """Standard deviation between the true values; 0 when the differences are no more than noise."""


def shrink(value: npt.ArrayLike, se: npt.ArrayLike) -> Shrunk:
    """Empirical-Bayes estimates of many values of unequal precision: rank by these, not by the raw ones.

    The spread between true values is Paule and Mandel's: the one at which the weighted sum of squares about
    the mean is as large as its degrees of freedom.

    Raises
    ------
    ValueError
        When there are fewer than two values, or a standard error is not positive.

    Notes
    -----
    Source: Paule & Mandel 1982, J Res NBS 87:377; DerSimonian & Kacker 2007, Contemp Clin Trials 28:105;
    Efron & Morris 1975, JASA 70:311.

    Examples
    --------
    >>> pulled = shrink([0.70, 0.90, 1.00], [0.20, 0.02, 0.02])
    >>> pulled.value.round(3).tolist(), round(pulled.mean, 3), round(pulled.spread, 3)
    ([0.901, 0.902, 0.996], 0.933, 0.08)
    """
    raw = column(value, "value")
    noise = column(se, "se", like=raw, minimum=0) ** 2
    if len(raw) < 2:
        raise ValueError(f"value: found {len(raw)}, expected two or more to compare")
    if not (noise > 0).all():
        raise ValueError(
            f"se: {int((noise == 0).sum())} of {len(noise)} are 0; expected positive standard errors"
        )

    def fit(between: float) -> tuple[float, float]:
        weight = 1 / (noise + between)
        mean = float((weight * raw).sum() / weight.sum())
        return mean, float((weight * (raw - mean) ** 2).sum()) - (len(raw) - 1)

    low, high = 0.0, float(((raw - raw.mean()) ** 2).sum())
    if fit(0.0)[1] > 0:
        for _ in range(200):  # the excess falls as the spread grows: halve
            middle = (low + high) / 2
            low, high = (middle, high) if fit(middle)[1] > 0 else (low, middle)
    between = high if low > 0 else 0.0
    mean = fit(between)[0]
    own = between / (between + noise)
    return Shrunk(mean + own * (raw - mean), np.sqrt(own * noise), mean, sqrt(between))


class Against(NamedTuple):
    """Each of many estimates against the mean of all the others."""

    others: Floats
    difference: Floats
    se: Floats
    """Standard error of the difference."""


def against_others(value: npt.ArrayLike, se: npt.ArrayLike) -> Against:
    """Each estimate less the mean of the others, which is weighed as in :func:`shrink`; the estimates independent.

    The others may truly differ from each other: their spread widens the error of their mean.

    Raises
    ------
    ValueError
        When there are fewer than two values, or a standard error is not positive.

    Notes
    -----
    Source: leave-one-out comparison in a random-effects model, Hedges & Olkin 1985, ch. 12; weights as `shrink`.

    Examples
    --------
    >>> found = against_others([0.70, 0.90, 0.94], [0.03, 0.02, 0.02])
    >>> found.others.round(2).tolist(), (found.difference / found.se).round(1).tolist()
    ([0.92, 0.82, 0.8], [-6.1, 0.6, 1.4])
    """
    raw = column(value, "value")
    noise = column(se, "se", like=raw, minimum=0)
    if len(raw) < 2:
        raise ValueError(f"value: found {len(raw)}, expected two or more to compare")
    if not (noise > 0).all():
        raise ValueError(
            f"se: {int((noise == 0).sum())} of {len(noise)} are 0; expected positive standard errors"
        )
    others, errors = np.empty(len(raw)), np.empty(len(raw))
    for i in range(len(raw)):
        rest = np.arange(len(raw)) != i
        if len(raw) == 2:
            others[i], errors[i] = raw[rest][0], noise[rest][0]
            continue
        pulled = shrink(raw[rest], noise[rest])
        others[i] = pulled.mean
        errors[i] = 1 / sqrt(float((1 / (noise[rest] ** 2 + pulled.spread**2)).sum()))
    return Against(others, raw - others, np.hypot(noise, errors))


class Funnel(NamedTuple):
    """Limits within which a unit of a given precision is expected."""

    low: Floats
    high: Floats


def funnel_limits(target: float, se: npt.ArrayLike, *, level: float, overdispersion: float = 1.0) -> Funnel:
    """Limits around `target` for units with these standard errors at the target; draw against precision.

    Parameters
    ----------
    target : float
        Value expected of every unit.
    se : array
        Standard error each unit would have if its value were the target: for a share ``sqrt(target (1 -
        target) / n)``.
    level : float
        Share of units of true value `target` inside the limits; funnels show 0.95 and 0.998.
    overdispersion : float
        Factor on the variance, 1 or more, where units differ by more than chance for reasons of no interest.

    Raises
    ------
    ValueError
        When a standard error is negative or `overdispersion` below 1.

    Notes
    -----
    Source: Spiegelhalter 2005, Stat Med 24:1185, sections 2 and 4.

    Examples
    --------
    >>> limits = funnel_limits(0.9, [0.03, 0.01], level=0.95)
    >>> limits.low.round(3).tolist(), limits.high.round(3).tolist()
    ([0.841, 0.88], [0.959, 0.92])
    """
    if not overdispersion >= 1:
        raise ValueError(f"overdispersion: found {overdispersion}, expected 1 or more")
    half = z(level) * sqrt(overdispersion) * column(se, "se", minimum=0)
    return Funnel(target - half, target + half)


class Process(NamedTuple):
    """An individuals chart: the level of a process, its natural limits, and the points that signal a change."""

    centre: float
    low: float
    high: float
    outside: Flags
    """Points beyond the limits."""
    run: Flags
    """Points at which eight or more in a row lie on one side of the centre."""


def xmr(values: npt.ArrayLike, *, baseline: int | None = None) -> Process:
    """Individuals and moving-range chart (XmR): centre +- 2.66 mean moving ranges.

    Parameters
    ----------
    values : array
        Measurements in order of time. Overlapping windows are not measurements of their own: use separate
        ones.
    baseline : int, optional
        Number of first points that set the limits; by default all.

    Raises
    ------
    ValueError
        When fewer than two points set the limits.

    Notes
    -----
    Source: Shewhart 1931; Wheeler 1993, Understanding Variation; 2.66 = 3 / 1.128.

    Examples
    --------
    >>> chart = xmr([10, 12, 11, 13, 11, 30], baseline=5)
    >>> round(chart.low, 2), round(chart.high, 2), chart.outside.tolist()
    (6.75, 16.05, [False, False, False, False, False, True])
    """
    points = column(values, "values")
    base = points[:baseline]
    if len(base) < 2:
        raise ValueError(f"values: found {len(base)} points to set the limits, expected two or more")
    centre, reach = float(base.mean()), 2.66 * float(np.abs(np.diff(base)).mean())
    side = np.sign(points - centre)
    length = np.zeros(len(points), dtype=np.int64)
    for i, s in enumerate(side):
        length[i] = 0 if s == 0 else 1 + (length[i - 1] if i and side[i - 1] == s else 0)
    return Process(centre, centre - reach, centre + reach, np.abs(points - centre) > reach, length >= 8)
