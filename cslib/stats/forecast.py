"""Ranges for a forecast from its own past errors, and the score of past forecasts."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, inf, pi, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.proportion import Interval, wilson
from cslib.stats.quantiles import Floats, column, normal_cdf

__all__ = [
    "Record",
    "conformal_radius",
    "conformal_rank",
    "coverage",
    "crps_normal",
    "crps_sample",
    "interval_score",
    "rolling_origin",
    "supported_level",
]


def conformal_rank(n: int, *, level: float) -> int:
    """Rank, among n past absolute errors in rising order, that a new one stays within with probability `level`.

    Above n the history is too short for a range of that level.

    Notes
    -----
    Source: Lei, G'Sell, Rinaldo, Tibshirani & Wasserman 2018, JASA 113:1094; rank = ceil((n + 1) level).

    Examples
    --------
    >>> conformal_rank(19, level=0.95), conformal_rank(18, level=0.95)
    (19, 19)
    """
    if not 0 < level < 1 or n < 0:
        raise ValueError(f"found level {level} and n {n}, expected 0 < level < 1 and n >= 0")
    return ceil(round((n + 1) * level, 9))


def supported_level(n: int, levels: tuple[float, ...] = (0.95, 0.9, 0.8)) -> float | None:
    """First of `levels` that n past errors support; None when they support none.

    >>> supported_level(20), supported_level(12), supported_level(3)
    (0.95, 0.9, None)
    """
    return next((level for level in levels if conformal_rank(n, level=level) <= n), None)


def conformal_radius(errors: npt.ArrayLike, *, level: float) -> float:
    """Half-width of a split-conformal range, in the unit of the errors.

    Forecast +- this covers with probability `level` if past and future errors are exchangeable.

    Infinite when the history is too short for the level.

    Parameters
    ----------
    errors : array
        Forecast - outcome of past forecasts that were made without their outcome; the sign does not matter.

    Raises
    ------
    ValueError
        When an error is not finite or the level no share.

    Notes
    -----
    Source: Lei et al. 2018, JASA 113:1094, algorithm 2.

    Examples
    --------
    >>> conformal_radius([1, -3, 2, 4], level=0.8), conformal_radius([1, -3, 2, 4], level=0.9)
    (4.0, inf)
    """
    sizes = np.sort(np.abs(column(errors, "errors")))
    rank = conformal_rank(len(sizes), level=level)
    return float(sizes[rank - 1]) if rank <= len(sizes) else inf


class Record(NamedTuple):
    """Forecasts made in the past from what was known then, against what came."""

    origin: npt.NDArray[np.int64]
    """Position of the last value known when the forecast was made."""
    forecast: Floats
    outcome: Floats
    low: Floats
    high: Floats
    """Range given then; infinite where the history did not support one."""


def rolling_origin(
    values: npt.ArrayLike,
    forecaster: Callable[[Floats], float],
    *,
    first: int,
    horizon: int = 1,
    level: float,
) -> Record:
    """Forecasts of every past value from the values before it, with the conformal range known at that time.

    Parameters
    ----------
    values : array
        Outcomes in order of time.
    forecaster : callable
        Takes the values known at the origin, gives the forecast `horizon` steps ahead.
    first : int
        Number of values known at the first origin, 1 or more.
    horizon : int
        Steps ahead, 1 or more. An error enters the range only once its outcome is known.
    level : float
        Level of the ranges.

    Raises
    ------
    ValueError
        When `first` or `horizon` is below 1, or no outcome is left to compare with.

    Notes
    -----
    Source: Tashman 2000, Int J Forecasting 16:437 (rolling origin).

    Examples
    --------
    >>> past = rolling_origin([5, 6, 5, 7, 6, 6, 5], lambda known: known[-1], first=1, level=0.5)
    >>> past.forecast.tolist(), past.high[:4].tolist()
    ([5.0, 6.0, 5.0, 7.0, 6.0, 6.0], [inf, 7.0, 6.0, 8.0])
    """
    outcomes = column(values, "values")
    if first < 1 or horizon < 1 or first - 1 + horizon >= len(outcomes):
        raise ValueError(
            f"found first={first} and horizon={horizon} for {len(outcomes)} values, expected both 1 or more "
            "and a value left to compare with"
        )
    origin = np.arange(first - 1, len(outcomes) - horizon)
    made = np.array([float(forecaster(outcomes[: i + 1])) for i in origin])
    error = made - outcomes[origin + horizon]
    radius = np.array(
        [conformal_radius(error[: max(j - horizon + 1, 0)], level=level) for j in range(len(origin))]
    )
    return Record(origin, made, outcomes[origin + horizon], made - radius, made + radius)


def coverage(
    low: npt.ArrayLike, high: npt.ArrayLike, outcome: npt.ArrayLike, *, level: float = 0.95
) -> tuple[int, int, Interval]:
    """Outcomes inside their finite range, ranges given, and the share with its Wilson interval.

    Raises
    ------
    ValueError
        When no range is finite.

    Examples
    --------
    >>> inside, n, share = coverage([0, 0, 0, float("-inf")], [1, 1, 1, float("inf")], [0.5, 2, 1, 9])
    >>> inside, n, round(share.low, 2), round(share.high, 2)
    (2, 3, 0.21, 0.94)
    """
    below, above = np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
    came = column(outcome, "outcome")
    given = np.isfinite(below) & np.isfinite(above)
    n, inside = int(given.sum()), int((given & (below <= came) & (came <= above)).sum())
    if not n:
        raise ValueError("low, high: found no finite range, expected at least one to judge")
    return inside, n, wilson(inside, n, level=level)


def interval_score(
    low: npt.ArrayLike, high: npt.ArrayLike, outcome: npt.ArrayLike, *, level: float
) -> Floats:
    """Width of each range plus 2 / (1 - level) times the miss; smaller is better, in the unit of the outcome.

    Notes
    -----
    Source: Gneiting & Raftery 2007, JASA 102:359, eq. 43.

    Examples
    --------
    >>> interval_score([0, 0], [1, 1], [0.5, 1.2], level=0.8).round(2).tolist()
    [1.0, 3.0]
    """
    came = column(outcome, "outcome")
    below, above = column(low, "low", like=came), column(high, "high", like=came)
    miss = np.maximum(below - came, 0) + np.maximum(came - above, 0)
    return above - below + 2 / (1 - level) * miss


def crps_normal(mean: npt.ArrayLike, sd: npt.ArrayLike, outcome: npt.ArrayLike) -> Floats:
    """Continuous ranked probability score of normal forecasts, in the unit of the outcome; smaller is better.

    Raises
    ------
    ValueError
        When a standard deviation is not positive.

    Notes
    -----
    Source: Gneiting, Raftery, Westveld & Goldman 2005, Mon Weather Rev 133:1098, eq. 5.

    Examples
    --------
    >>> crps_normal([0, 0], [1, 1], [-3, 0]).round(6).tolist()
    [2.436575, 0.233695]
    """
    came = column(outcome, "outcome")
    middle, spread = column(mean, "mean", like=came), column(sd, "sd", like=came, minimum=0)
    if not (spread > 0).all():
        raise ValueError(f"sd: {int((spread == 0).sum())} of {len(spread)} are 0; expected positive")
    w = (came - middle) / spread
    density = np.exp(-(w**2) / 2) / sqrt(2 * pi)
    return spread * (w * (2 * normal_cdf(w) - 1) + 2 * density - 1 / sqrt(pi))


def crps_sample(sample: npt.ArrayLike, outcome: float) -> float:
    """Continuous ranked probability score of a forecast given as equally likely values; smaller is better.

    Mean distance to the outcome, less half the mean distance between two draws.

    Notes
    -----
    Source: Gneiting & Raftery 2007, JASA 102:359, eq. 21.

    Examples
    --------
    >>> crps_sample([1.0, 3.0], 2.0)
    0.5
    """
    draws = np.sort(column(sample, "sample"))
    n = len(draws)
    between = 2 * float(((2 * np.arange(1, n + 1) - n - 1) * draws).sum()) / n**2
    return float(np.abs(draws - outcome).mean()) - between / 2
