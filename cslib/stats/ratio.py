"""A ratio of sums and how far it can be told from chance, also where a few clusters weigh most.

The independent unit is the cluster (rows that stand or fall together). Sums are taken cluster by cluster, so
the order of rows changes nothing, and every delete-one value has a closed form: nothing here loops over
clusters.

Two intervals are offered, both measured in ``benchmarks/coverage.py`` (nominal 95%, 20 to 1,000 clusters, from ten
effective clusters; the ordinary bootstrap covers 60% to 97% there):

- Ratios without a ceiling: the error is taken about the hypothesised value (:mod:`cslib.stats.hypothesised`). Covers
  95% to 98%, and 92% to 96% where hardly any leave, only the small, or mostly the large.
- Where every cluster's numerator lies between 0 and its denominator (`bounded`), losses are few, large and all on one
  side, and the spread that was seen lacks the losses that could have been: the jackknife covers 57% to 97%. Such a
  ratio is a weighted share and gets Wilson's interval. One trial in it weighs as much as the clusters at risk do on
  average, where the chance to leave may depend on size (:func:`at_risk`), and a partial loss counts as the part it is.
  Covers 94% to 98%, weighted by size 95% to 97% where churn falls with it. The chance is taken to rise or to fall
  with size throughout: where both the largest and the smallest leave, both intervals cover 90% to 98%.

Below :data:`LEAST` effective clusters there is no interval: the book is too concentrated to tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.hypothesised import critical, degrees, span
from cslib.stats.proportion import Interval, wilson
from cslib.stats.quantiles import Floats, column, t, z

__all__ = ["LEAST", "Ratio", "cluster_sums", "detectable", "ratio_of_sums"]

LEAST: Final = 5.0
"""Effective clusters below which no interval is given."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of sums with its interval; not a number where the book does not support one."""

    value: float
    low: float
    high: float
    se: float
    """Delete-one-cluster jackknife standard error."""
    df: float
    """Degrees of freedom of the error."""
    n: int
    """Clusters with a denominator or a numerator."""
    n_eff: float
    """Effective number of clusters, 1 / sum(share of the denominator ** 2)."""
    level: float


class Sums(NamedTuple):
    """A ratio taken apart by cluster.

    Shares of the denominator, what each cluster adds to the error, and what the ratio changes by without it.
    """

    ratio: float
    shares: Floats
    residual: Floats
    influence: Floats
    n_eff: float
    degrees: float


def cluster_sums(
    cluster: npt.ArrayLike | None, *columns: Floats
) -> tuple[npt.NDArray[np.generic], tuple[Floats, ...]]:
    """Distinct clusters in sorted order, and the sum of each column over the rows of each.

    Parameters
    ----------
    cluster : array, optional
        Key of the cluster each row belongs to; without it each row is its own cluster, in the order given.

    Raises
    ------
    ValueError
        When there are not as many keys as rows, or a key is missing.

    Examples
    --------
    >>> keys, (total,) = cluster_sums(["b", "a", "b"], np.array([1.0, 2.0, 3.0]))
    >>> keys.tolist(), total.tolist()
    (['a', 'b'], [2.0, 4.0])
    """
    n = len(columns[0])
    if cluster is None:
        return np.arange(n), columns
    keys = np.asarray(cluster)
    if keys.shape != (n,):
        raise ValueError(f"cluster: found {keys.shape} keys, expected {n}, one a row")
    missing = int(np.sum(keys != keys))  # only a missing key differs from itself
    if missing:
        raise ValueError(f"cluster: {missing} of {n} keys are missing, expected one a row")
    distinct, code = np.unique(keys, return_inverse=True)
    return distinct, tuple(
        np.bincount(code, weights=values, minlength=len(distinct)).astype(np.float64) for values in columns
    )


def sums_of(numerator: Floats, denominator: Floats) -> Sums:
    """Ratio of the sums of two columns that have one entry a cluster.

    >>> sums_of(np.array([10.0, 0.0]), np.array([10.0, 10.0])).residual.tolist()
    [0.25, -0.25]
    """
    total = float(denominator.sum())
    if not total > 0:
        nothing = np.full(len(denominator), nan)
        return Sums(nan, nothing, nothing, nothing, 0.0, 0.0)
    shares = denominator / total
    ratio = float(numerator.sum()) / total
    missing = ratio * denominator - numerator
    # R without i, less R, is -(y_i - R x_i) / (X - x_i); undefined where one cluster is all there is.
    rest = total - denominator
    influence = np.divide(missing, rest, out=np.full(len(rest), nan), where=rest > 0)
    return Sums(ratio, shares, -missing / total, influence, 1.0 / float((shares**2).sum()), degrees(shares))


def standard_error(influence: Floats, n: int) -> float:
    """Delete-one jackknife error of what changes by `influence` when each of `n` clusters is left out.

    >>> round(standard_error(np.array([0.1, -0.1]), 2), 4)
    0.1
    """
    return sqrt((n - 1) / n * float((influence**2).sum())) if n > 1 else nan


def check_bounded(numerator: Floats, denominator: Floats, name: str) -> None:
    """Raise where a numerator lies outside 0 to its denominator: the ratio is then no share."""
    slack = 1e-9 * denominator.max(initial=0.0)
    broken = int(((numerator < -slack) | (numerator > denominator + slack)).sum())
    if broken:
        raise ValueError(
            f"{name}: the numerators of {broken} of {len(numerator)} clusters lie outside 0 to their denominator, "
            "so the ratio is not a share; leave bounded=False"
        )


