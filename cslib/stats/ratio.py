"""A ratio of sums, its change between two dates, and how far either can be told from chance.

The independent unit is the cluster (rows that stand or fall together). Sums are taken cluster by cluster, so
the order of rows changes nothing, and every delete-one value has a closed form: nothing here loops over
clusters.

Two intervals are offered, both measured in ``benchmarks/coverage.py`` (nominal 95%, 20 to 1,000 clusters):

- The jackknife-t serves ratios without a ceiling. It covers 93% to 99%, and 91% to 96% where it depends strongly on
  size who leaves; the ordinary bootstrap 83% to 94%.
- Where every cluster's numerator lies between 0 and its denominator (`bounded`), losses are few, large and all on one
  side. The jackknife has then not seen the losses that could have been, and covers 65% to 94%. Such a ratio is a
  weighted share and gets Wilson's interval on the effective number of clusters: 94% to 99%. It takes every cluster to
  be as likely to leave as the average, and so is wide where only the small leave. A model of leaving by size would be
  narrower there, and covers 79% where the model is wrong; that is why there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.proportion import Interval, square_and_add, wilson
from cslib.stats.quantiles import Floats, column, t, z

__all__ = ["Change", "Ratio", "Verdict", "detectable", "paired_change", "ratio_of_sums"]

Verdict = Literal["changed", "cannot tell", "unchanged within delta"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of sums with its interval; not a number where the book does not support one."""

    value: float
    low: float
    high: float
    se: float
    """Delete-one-cluster jackknife standard error."""
    df: float
    """Degrees of freedom of the Student interval: n_eff - 1."""
    n: int
    """Clusters with a denominator or a numerator."""
    n_eff: float
    """Effective number of clusters, 1 / sum(share of the denominator ** 2)."""
    level: float


@dataclass(frozen=True, slots=True)
class Change:
    """Difference after - before of two ratios over the same clusters, with interval and verdict."""

    value: float
    low: float
    high: float
    se: float
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


class _Sums(NamedTuple):
    """Sums by cluster; what each cluster does to the ratio when it is left out."""

    ratio: float
    shares: Floats
    influence: Floats
    n_eff: float


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


def _jackknife(numerator: Floats, denominator: Floats) -> _Sums:
    total = float(denominator.sum())
    if not total > 0:
        nothing = np.full(len(denominator), nan)
        return _Sums(nan, nothing, nothing, 0.0)
    shares = denominator / total
    ratio = float(numerator.sum()) / total
    # R without i, less R, is -(y_i - R x_i) / (X - x_i); undefined where one cluster is all there is.
    rest = total - denominator
    influence = np.divide(ratio * denominator - numerator, rest, out=np.full(len(rest), nan), where=rest > 0)
    return _Sums(ratio, shares, influence, 1.0 / float((shares**2).sum()))


def _standard_error(influence: Floats, n: int) -> float:
    return sqrt((n - 1) / n * float((influence**2).sum())) if n > 1 else nan


def _bounded(numerator: Floats, denominator: Floats, name: str) -> None:
    slack = 1e-9 * denominator.max(initial=0.0)
    broken = int(((numerator < -slack) | (numerator > denominator + slack)).sum())
    if broken:
        raise ValueError(
            f"{name}: the numerators of {broken} of {len(numerator)} clusters lie outside 0 to their denominator, "
            "so the ratio is not a share; leave bounded=False"
        )


def _interval(sums: _Sums, se: float, *, level: float, bounded: bool) -> Interval:
    if bounded and sums.n_eff > 0:
        share = min(max(sums.ratio, 0.0), 1.0)
        return wilson(share * sums.n_eff, sums.n_eff, level=level)._replace(value=sums.ratio)
    half = t(level, sums.n_eff - 1) * se
    return Interval(sums.ratio, sums.ratio - half, sums.ratio + half)


def _ratio(numerator: Floats, denominator: Floats, sums: _Sums, *, level: float, bounded: bool) -> Ratio:
    n = int(((numerator != 0) | (denominator != 0)).sum())
    se = _standard_error(sums.influence, n)
    _, low, high = _interval(sums, se, level=level, bounded=bounded)
    return Ratio(sums.ratio, low, high, se, sums.n_eff - 1, n, sums.n_eff, level)


