"""The change of a ratio of sums between two dates, or its difference between two groups, and what may be said of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from cslib.stats.hypothesised import critical, span
from cslib.stats.proportion import Interval, square_and_add
from cslib.stats.quantiles import Floats, column, z
from cslib.stats.ratio import (
    LEAST,
    Ratio,
    Sums,
    check_bounded,
    cluster_sums,
    interval,
    ratio_from,
    standard_error,
    sums_of,
)

__all__ = ["Change", "Verdict", "paired_change"]

Verdict = Literal["changed", "cannot tell", "unchanged within delta"]


@dataclass(frozen=True, slots=True)
class Change:
    """Difference after - before of two ratios over the same clusters, with interval and verdict."""

    value: float
    low: float
    high: float
    se: float
    """Delete-one-cluster jackknife standard error of the difference."""
    df: float
    n: int
    n_eff: float
    """The smaller of the two effective numbers of clusters."""
    level: float
    verdict: Verdict
    delta: float | None
    """Bound of "unchanged", set beforehand, in the unit of the ratio; None when none was set."""
    detectable: float
    """Smallest change that this book would show as "changed" four times out of five."""
    before: Ratio
    after: Ratio


def paired_change(
    numerator_before: npt.ArrayLike,
    denominator_before: npt.ArrayLike,
    numerator_after: npt.ArrayLike,
    denominator_after: npt.ArrayLike,
    *,
    delta: float | None,
    cluster: npt.ArrayLike | None = None,
    bounded: bool = False,
    step: float = 0.0,
    level: float = 0.95,
) -> Change:
    """Difference of two ratios of sums over the same clusters (after - before), with one of three verdicts.

    A row belongs to one cluster at both dates; a cluster that is absent at a date has zeros there. What each cluster
    adds to both ratios is one number, so what the dates have in common (overlapping windows, the same members) is not
    counted as error.

    - ``changed``: the interval at `level` leaves 0 out. Where it also lies within `delta`, the change is
      real and small.
    - ``unchanged within delta``: two one-sided tests reject a change of `delta` or more, that is, the
      interval at ``2 * level - 1`` (90% for 95%) lies inside +-`delta`.
    - ``cannot tell``: neither, or fewer than :data:`cslib.stats.ratio.LEAST` effective clusters at a date.

    Parameters
    ----------
    numerator_before, denominator_before, numerator_after, denominator_after : array
        One value a row, all of one length.
    delta : float or None
        Bound of "unchanged", set before looking, in the unit of the ratio; None leaves that verdict out.
    cluster : array, optional
        Key of the independent unit of each row; by default each row is one.
    bounded : bool
        For two groups of *different* clusters whose numerators lie between 0 and their denominators: the interval is
        then recovered from the two Wilson intervals, so that a group which happened to lose nobody is not taken to be
        unable to. Where the same clusters stand at both dates, gains and losses are alike by chance, and the default
        serves shares too.
    step : float
        Smallest step of a numerator, 1 for counts: they move by whole steps, and half a step is added to both sides.
    level : float
        Confidence level, between 0.5 and 1.

    Raises
    ------
    ValueError
        As :func:`cslib.stats.ratio.ratio_of_sums`; when `delta` is not positive.

    Notes
    -----
    Source: :mod:`cslib.stats.hypothesised`, the hypothesised change parted between the dates by their variances; half a
    step is Yates' correction of 1934, halved: McNemar's test without one claims too much (Fagerland, Lydersen & Laake
    2013, BMC Med Res Methodol 13:91). Schuirmann 1987, J Pharmacokinet Biopharm 15:657 (two one-sided tests); Zou &
    Donner 2008, Stat Med 27:1693 (bounded ratios). False "changed" is measured in ``benchmarks/coverage.py`` and
    ``benchmarks/alarms.py``.

    Examples
    --------
    >>> book = [10.0] * 40
    >>> kept = [0.0, 10.0, 11.0, 10.0] * 10
    >>> paired_change(book, book, kept, book, delta=None).verdict
    'changed'
    >>> paired_change(kept, book, kept, book, delta=0.02).verdict
    'unchanged within delta'
    """
    if delta is not None and not delta > 0:
        raise ValueError(
            f"delta: found {delta}, expected a positive number in the unit of the ratio, or None"
        )
    if not 0.5 < level < 1:
        raise ValueError(f"level: found {level}, expected a share between 0.5 and 1 such as 0.95")
    x0 = column(denominator_before, "denominator_before", minimum=0)
    y0 = column(numerator_before, "numerator_before", like=x0)
    x1 = column(denominator_after, "denominator_after", like=x0, minimum=0)
    y1 = column(numerator_after, "numerator_after", like=x0)
    _, (y0, x0, y1, x1) = cluster_sums(cluster, y0, x0, y1, x1)
    if bounded:
        check_bounded(y0, x0, "numerator_before")
        check_bounded(y1, x1, "numerator_after")
    one, two = sums_of(y0, x0), sums_of(y1, x1)
    n = int(((x0 != 0) | (x1 != 0) | (y0 != 0) | (y1 != 0)).sum())
    between = _recovered if bounded else _about_the_change
    smallest = min(float(x0.sum()), float(x1.sum()))
    half = step / 2 / smallest if smallest > 0 else 0.0
    change, narrow = (_widened(between(one, two, level=wanted), half) for wanted in (level, 2 * level - 1))
    return Change(
        value=change.value,
        low=change.low,
        high=change.high,
        se=standard_error(two.influence - one.influence, n),
        df=min(one.degrees, two.degrees) - 1,
        n=n,
        n_eff=min(one.n_eff, two.n_eff),
        level=level,
        verdict=_verdict(change, narrow, delta),
        delta=delta,
        detectable=(change.high - change.low) / 2 * (1 + z(0.6) / z(level)),
        before=ratio_from(y0, x0, one, level=level, bounded=bounded),
        after=ratio_from(y1, x1, two, level=level, bounded=bounded),
    )


def _verdict(change: Interval, narrow: Interval, delta: float | None) -> Verdict:
    if change.low > 0 or change.high < 0:
        return "changed"
    if delta is not None and -delta < narrow.low and narrow.high < delta:
        return "unchanged within delta"
    return "cannot tell"


def _widened(between: Interval, half: float) -> Interval:
    return Interval(between.value, between.low - half, between.high + half)


def _about_the_change(one: Sums, two: Sums, *, level: float) -> Interval:
    """Changes that the book may have had, the error of each taken about it."""
    value = two.ratio - one.ratio
    if not min(one.n_eff, two.n_eff) >= LEAST - 1e-9:
        return Interval(value, nan, nan)
    first, second = (float((side.residual**2).sum()) for side in (one, two))
    part = second / (first + second) if first + second > 0 else 0.5
    shift = part * two.shares + (1 - part) * one.shares
    at = critical(level, min(one.degrees, two.degrees))
    return Interval(
        value, *span(value, two.residual - one.residual, shift, (one.shares + two.shares) / 2, at=at)
    )


def _recovered(one: Sums, two: Sums, *, level: float) -> Interval:
    first, second = (interval(side, level=level, bounded=True) for side in (two, one))
    return square_and_add(first, second, correlation=_correlation(one.influence, two.influence))


def _correlation(first: Floats, second: Floats) -> float:
    scale = sqrt(float((first**2).sum()) * float((second**2).sum()))
    return float(np.sum(first * second)) / scale if scale > 0 else 0.0
