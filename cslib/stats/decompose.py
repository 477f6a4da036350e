"""Why a rate changed: what each of its factors did.

Effects add up to the change, exactly, and chain over any number of periods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, column

__all__ = ["Effects", "MixRate", "das_gupta", "kitagawa", "product_sum"]


class MixRate(NamedTuple):
    """A change of an average split over its groups; each array has one entry a group."""

    mix: Floats
    """Effect of the group's share, against the average: a shift to a group above average is a gain."""
    rate: Floats
    """Effect of the group's own rate."""
    before: float
    after: float


def kitagawa(
    size_before: npt.ArrayLike,
    rate_before: npt.ArrayLike,
    size_after: npt.ArrayLike,
    rate_after: npt.ArrayLike,
) -> MixRate:
    """Change of a weighted average split into shift of weights (mix) and change within groups (rate); no residual.

    ``mix + rate`` summed over groups is after - before. Sizes are made shares. A group that is empty at one
    date has no rate there (not a number): its whole effect is mix.

    Raises
    ------
    ValueError
        When sizes are negative or all 0, lengths differ, or a group of positive size has no rate.

    Notes
    -----
    Source: Kitagawa 1955, JASA 50:1168; by group, against the average of the two averages: Das Gupta 1993,
    ch. 5.

    Examples
    --------
    >>> split = kitagawa([50, 50], [0.9, 0.7], [80, 20], [0.9, 0.6])
    >>> split.mix.round(3).tolist(), split.rate.round(3).tolist(), round(split.after - split.before, 3)
    ([0.024, 0.051], [0.0, -0.035], 0.04)
    """
    sizes = [column(size_before, "size_before", minimum=0)]
    sizes.append(column(size_after, "size_after", like=sizes[0], minimum=0))
    rates = []
    for size, rate, name in zip(sizes, (rate_before, rate_after), ("rate_before", "rate_after"), strict=True):
        values = np.asarray(rate, dtype=np.float64)
        if not size.sum() > 0:
            raise ValueError(f"{name.replace('rate', 'size')}: found no positive size, expected at least one")
        if values.shape != size.shape or (~np.isfinite(values) & (size > 0)).any():
            raise ValueError(
                f"{name}: expected a finite rate for each of the {len(size)} groups that has a size"
            )
        rates.append(np.where(size > 0, values, np.nan))
    one = np.where(np.isnan(rates[0]), rates[1], rates[0])
    two = np.where(np.isnan(rates[1]), rates[0], rates[1])
    one, two = np.nan_to_num(one), np.nan_to_num(two)
    share = [size / size.sum() for size in sizes]
    before, after = float(share[0] @ one), float(share[1] @ two)
    mix = (share[1] - share[0]) * ((one + two) / 2 - (before + after) / 2)
    return MixRate(mix, (two - one) * (share[0] + share[1]) / 2, before, after)


class Effects(NamedTuple):
    """Changes of a value between any two periods, by factor."""

    value: Floats
    """The value in each period."""
    effect: Floats
    """``effect[k, i, j]``: what factor k did from period i to j. Over k they add up to value[j] - value[i]; from i to j
    and from j to m they add up to i to m."""


def product_sum(*factors: Floats) -> float:
    """Sum over groups of the product of the factors: a rate built of shares and rates.

    >>> product_sum(np.array([0.4, 0.6]), np.array([0.5, 1.0]))
    0.8
    """
    return float(np.prod(np.broadcast_arrays(*factors), axis=0).sum())


def _pair(factors: Sequence[Floats], i: int, j: int, value: Callable[..., float]) -> Floats:
    k = len(factors)
    worth = {
        moved: value(*(factor[j] if f in moved else factor[i] for f, factor in enumerate(factors)))
        for size in range(k + 1)
        for moved in combinations(range(k), size)
    }
    effects = np.zeros(k)
    for moved, at in worth.items():
        weight = (
            factorial(len(moved)) * factorial(k - len(moved) - 1) / factorial(k) if len(moved) < k else 0.0
        )
        for f in set(range(k)) - set(moved):
            effects[f] += weight * (worth[tuple(sorted((*moved, f)))] - at)
    return effects


def das_gupta(factors: Sequence[npt.ArrayLike], value: Callable[..., float] = product_sum) -> Effects:
    """Effects of k factors on a value over N periods: each factor's change averaged over all orders of moving them.

    Between two periods the effects add up to the change. Pairwise effects do not chain over three periods or
    more (what a factor did in two quarters is not what it did in the half year), so with more periods each
    pair is averaged with its detours over all others; the result chains exactly and still adds up.

    Parameters
    ----------
    factors : sequence of k arrays
        Each with one entry, or one vector over groups, a period: shape (N,) or (N, groups).
    value : callable
        Takes the k factors of one period, gives the value; by default the sum over groups of their product.

    Raises
    ------
    ValueError
        When there is no factor, fewer than two periods, or factors differ in their number of periods.

    Notes
    -----
    Source: Das Gupta 1993, Standardization and Decomposition of Rates: A User's Manual (US Census P23-186),
    ch. 2 to 4 (k factors; the average over all orders is Shapley's), ch. 6 (N populations).

    Examples
    --------
    >>> effects = das_gupta([[10930, 16591], [0.717892, 0.825974]]).effect
    >>> effects[:, 0, 1].round(2).tolist()
    [4369.91, 1487.26]
    """
    arrays = [np.asarray(factor, dtype=np.float64) for factor in factors]
    periods = {len(array) if array.ndim else 0 for array in arrays}
    if len(periods) != 1 or min(periods) < 2:
        raise ValueError(
            f"factors: found {sorted(periods)} periods, expected one number of periods, two or more"
        )
    n, k = periods.pop(), len(arrays)
    pairwise = np.zeros((k, n, n))
    for i, j in combinations(range(n), 2):
        pairwise[:, i, j] = _pair(arrays, i, j, value)
        pairwise[:, j, i] = -pairwise[:, i, j]
    # Das Gupta's N-population effect of i to j is the mean over all m of (i to m) + (m to j).
    towards = pairwise.mean(axis=2)
    effect = towards[:, :, None] - towards[:, None, :]
    return Effects(np.array([value(*(array[i] for array in arrays)) for i in range(n)]), effect)
