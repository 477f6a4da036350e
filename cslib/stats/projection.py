"""Projecting survival with two or three parameters: shifted-beta-geometric and beta-discrete-Weibull.

Each subject ends in a period with its own probability; those probabilities differ as a Beta(alpha, beta).
The weak leave first, so the survivors' rate improves with age without anybody improving. With c, the ageing
of a single subject: above 1 its own risk grows with age, below 1 it shrinks, 1 is the shifted-beta-geometric.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, beta_ratio, column

__all__ = ["SurvivalModel", "fit", "residual_lifetime", "survival", "survival_rate"]


class SurvivalModel(NamedTuple):
    """A fitted beta-discrete-Weibull: survival S(t) = B(alpha, beta + t ** c) / B(alpha, beta)."""

    alpha: float
    beta: float
    c: float
    """Ageing of a single subject; exactly 1 in the shifted-beta-geometric."""
    log_likelihood: float
    n_ended: float
    """Observed ends: what the fit rests on."""

    @property
    def mean_hazard(self) -> float:
        """Mean probability to end in the first period."""
        return self.alpha / (self.alpha + self.beta)


def survival(model: SurvivalModel, age: npt.ArrayLike) -> Floats:
    """Share still there after `age` periods, 1 at age 0.

    Notes
    -----
    Source: Fader & Hardie 2007, J Interactive Marketing 21(1):76, eq. 6; with c: Fader, Hardie, Liu, Davin &
    Steenburgh 2018, J Interactive Marketing 43:1, eq. 3.

    Examples
    --------
    >>> survival(SurvivalModel(1.0, 1.0, 1.0, 0.0, 0.0), [0, 1, 3]).tolist()
    [1.0, 0.5, 0.25]
    """
    moved = column(age, "age", minimum=0) ** model.c
    return beta_ratio(model.alpha, model.beta, moved)


def survival_rate(model: SurvivalModel, age: npt.ArrayLike) -> Floats:
    """Share of those there at age - 1 that are still there at `age`, for ages from 1.

    Examples
    --------
    >>> survival_rate(SurvivalModel(1.0, 1.0, 1.0, 0.0, 0.0), [1, 2]).round(4).tolist()
    [0.5, 0.6667]
    """
    ages = column(age, "age", minimum=1)
    return survival(model, ages) / survival(model, ages - 1)


def fit(survivors: Sequence[npt.ArrayLike], *, ageing: bool = False) -> SurvivalModel:
    """Maximum-likelihood shifted-beta-geometric over several cohorts at once; with `ageing`, beta-discrete-Weibull.

    Parameters
    ----------
    survivors : sequence of arrays
        One array a cohort: size at age 0, 1, ...; never increasing. Shares are fine, the likelihood is then
        per subject.
    ageing : bool
        Whether to fit c too; it needs at least three periods.

    Raises
    ------
    ValueError
        When a cohort grows, nothing ended or nothing was left, or there are too few periods for the
        parameters.

    Notes
    -----
    Source: Fader & Hardie 2007, appendix B; several cohorts: Fader & Hardie, Fitting the sBG Model to
    Multi-Cohort Data; c: Fader et al. 2018, J Interactive Marketing 43:1.

    Examples
    --------
    >>> model = fit([[1000, 869, 743, 653, 593, 551, 517, 491]])
    >>> round(model.alpha, 3), round(model.beta, 3)
    (0.668, 3.806)
    """
    cohorts = [column(cohort, f"survivors[{i}]", minimum=0) for i, cohort in enumerate(survivors)]
    for i, cohort in enumerate(cohorts):
        if (np.diff(cohort) > 0).any():
            raise ValueError(
                f"survivors[{i}]: found a cohort that grows; expected survivors, never increasing with age"
            )
    periods = max((len(cohort) for cohort in cohorts), default=0) - 1
    needed = 3 if ageing else 2
    if periods < needed:
        raise ValueError(
            f"survivors: found {max(periods, 0)} periods, expected {needed} or more to fit this model"
        )
    ended, left = np.zeros(periods), np.zeros(periods + 1)
    for cohort in cohorts:
        ended[: len(cohort) - 1] -= np.diff(cohort)
        left[len(cohort) - 1] += cohort[-1]
    if not ended.sum() > 0 or not left.sum() > 0:
        raise ValueError(
            "survivors: found no end, or nobody left; such a history does not say how survival goes on"
        )
    ages = np.arange(periods + 1.0)

    def loss(parameters: Floats) -> float:
        a, b = np.exp(parameters[:2])
        share = beta_ratio(a, b, ages ** (np.exp(parameters[2]) if ageing else 1.0))
        going = np.maximum(share[:-1] - share[1:], 1e-300)
        return -float(ended @ np.log(going) + left @ np.log(np.maximum(share, 1e-300)))

    from scipy import optimize

    scale = float(ended.sum() + left.sum())
    bounds = [(-10.0, 12.0)] * 2 + [(-3.0, 3.0)] * ageing
    starts = [[0.0, 1.0], [0.0, 3.0], [2.0, 4.0], [-1.5, 0.0]]

    def climb(start: npt.ArrayLike, near: float) -> optimize.OptimizeResult:
        return optimize.minimize(
            lambda p: loss(p) / scale,
            start,
            bounds=bounds,
            method="Nelder-Mead",
            options={"xatol": near, "fatol": near**2, "maxiter": 1000},
        )

    tries = [climb([*start, *[0.0] * ageing], 1e-2) for start in starts]
    found = min(tries, key=lambda result: float(result.fun))
    polished = climb(climb(found.x, 1e-4).x, 1e-6)  # begun anew, the simplex leaves what it got stuck in
    best = polished.x
    alpha, beta = np.exp(best[:2])
    c = float(np.exp(best[2])) if ageing else 1.0
    return SurvivalModel(float(alpha), float(beta), c, -loss(best), float(ended.sum()))


def residual_lifetime(model: SurvivalModel, survived: npt.ArrayLike, *, discount: float) -> Floats:
    """Discounted expected residual lifetime (DERL), in periods, of a subject that has survived `survived` periods.

    ``sum over k >= 0 of S(n + 1 + k) / S(n) / (1 + discount) ** k``: the next period, if survived, counts in
    full. Times what a period is worth, it is the residual value just before that is settled.

    Parameters
    ----------
    survived : array of int
        Periods already survived, n >= 0.
    discount : float
        Rate of discount per period, above 0.

    Raises
    ------
    ValueError
        When the discount is not positive or a count is negative.

    Notes
    -----
    Source: Fader & Hardie 2010, Marketing Science 29(1):85, eq. 6.

    Examples
    --------
    >>> high_end = SurvivalModel(0.668088, 3.806096, 1.0, 0.0, 0.0)
    >>> residual_lifetime(high_end, [0, 7], discount=0.10).round(3).tolist()
    [5.414, 7.53]
    """
    if not discount > 0:
        raise ValueError(f"discount: found {discount}, expected a rate per period above 0")
    made = column(survived, "survived", minimum=0)
    horizon = int(np.ceil(32 / np.log1p(discount)))
    ahead = np.arange(horizon, dtype=np.float64)
    present = (1 + discount) ** -ahead
    return np.array(
        [float(survival(model, n + 1 + ahead) @ present) / float(survival(model, [n])[0]) for n in made]
    )
