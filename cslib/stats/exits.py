"""Several ways out, and groups formed on the way: competing exits, landmark comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, Ints, column
from cslib.stats.survival import Curve, LogRank, at_risk_of, ending_of, kaplan_meier, log_rank, subjects_of

__all__ = ["Incidence", "Landmark", "aalen_johansen", "landmark"]


@dataclass(frozen=True, slots=True)
class Incidence:
    """Cumulative incidence of competing exits: one row a cause, one column a time."""

    cause: Ints
    time: Floats
    n_at_risk: Ints
    incidence: Floats
    """Share gone by the time through the cause."""
    se: Floats


def aalen_johansen(
    time: npt.ArrayLike, cause: npt.ArrayLike, *, entry: npt.ArrayLike | None = None
) -> Incidence:
    """Share that has left through each of several competing exits by each time; the rows and the survivors sum to 1.

    Parameters
    ----------
    time : array
        Time at which each subject left or was last seen.
    cause : array of int
        Exit, 1, 2, ...; 0 for a subject that was only last seen.
    entry : array, optional
        Time after which the subject is under observation.

    Raises
    ------
    ValueError
        As `kaplan_meier`.

    Notes
    -----
    Source: Aalen & Johansen 1978, Scand J Stat 5:141; variance by the delta method: Marubini & Valsecchi
    1995, ch. 10.

    Examples
    --------
    >>> exits = aalen_johansen([1, 2, 3, 4], [1, 2, 0, 1])
    >>> exits.incidence.tolist()
    [[0.25, 0.25, 0.75], [0.0, 0.25, 0.25]]
    """
    subjects = subjects_of(time, cause, entry, None)
    ends = subjects.event > 0
    times = np.unique(subjects.time[ends])
    causes = np.unique(subjects.event[ends])
    ones = np.ones(len(subjects.time))
    n = at_risk_of(subjects, times, ones)
    ended = (
        np.stack([ending_of(subjects, times, ones, subjects.event == c) for c in causes])
        if len(causes)
        else np.empty((0, 0))
    )
    d = ended.sum(axis=0)
    before = np.concatenate([[1.0], np.cumprod(1 - d / n)])[:-1]
    incidence = np.cumsum(before * ended / n, axis=1)
    all_gone = np.divide(d, n * (n - d), out=np.zeros(len(times)), where=n > d)
    # Sums over earlier times s of (F(t) - F(s))^2 gone + S(s-)^2 d (n - d) / n^3 - 2 (F(t) - F(s)) S(s-) d / n^2.
    once = before * ended / n**2
    variance = (
        incidence**2 * np.cumsum(all_gone)
        - 2 * incidence * np.cumsum(all_gone * incidence, axis=1)
        + np.cumsum(all_gone * incidence**2, axis=1)
        + np.cumsum(before * once * (n - ended) / n, axis=1)
        - 2 * (incidence * np.cumsum(once, axis=1) - np.cumsum(once * incidence, axis=1))
    )
    return Incidence(causes, times, n.round().astype(np.int64), incidence, np.sqrt(np.maximum(variance, 0.0)))


class Landmark(NamedTuple):
    """Two groups formed by what was known at the landmark, compared from there on."""

    n_exposed: int
    n_other: int
    exposed: Curve
    other: Curve
    test: LogRank


def landmark(
    time: npt.ArrayLike, event: npt.ArrayLike, exposed_at: npt.ArrayLike, *, at: float, level: float = 0.95
) -> Landmark:
    """Survival from a landmark on, of those exposed by then against those not yet, among all still at risk.

    Grouping by "ever exposed" credits the exposed with the time they had to survive to be exposed (immortal
    time). Here the groups are formed by what was known at the landmark; later exposure changes nothing. A
    difference is an association.

    Parameters
    ----------
    time, event : array
        As in `kaplan_meier`.
    exposed_at : array
        Time of first exposure; not a number for never.
    at : float
        The landmark: subjects with ``time > at`` are compared, exposed when ``exposed_at <= at``.
    level : float
        Confidence level of the bands.

    Raises
    ------
    ValueError
        When one of the two groups is empty at the landmark.

    Notes
    -----
    Source: Anderson, Cain & Gelber 1983, J Clin Oncol 1:710.

    Examples
    --------
    >>> found = landmark([2, 9, 12, 20, 30], [1, 1, 1, 0, 1], [1, float("nan"), 4, 7, 15], at=5)
    >>> found.n_exposed, found.n_other
    (1, 3)
    """
    until = column(time, "time")
    ended = column(event, "event", like=until, minimum=0)
    first = np.asarray(exposed_at, dtype=np.float64)
    if first.shape != until.shape:
        raise ValueError(f"exposed_at: found {first.shape} values, expected {len(until)}, one a row")
    still = until > at
    exposed = first[still] <= at
    since, ended = until[still] - at, ended[still]
    if exposed.all() or not exposed.any():
        raise ValueError(
            f"at {at:g}: found {int(exposed.sum())} exposed and {int((~exposed).sum())} others at risk, "
            "expected some of each"
        )
    return Landmark(
        int(exposed.sum()),
        int((~exposed).sum()),
        kaplan_meier(since[exposed], ended[exposed], level=level),
        kaplan_meier(since[~exposed], ended[~exposed], level=level),
        log_rank(since, ended, exposed),
    )
