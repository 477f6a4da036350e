"""How well a score tells cases from others: AUC with DeLong's errors, Brier and its split, calibration."""

from __future__ import annotations

from math import nan, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.proportion import wilson
from cslib.stats.quantiles import Floats, Ints, column, midranks, normal_two_sided, z

__all__ = ["AUC", "Brier", "Calibration", "Comparison", "auc", "brier", "calibration", "compare_auc"]


class AUC(NamedTuple):
    """Chance that a case scores higher than a non-case, ties counting half."""

    value: float
    se: float
    low: float
    high: float
    n_cases: int
    n_others: int


class Comparison(NamedTuple):
    """Difference of the AUC of two scores on the same subjects."""

    difference: float
    se: float
    z: float
    p: float


def _outcome(outcome: npt.ArrayLike, like: Floats) -> npt.NDArray[np.bool_]:
    values = column(outcome, "outcome", like=like)
    if not np.isin(values, (0.0, 1.0)).all():
        raise ValueError("outcome: found other values than 0 and 1, expected only these")
    return np.asarray(values == 1)


def _placements(score: Floats, case: npt.NDArray[np.bool_]) -> tuple[float, Floats, Floats]:
    """AUC; for each case the share of others below it, for each other the share of cases above it."""
    m, n = int(case.sum()), int((~case).sum())
    if not m or not n:
        raise ValueError(f"outcome: found {m} cases and {n} others, expected some of each")
    ranks = midranks(score)
    of_cases = (ranks[case] - midranks(score[case])) / n
    of_others = 1 - (ranks[~case] - midranks(score[~case])) / m
    return float(of_cases.mean()), of_cases, of_others


def _variance(of_cases: Floats, of_others: Floats) -> float:
    m, n = len(of_cases), len(of_others)
    if min(m, n) < 2:
        return nan
    return float(of_cases.var(ddof=1)) / m + float(of_others.var(ddof=1)) / n


def auc(score: npt.ArrayLike, outcome: npt.ArrayLike, *, level: float = 0.95) -> AUC:
    """Area under the ROC curve with DeLong's standard error and normal interval, cut to 0 and 1.

    Parameters
    ----------
    score : array
        Higher for those thought more likely to be cases.
    outcome : array of 0 and 1
        1 for a case.

    Raises
    ------
    ValueError
        When there are no cases or no others, or an outcome is neither 0 nor 1.

    Notes
    -----
    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837; by ranks: Sun & Xu 2014, IEEE Signal
    Proc Lett 21:1389.

    Examples
    --------
    >>> auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).value
    0.75
    """
    values = column(score, "score")
    case = _outcome(outcome, values)
    area, of_cases, of_others = _placements(values, case)
    se = sqrt(_variance(of_cases, of_others))
    half = z(level) * se
    low, high = (max(area - half, 0.0), min(area + half, 1.0)) if np.isfinite(se) else (nan, nan)
    return AUC(area, se, low, high, int(case.sum()), int((~case).sum()))


def compare_auc(first: npt.ArrayLike, second: npt.ArrayLike, outcome: npt.ArrayLike) -> Comparison:
    """AUC of the first score less that of the second on the same subjects, with DeLong's paired test.

    Raises
    ------
    ValueError
        As `auc`.

    Notes
    -----
    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837.

    Examples
    --------
    >>> compare_auc([1, 2, 3, 4], [1, 3, 2, 4], [0, 0, 1, 1]).difference
    0.25
    """
    one = column(first, "first")
    two = column(second, "second", like=one)
    case = _outcome(outcome, one)
    area1, cases1, others1 = _placements(one, case)
    area2, cases2, others2 = _placements(two, case)
    se = sqrt(_variance(cases1 - cases2, others1 - others2))
    statistic = (area1 - area2) / se if se > 0 else nan
    return Comparison(area1 - area2, se, statistic, normal_two_sided(statistic))


class Brier(NamedTuple):
    """Mean squared error of probabilities and its parts: score = reliability - resolution + uncertainty."""

    score: float
    reliability: float
    """Distance of forecasts from what happened at them; 0 is perfectly calibrated."""
    resolution: float
    """How far outcomes at different forecasts lie apart; 0 when the forecast tells nothing."""
    uncertainty: float
    """Score of always forecasting the base rate."""


def brier(p: npt.ArrayLike, outcome: npt.ArrayLike) -> Brier:
    """Brier score of probabilities with Murphy's split over their distinct values, exact.

    With as many distinct values as subjects the split says little; round the probabilities first.

    Raises
    ------
    ValueError
        When a probability lies outside 0 to 1, or an outcome is neither 0 nor 1.

    Notes
    -----
    Source: Brier 1950, Mon Weather Rev 78:1; Murphy 1973, J Appl Meteorol 12:595.

    Examples
    --------
    >>> split = brier([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0])
    >>> round(split.score, 4), split.uncertainty
    (0.0375, 0.25)
    """
    forecast = _probabilities(p)
    came = _outcome(outcome, forecast).astype(np.float64)
    base = float(came.mean())
    distinct, code, n = np.unique(forecast, return_inverse=True, return_counts=True)
    rate = np.bincount(code, weights=came) / n
    share = n / len(came)
    return Brier(
        float(((forecast - came) ** 2).mean()),
        float((share * (distinct - rate) ** 2).sum()),
        float((share * (rate - base) ** 2).sum()),
        base * (1 - base),
    )


def _probabilities(p: npt.ArrayLike) -> Floats:
    forecast = column(p, "p", minimum=0)
    if not len(forecast) or forecast.max() > 1:
        raise ValueError("p: expected one or more probabilities, each 0 to 1")
    return forecast


class Calibration(NamedTuple):
    """Forecast against outcome in groups of rising forecast; each array has one entry a group."""

    n: Ints
    forecast: Floats
    """Mean forecast."""
    observed: Floats
    """Share of cases."""
    low: Floats
    high: Floats


def calibration(
    p: npt.ArrayLike, outcome: npt.ArrayLike, *, groups: int = 10, level: float = 0.95
) -> Calibration:
    """Mean forecast and share of cases, with Wilson's interval, in groups of equal number; ties stay together.

    Raises
    ------
    ValueError
        As `brier`; when `groups` is below 1.

    Notes
    -----
    Source: Hosmer & Lemeshow 1980 (grouping); Wilson 1927 (interval).

    Examples
    --------
    >>> table = calibration([0.1, 0.1, 0.8, 0.9], [0, 0, 1, 1], groups=2)
    >>> table.n.tolist(), table.forecast.round(2).tolist(), table.observed.tolist()
    ([2, 2], [0.1, 0.85], [0.0, 1.0])
    """
    if groups < 1:
        raise ValueError(f"groups: found {groups}, expected 1 or more")
    forecast = _probabilities(p)
    came = _outcome(outcome, forecast).astype(np.float64)
    # The middle rank places a tie as one; counted from 0.5 so that equal groups come out equal.
    place = np.minimum(((midranks(forecast) - 0.5) * groups / len(forecast)).astype(np.int64), groups - 1)
    _, code, n = np.unique(place, return_inverse=True, return_counts=True)
    cases = np.bincount(code, weights=came)
    bounds = np.array(
        [wilson(float(k), float(total), level=level) for k, total in zip(cases, n, strict=True)]
    )
    return Calibration(
        n.astype(np.int64), np.bincount(code, weights=forecast) / n, cases / n, bounds[:, 1], bounds[:, 2]
    )