def interval(sums: Sums, *, level: float, bounded: bool) -> Interval:
    """Interval of one ratio; not numbers below :data:`LEAST` effective clusters.

    >>> even = sums_of(np.array([1.0] * 9 + [0.0]), np.ones(10))
    >>> [round(x, 3) for x in interval(even, level=0.95, bounded=True)]
    [0.9, 0.596, 0.982]
    """
    if not sums.n_eff >= LEAST - 1e-9:
        return Interval(sums.ratio, nan, nan)
    at = critical(level, sums.degrees)
    if not bounded:
        return Interval(sums.ratio, *span(sums.ratio, sums.residual, sums.shares, sums.shares, at=at))
    held = sums.shares > 0
    shares = sums.shares[held]
    lost = 1 - sums.ratio - sums.residual[held] / shares
    share = float(shares @ lost)
    # Mean size of a loss, weighted by what is lost; one whole loss of an average cluster is taken to be in it.
    typical = 1 / sums.n_eff
    severity = (float(shares @ lost**2) + typical) / (share + typical)
    trials = 1 / (at_risk(shares, lost) * severity)
    kept = min(max(sums.ratio, 0.0), 1.0)
    wide = at / critical(level, max(float(held.sum()), 2.0)) * z(level)
    return wilson(kept * trials, trials, level=level, reach=wide)._replace(value=sums.ratio)


def at_risk(shares: Floats, lost: Floats) -> float:
    """Mean share of a cluster, each weighted by the variance of its loss: one trial of a weighted share.

    The sum of ``share^2 p (1 - p)`` over that of ``share p (1 - p)``, the logit of the chance p a straight line in log
    size. Its slope is Fisher's: how much larger the clusters lost are than those kept, in log size, over the variance;
    one more loss that shows no dependence draws it to 0, so that few losses say little. Without dependence
    ``1 / n_eff``. The losses themselves would be too few to take their mean size: with them, coverage falls to 91%.

    Parameters
    ----------
    shares : array
        Share of each cluster, positive, adding up to 1.
    lost : array
        Part of each cluster that was lost, 0 to 1.

    Notes
    -----
    Source: Efron 1975, JASA 70:892 (slope); Korn & Graubard 1998, Surv Methodol 24:193 (Wilson's and the exact interval
    on as many trials as the variance of a weighted share is worth).

    Examples
    --------
    >>> shares = np.array([0.3, 0.3, 0.1, 0.1, 0.1, 0.1])
    >>> small, none, large = (np.eye(6)[i] for i in ([5], [], [0]))
    >>> [round(at_risk(shares, lost.sum(axis=0)), 3) for lost in (small, none, large)]
    [0.188, 0.22, 0.251]
    """
    size = np.log(shares)
    apart = size - size.mean()
    spread, losses, loss = float((apart**2).mean()), float(lost.sum()), float(shares @ lost)
    slope = (
        float(lost @ apart) / ((losses * (1 - losses / len(lost)) + 1) * spread) if spread > 1e-12 else 0.0
    )
    odds = np.exp(np.clip(slope * (size - float(shares @ size)), -50, 50))
    variance = shares * odds / (1 - loss + loss * odds) ** 2
    return float(shares @ variance) / float(variance.sum())


def ratio_from(numerator: Floats, denominator: Floats, sums: Sums, *, level: float, bounded: bool) -> Ratio:
    """The ratio of one entry a cluster with all that is known of it."""
    n = int(((numerator != 0) | (denominator != 0)).sum())
    se = standard_error(sums.influence, n)
    _, low, high = interval(sums, level=level, bounded=bounded)
    return Ratio(sums.ratio, low, high, se, sums.degrees - 1, n, sums.n_eff, level)


def ratio_of_sums(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    cluster: npt.ArrayLike | None = None,
    bounded: bool = False,
    level: float = 0.95,
) -> Ratio:
    """Sum of numerators over sum of denominators, with an interval that holds when a few clusters weigh most.

    The error is taken about the hypothesised value; with `bounded`, Wilson's score interval of a share on the
    effective number of trials, which allows for a chance to leave that depends on size. The ratio is not a number
    without a denominator, the interval not below :data:`LEAST` effective clusters: the book is then too concentrated
    to tell.

    Parameters
    ----------
    numerator, denominator : array
        One value a row; denominators 0 or more.
    cluster : array, optional
        Key of the independent unit of each row; by default each row is one.
    bounded : bool
        Whether every cluster's numerator lies between 0 and its denominator.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    ValueError
        When a value is not finite, a denominator negative, lengths differ, or a bounded numerator lies
        outside its bounds.

    Notes
    -----
    Source: :mod:`cslib.stats.hypothesised`; error, delete-one jackknife of a ratio: Efron & Tibshirani 1993,
    ch. 11. Effective number: Kish 1965, 11.7. Wilson's interval on it: Dean & Pagano 2015, J Surv Stat Methodol
    3:484. Both measured in ``benchmarks/coverage.py``.

    Examples
    --------
    >>> r = ratio_of_sums([9, 12, 0, 30, 11, 10], [10, 10, 10, 30, 10, 10])
    >>> round(r.value, 3), round(r.n_eff, 2)
    (0.9, 4.57)
    """
    y, x = column(numerator, "numerator"), column(denominator, "denominator", minimum=0)
    column(y, "numerator", like=x)
    _, (y, x) = cluster_sums(cluster, y, x)
    if bounded:
        check_bounded(y, x, "numerator")
    return ratio_from(y, x, sums_of(y, x), level=level, bounded=bounded)


def detectable(se: float, df: float, *, level: float = 0.95, power: float = 0.8) -> float:
    """Smallest true change that a two-sided test at `level` finds with probability `power`, in the unit of `se`.

    Notes
    -----
    Source: Bloom 1995, Evaluation Review 19:547: ``(t(level) + t(power)) * se``.

    Examples
    --------
    >>> round(detectable(1.0, 1e9), 3)
    2.802
    """
    return (t(level, df) + t(2 * power - 1, df)) * se
