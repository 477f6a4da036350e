"""Time until something ends: Kaplan-Meier, its influences, log-rank, restricted mean.

Subjects may enter late (`entry`) and leave before the end is seen (`event` false). A subject is at risk at
time s when ``entry < s <= time``. Tied times: ends come before withdrawals.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, Ints, chi2_upper, column, z

__all__ = [
    "Curve",
    "LogRank",
    "RestrictedMean",
    "influence",
    "kaplan_meier",
    "log_rank",
    "restricted_mean",
]


@dataclass(frozen=True, slots=True)
class Curve:
    """A survival curve: one entry for every time at which something ended."""

    time: Floats
    n_at_risk: Ints
    n_events: Ints
    survival: Floats
    """Share that survives beyond the time."""
    se: Floats
    low: Floats
    high: Floats
    """Pointwise band; not a number once nothing survives."""
    log_variance: Floats
    """Variance of the log of the survival: Greenwood's sum where subjects weigh the same."""

    def at(self, time: float) -> float:
        """Share that survives beyond `time`; 1 before the first end."""
        past = int(np.searchsorted(self.time, time, side="right"))
        return float(self.survival[past - 1]) if past else 1.0

    def quantile(self, share: float = 0.5) -> float:
        """First time by which at least `share` have ended (0.5: the median); not a number when never reached."""
        reached = np.flatnonzero(self.survival <= 1 - share + 1e-12)
        return float(self.time[reached[0]]) if len(reached) else nan


class Subjects(NamedTuple):
    """Checked input of every estimator here; `event` is 0 for censored, else the exit."""

    time: Floats
    event: Ints
    entry: Floats
    weight: Floats


def subjects_of(
    time: npt.ArrayLike, event: npt.ArrayLike, entry: npt.ArrayLike | None, weight: npt.ArrayLike | None
) -> Subjects:
    until = column(time, "time")
    cause = column(event, "event", like=until, minimum=0).astype(np.int64)
    if entry is None:
        start = np.full(len(until), -np.inf)
    else:
        start = column(entry, "entry", like=until)
        late = np.flatnonzero(start >= until)
        if len(late):
            raise ValueError(
                f"entry: {len(late)} of {len(until)} subjects enter at or after their own time, "
                f"first: position {late[0]}, {start[late[0]]:g} against {until[late[0]]:g}"
            )
    heavy = np.ones(len(until)) if weight is None else column(weight, "weight", like=until, minimum=0)
    return Subjects(until, cause, start, heavy)


def at_risk_of(subjects: Subjects, times: Floats, amount: Floats) -> Floats:
    """Sum of `amount` over the subjects at risk at each time: entered before it, not gone before it."""

    def from_on(moments: Floats) -> Floats:
        # Added up from the last, so that few who are left are not the difference of two large sums.
        order = np.argsort(moments, kind="stable")
        running = np.concatenate([np.cumsum(amount[order][::-1])[::-1], [0.0]])
        return np.asarray(running[np.searchsorted(moments[order], times, side="left")])

    return from_on(subjects.time) - from_on(subjects.entry)


def ending_of(subjects: Subjects, times: Floats, amount: Floats, ends: npt.NDArray[np.bool_]) -> Floats:
    place = np.searchsorted(times, subjects.time[ends])
    return np.bincount(place, weights=amount[ends], minlength=len(times)).astype(np.float64)


