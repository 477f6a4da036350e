"""Quantiles, tail probabilities, ranks, and the checks of arrays; the only door to ``scipy.special``.

scipy is imported on first use: it takes longer to import than most reports take to compute.
"""

from __future__ import annotations

from types import ModuleType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "Floats",
    "Ints",
    "beta_quantile",
    "beta_ratio",
    "chi2_upper",
    "column",
    "midranks",
    "normal_cdf",
    "normal_two_sided",
    "t",
    "t_two_sided",
    "z",
]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


def _special() -> ModuleType:
    from scipy import special

    return special  # type: ignore[no-any-return]


def column(
    values: npt.ArrayLike, name: str, *, like: Floats | None = None, minimum: float | None = None
) -> Floats:
    """One-dimensional array of finite numbers, as long as `like`.

    Raises
    ------
    ValueError
        When the shape, the length or a value is not as expected; says which.

    Examples
    --------
    >>> column([1, 2], "n")
    array([1., 2.])
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name}: found {array.ndim} dimensions, expected one")
    if like is not None and len(array) != len(like):
        raise ValueError(f"{name}: found {len(array)} values, expected {len(like)}, one a row")
    bad = ~np.isfinite(array) if minimum is None else ~(np.isfinite(array) & (array >= minimum))
    if bad.any():
        least = "" if minimum is None else f", {minimum:g} or more"
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name}: {int(bad.sum())} of {len(array)} values are not usable, "
            f"first: {array[first]} at position {first}; expected finite numbers{least}"
        )
    return array


def _two_sided(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level: found {level}, expected a share between 0 and 1 such as 0.95")
    return 0.5 + level / 2


def z(level: float) -> float:
    """Half-width, in standard errors, of a two-sided normal interval at `level`.

    >>> round(z(0.95), 6)
    1.959964
    """
    return float(_special().ndtri(_two_sided(level)))


def t(level: float, df: float) -> float:
    """Half-width, in standard errors, of a two-sided Student interval at `level` on `df` degrees of freedom.

    Not a number below one degree of freedom: such an interval says nothing.

    >>> round(t(0.95, 10), 4)
    2.2281
    """
    return float(_special().stdtrit(df, _two_sided(level))) if df >= 1 else float("nan")


def t_two_sided(statistic: float, df: float) -> float:
    """Probability that a Student variable on `df` degrees of freedom is at least as far from 0 as `statistic`.

    >>> round(t_two_sided(2.2281, 10), 4)
    0.05
    """
    return float(2 * _special().stdtr(df, -abs(statistic))) if df >= 1 else float("nan")


def normal_two_sided(statistic: float) -> float:
    """Probability that a standard normal variable is at least as far from 0 as `statistic`.

    >>> round(normal_two_sided(1.959964), 4)
    0.05
    """
    return float(2 * _special().ndtr(-abs(statistic)))


def normal_cdf(values: npt.ArrayLike) -> Floats:
    """Probability that a standard normal variable is at most each value.

    >>> normal_cdf([0.0])
    array([0.5])
    """
    return np.asarray(_special().ndtr(np.asarray(values, dtype=np.float64)), dtype=np.float64)


def chi2_upper(statistic: float, df: float) -> float:
    """Probability that a chi-square variable on `df` degrees of freedom exceeds `statistic`.

    >>> round(chi2_upper(3.841459, 1), 4)
    0.05
    """
    return float(_special().chdtrc(df, statistic))


def beta_quantile(share: float, a: float, b: float) -> float:
    """Value that a Beta(a, b) variable stays below with probability `share`.

    >>> round(beta_quantile(0.5, 2, 2), 4)
    0.5
    """
    return float(_special().betaincinv(a, b, share))


def midranks(values: Floats) -> Floats:
    """Rank of each value from 1; tied values share the mean of their ranks.

    >>> midranks(np.array([5.0, 2.0, 5.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    _, code, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[code])


def beta_ratio(a: float, b: float, more: Floats) -> Floats:
    """B(a, b + more) / B(a, b): chance to come through `more` trials whose risk is Beta(a, b).

    >>> beta_ratio(1.0, 1.0, np.array([0.0, 1.0])).tolist()
    [1.0, 0.5]
    """
    betaln = _special().betaln
    return np.asarray(np.exp(betaln(a, b + more) - betaln(a, b)), dtype=np.float64)