def ratio_of_sums(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    *,
    cluster: npt.ArrayLike | None = None,
    bounded: bool = False,
    level: float = 0.95,
) -> Ratio:
    """Sum of numerators over sum of denominators, with an interval that holds when a few clusters weigh most.

    Delete-one-cluster jackknife, Student t on ``n_eff - 1`` degrees of freedom; with `bounded`, Wilson's
    score interval of a share on `n_eff` trials. The ratio is not a number without a denominator, the
    jackknife interval not below two effective clusters.

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
    Source: delete-one jackknife of a ratio: Efron & Tibshirani 1993, ch. 11. Effective number: Kish 1965,
    11.7. Wilson's interval on it: Dean & Pagano 2015, J Surv Stat Methodol 3:484. Both measured in
    ``benchmarks/coverage.py``.

    Examples
    --------
    >>> r = ratio_of_sums([9, 12, 0, 30], [10, 10, 10, 30])
    >>> round(r.value, 3), round(r.n_eff, 2), round(r.low, 2), round(r.high, 2)
    (0.85, 3.0, -0.03, 1.73)
    """
    y, x = column(numerator, "numerator"), column(denominator, "denominator", minimum=0)
    column(y, "numerator", like=x)
    _, (y, x) = cluster_sums(cluster, y, x)
    if bounded:
        _bounded(y, x, "numerator")
    return _ratio(y, x, _jackknife(y, x), level=level, bounded=bounded)


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


def _verdict(change: Interval, narrow: Interval, delta: float | None) -> Verdict:
    if change.low > 0 or change.high < 0:
        return "changed"
    if delta is not None and -delta < narrow.low and narrow.high < delta:
        return "unchanged within delta"
    return "cannot tell"


def paired_change(
    numerator_before: npt.ArrayLike,
    denominator_before: npt.ArrayLike,
    numerator_after: npt.ArrayLike,
    denominator_after: npt.ArrayLike,
    *,
    delta: float | None,
    cluster: npt.ArrayLike | None = None,
    bounded: bool = False,
    level: float = 0.95,
) -> Change:
    """Difference of two ratios of sums over the same clusters (after - before), with one of three verdicts.

    A row belongs to one cluster at both dates; a cluster that is absent at a date has zeros there. Leaving a
    cluster out at both dates at once keeps what the dates have in common (overlapping windows, the same
    members) out of the error.

    - ``changed``: the interval at `level` leaves 0 out. Where it also lies within `delta`, the change is
      real and small.
    - ``unchanged within delta``: two one-sided tests reject a change of `delta` or more, that is, the
      interval at ``2 * level - 1`` (90% for 95%) lies inside +-`delta`.
    - ``cannot tell``: neither.

    Parameters
    ----------
    numerator_before, denominator_before, numerator_after, denominator_after : array
        One value a row, all of one length.
    delta : float or None
        Bound of "unchanged", set before looking, in the unit of the ratio; None leaves that verdict out.
    cluster : array, optional
        Key of the independent unit of each row; by default each row is one.
    bounded : bool
        Whether numerators lie between 0 and their denominators at both dates: the interval is then recovered
        from the two Wilson intervals and the jackknife correlation of the two ratios.
    level : float
        Confidence level, between 0.5 and 1.

    Raises
    ------
    ValueError
        As `ratio_of_sums`; when `delta` is not positive.

    Notes
    -----
    Source: Schuirmann 1987, J Pharmacokinet Biopharm 15:657 (two one-sided tests); Zou & Donner 2008, Stat
    Med 27:1693 (bounded ratios).

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
        _bounded(y0, x0, "numerator_before")
        _bounded(y1, x1, "numerator_after")
    one, two = _jackknife(y0, x0), _jackknife(y1, x1)
    n = int(((x0 != 0) | (x1 != 0) | (y0 != 0) | (y1 != 0)).sum())
    se = _standard_error(two.influence - one.influence, n)
    n_eff = min(one.n_eff, two.n_eff)
    before = _ratio(y0, x0, one, level=level, bounded=bounded)
    after = _ratio(y1, x1, two, level=level, bounded=bounded)

    def at(wanted: float) -> Interval:
        value = two.ratio - one.ratio
        if bounded and n_eff > 0:
            first = _interval(two, after.se, level=wanted, bounded=True)
            second = _interval(one, before.se, level=wanted, bounded=True)
            return square_and_add(first, second, correlation=_correlation(one.influence, two.influence))
        half = t(wanted, n_eff - 1) * se
        return Interval(value, value - half, value + half)

    change = at(level)
    if bounded:  # the jackknife error is too small here; the interval's half-width is not
        smallest = (change.high - change.low) / 2 * (1 + z(0.6) / z(level))
    else:
        smallest = detectable(se, n_eff - 1, level=level)
    return Change(
        value=change.value,
        low=change.low,
        high=change.high,
        se=se,
        df=n_eff - 1,
        n=n,
        n_eff=n_eff,
        level=level,
        verdict=_verdict(change, at(2 * level - 1), delta),
        delta=delta,
        detectable=smallest,
        before=before,
        after=after,
    )


def _correlation(first: Floats, second: Floats) -> float:
    scale = sqrt(float((first**2).sum()) * float((second**2).sum()))
    return float((first * second).sum()) / scale if scale > 0 else 0.0