def kaplan_meier(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    entry: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Curve:
    """Share that survives beyond each time, product over times of 1 - ended / at risk, with a log-log band.

    Parameters
    ----------
    time : array
        Time at which each subject ended or was last seen.
    event : array of bool
        Whether the subject ended (true) or was only last seen (false: censored).
    entry : array, optional
        Time after which the subject is under observation (delayed entry); by default from the beginning.
    weight : array, optional
        Size of each subject. The curve is then the share of size that survives, and the variance the
        infinitesimal jackknife's over subjects; with equal weights both are the plain ones. A weight is not a
        count of subjects: repeat the row instead.
    level : float
        Confidence level of the pointwise band.

    Raises
    ------
    ValueError
        When a value is not finite, lengths differ, or a subject enters at or after its own time.

    Notes
    -----
    Source: Kaplan & Meier 1958, JASA 53:457; Greenwood 1926; band on the log(-log) scale: Kalbfleisch &
    Prentice 2002, 1.4.1; weights: infinitesimal jackknife, Therneau & Grambsch 2000, 7.2 and appendix E.

    Examples
    --------
    >>> curve = kaplan_meier([3, 5, 5, 8], [1, 1, 0, 1])
    >>> curve.time.tolist(), curve.n_at_risk.tolist(), curve.survival.tolist()
    ([3.0, 5.0, 8.0], [4, 3, 1], [0.75, 0.5, 0.0])
    """
    subjects = subjects_of(time, event, entry, weight)
    steps = _steps(subjects)
    variance = steps.greenwood if weight is None else _log_variance(subjects, steps)
    low, high = _log_log_band(steps.survival, variance, level=level)
    return Curve(
        time=steps.time,
        n_at_risk=at_risk_of(subjects, steps.time, np.ones(len(subjects.time))).round().astype(np.int64),
        n_events=np.unique(subjects.time[subjects.event > 0], return_counts=True)[1].astype(np.int64),
        survival=steps.survival,
        se=steps.survival * np.sqrt(variance),
        low=low,
        high=high,
        log_variance=variance,
    )


class _Steps(NamedTuple):
    time: Floats
    survival: Floats
    greenwood: Floats
    """Greenwood sum, as if each unit of weight were a subject; not a number once nothing survives."""
    compensator: Floats
    """What a subject is expected to move the log of the survival by, up to each time; 0 before the first."""
    jump: Floats
    """What each subject that ended moved it by."""


def _steps(subjects: Subjects) -> _Steps:
    ends = subjects.event > 0
    times = np.unique(subjects.time[ends])
    at_risk = at_risk_of(subjects, times, subjects.weight)
    ended = ending_of(subjects, times, subjects.weight, ends)
    all_end = ended >= at_risk * (1 - 1e-12)
    hazard = np.where(all_end & (at_risk > 0), 1.0, ended / np.where(at_risk > 0, at_risk, 1.0))
    left = np.where(all_end, 0.0, at_risk - ended)
    inverse = np.divide(1.0, left, out=np.zeros(len(times)), where=left > 0)
    jump = np.zeros(len(subjects.time))
    jump[ends] = inverse[np.searchsorted(times, subjects.time[ends])]
    greenwood = np.cumsum(np.where(hazard < 1, hazard * inverse, nan))
    compensator = np.concatenate([[0.0], np.cumsum(hazard * inverse)])
    return _Steps(times, np.cumprod(1 - hazard), greenwood, compensator, jump)


def _log_variance(subjects: Subjects, steps: _Steps) -> Floats:
    """Sum over subjects of squared influences on the log of the survival, without a row for each."""
    compensator, heavy2 = steps.compensator, subjects.weight**2
    until = compensator[np.searchsorted(steps.time, subjects.time, side="right")]
    since = compensator[np.searchsorted(steps.time, subjects.entry, side="right")]
    gone = heavy2 * (steps.jump - (until - since)) ** 2
    now = compensator[1:]
    later = np.nextafter(steps.time, np.inf)  # those still there once the time has passed

    def still(amount: Floats) -> Floats:
        return at_risk_of(subjects, later, amount)

    order = np.searchsorted(steps.time, subjects.time)
    settled = np.bincount(order, weights=gone, minlength=len(steps.time) + 1)[: len(steps.time)].cumsum()
    pending = now**2 * still(heavy2) - 2 * now * still(heavy2 * since) + still(heavy2 * since**2)
    return np.where(steps.survival > 0, settled + pending, nan)


def _log_log_band(survival: Floats, variance: Floats, *, level: float) -> tuple[Floats, Floats]:
    inside = (survival > 0) & (survival < 1)
    log = np.log(np.where(inside, survival, 0.5))
    reach = np.exp(z(level) * np.sqrt(np.where(inside, variance, nan)) / np.abs(log))
    return np.exp(log * reach), np.exp(log / reach)


def influence(
    time: npt.ArrayLike,
    event: npt.ArrayLike,
    *,
    at: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> Floats:
    """Infinitesimal-jackknife influence of every subject on the survival curve: one row a subject, one column a time.

    The sum of squares of a column is the variance of the curve at that time. Where subjects stand or fall
    together, add their rows first: the sum of squares over clusters is then the clustered variance.

    Raises
    ------
    ValueError
        As `kaplan_meier`.

    Notes
    -----
    Source: Therneau & Grambsch 2000, Modeling Survival Data, appendix E (validation data).

    Examples
    --------
    >>> (144 * influence([9, 1, 1, 6, 6, 8], [1, 1, 0, 1, 1, 0], at=[1])[:, 0]).round().tolist()
    [4.0, -20.0, 4.0, 4.0, 4.0, 4.0]
    """
    subjects = subjects_of(time, event, entry, weight)
    moments = column(at, "at")
    steps = _steps(subjects)
    survival = np.concatenate([[1.0], steps.survival])
    result = np.empty((len(subjects.time), len(moments)))
    for j, moment in enumerate(moments):
        until = np.searchsorted(steps.time, np.minimum(subjects.time, moment), side="right")
        since = np.searchsorted(steps.time, np.minimum(subjects.entry, moment), side="right")
        martingale = steps.jump * (subjects.time <= moment) - (
            steps.compensator[until] - steps.compensator[since]
        )
        past = int(np.searchsorted(steps.time, moment, side="right"))
        result[:, j] = -survival[past] * subjects.weight * martingale
    return result


class RestrictedMean(NamedTuple):
    """Mean time survived up to a horizon."""

    value: float
    se: float
    low: float
    high: float


def restricted_mean(curve: Curve, horizon: float, *, level: float = 0.95) -> RestrictedMean:
    """Mean time survived up to `horizon`: area under the survival curve from 0, in the unit of time.

    The error supposes a curve of subjects that weigh the same.

    Raises
    ------
    ValueError
        When the horizon is not positive.

    Notes
    -----
    Source: Klein & Moeschberger 2003, eq. 4.5.1 and 4.5.2.

    Examples
    --------
    >>> restricted_mean(kaplan_meier([3, 5, 5, 8], [1, 1, 0, 1]), 8).value
    6.0
    """
    if not horizon > 0:
        raise ValueError(f"horizon: found {horizon}, expected a positive time")
    inside = curve.time < horizon
    edges = np.concatenate([[0.0], curve.time[inside], [horizon]])
    pieces = np.diff(edges) * np.concatenate([[1.0], curve.survival[inside]])
    beyond = pieces[::-1].cumsum()[::-1][1:]
    step = np.diff(np.concatenate([[0.0], curve.log_variance[inside]]))
    # Once nothing survives there is no area left to vary, though its Greenwood term is not defined.
    variance = float((beyond**2 * np.where(beyond > 0, step, 0.0)).sum())
    value, se = float(pieces.sum()), sqrt(variance)
    return RestrictedMean(value, se, value - z(level) * se, value + z(level) * se)


class LogRank(NamedTuple):
    """Whether groups end at the same rate."""

    chi2: float
    df: int
    p: float
    group: npt.NDArray[np.generic]
    observed: Ints
    expected: Floats
    """Ends in each group if all groups ended at the common rate."""


def log_rank(
    time: npt.ArrayLike, event: npt.ArrayLike, group: npt.ArrayLike, *, entry: npt.ArrayLike | None = None
) -> LogRank:
    """Log-rank test that groups end at the same rate: chi-square on groups - 1 degrees of freedom.

    Raises
    ------
    ValueError
        As `kaplan_meier`; when there are fewer than two groups.

    Notes
    -----
    Source: Mantel 1966; Peto & Peto 1972, JRSS-A 135:185; Klein & Moeschberger 2003, eq. 7.3.3.

    Examples
    --------
    >>> test = log_rank([10, 20, 30, 10, 20, 50], [1] * 6, [1, 1, 1, 0, 0, 0])
    >>> round(test.chi2, 6), test.df, round(test.p, 4)
    (0.254237, 1, 0.6141)
    """
    subjects = subjects_of(time, event, entry, None)
    names, code = np.unique(np.asarray(group), return_inverse=True)
    if len(code) != len(subjects.time):
        raise ValueError(f"group: found {len(code)} values, expected {len(subjects.time)}, one a row")
    if len(names) < 2:
        raise ValueError(f"group: found {len(names)} groups, expected two or more")
    ends = subjects.event > 0
    times = np.unique(subjects.time[ends])
    members = [(code == g).astype(np.float64) for g in range(len(names))]
    at_risk = np.stack([at_risk_of(subjects, times, member) for member in members])
    ended = np.stack([ending_of(subjects, times, member, ends) for member in members])
    n, d = at_risk.sum(axis=0), ended.sum(axis=0)
    share = at_risk / n
    expected = (share * d).sum(axis=1)
    tied = np.divide(d * (n - d), n - 1, out=np.zeros(len(times)), where=n > 1)
    covariance = np.diag((share * tied).sum(axis=1)) - (share * tied) @ share.T
    gap = (ended.sum(axis=1) - expected)[:-1]
    chi2 = float(gap @ np.linalg.pinv(covariance[:-1, :-1]) @ gap)
    df = len(names) - 1
    return LogRank(
        chi2, df, chi2_upper(chi2, df), names, ended.sum(axis=1).round().astype(np.int64), expected
    )
