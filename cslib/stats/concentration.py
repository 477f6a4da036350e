"""How much hangs on few: effective number, top shares, and what a ratio is without each cluster."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cslib.stats.quantiles import Floats, column
from cslib.stats.ratio import cluster_sums

__all__ = ["Concentration", "LeftOut", "concentration", "leave_one_out", "sign_flips"]


class Concentration(NamedTuple):
    """How a total is spread over clusters."""

    n: int
    """Clusters that hold any of the total."""
    n_eff: float
    """1 / sum(share ** 2): as many equal clusters would be as concentrated."""
    herfindahl: float
    """Sum of squared shares, 0 to 1; times 10,000 is the index that competition authorities print."""
    top: Floats
    """Share of the largest 1, 2, 3, ... clusters together; ``top[9]`` is the top ten's."""


class LeftOut(NamedTuple):
    """A statistic without each cluster in turn."""

    cluster: npt.NDArray[np.generic]
    """Cluster left out, sorted; the row's position where no key was given."""
    value: Floats
    """The statistic without it; not a number where nothing remains."""


def concentration(weight: npt.ArrayLike, *, cluster: npt.ArrayLike | None = None) -> Concentration:
    """Effective number of clusters, Herfindahl index and cumulated top shares of a total.

    Raises
    ------
    ValueError
        When a weight is negative, or all are 0.

    Notes
    -----
    Source: US DOJ & FTC, Horizontal Merger Guidelines 2023, 2.1 (Herfindahl); Kish 1965, 11.7 (effective
    number).

    Examples
    --------
    >>> spread = concentration([30, 30, 20, 20])
    >>> round(spread.n_eff, 3), round(spread.herfindahl, 4), spread.top.round(2).tolist()
    (3.846, 0.26, [0.3, 0.6, 0.8, 1.0])
    """
    _, (sums,) = cluster_sums(cluster, column(weight, "weight", minimum=0))
    held = np.sort(sums[sums > 0])[::-1]
    if not len(held):
        raise ValueError("weight: found no positive value, expected at least one")
    shares = held / held.sum()
    herfindahl = float((shares**2).sum())
    return Concentration(len(held), 1 / herfindahl, herfindahl, np.cumsum(shares))


def leave_one_out(
    numerator: npt.ArrayLike, denominator: npt.ArrayLike, *, cluster: npt.ArrayLike | None = None
) -> LeftOut:
    """Ratio of sums without each cluster in turn.

    Raises
    ------
    ValueError
        When a value is not finite, a denominator negative, or lengths differ.

    Examples
    --------
    >>> leave_one_out([0, 12, 10], [10, 10, 10], cluster=["a", "b", "c"]).value.round(3).tolist()
    [1.1, 0.5, 0.6]
    """
    x = column(denominator, "denominator", minimum=0)
    keys, (y, x) = cluster_sums(cluster, column(numerator, "numerator", like=x), x)
    rest = x.sum() - x
    return LeftOut(keys, np.divide(y.sum() - y, rest, out=np.full(len(x), np.nan), where=rest > 0))


def sign_flips(
    numerator_before: npt.ArrayLike,
    denominator_before: npt.ArrayLike,
    numerator_after: npt.ArrayLike,
    denominator_after: npt.ArrayLike,
    *,
    cluster: npt.ArrayLike | None = None,
) -> LeftOut:
    """Clusters without which the change of a ratio of sums (after - before) has the other sign, and the change then.

    The strongest reversal comes first; empty when the direction rests on no single cluster.

    Raises
    ------
    ValueError
        When a value is not finite, a denominator negative, or lengths differ.

    Examples
    --------
    >>> ten = [10, 10, 10]
    >>> flips = sign_flips(ten, ten, [2, 11, 11], ten, cluster=["a", "b", "c"])
    >>> flips.cluster.tolist(), flips.value.round(3).tolist()
    (['a'], [0.1])
    """
    before = leave_one_out(numerator_before, denominator_before, cluster=cluster)
    after = leave_one_out(numerator_after, denominator_after, cluster=cluster)
    whole = [
        float(np.sum(y)) / float(np.sum(x)) if np.sum(x) else np.nan
        for y, x in ((numerator_after, denominator_after), (numerator_before, denominator_before))
    ]
    change = after.value - before.value
    turned = np.flatnonzero(np.sign(change) * np.sign(whole[0] - whole[1]) < 0)
    order = turned[np.argsort(-np.abs(change[turned]), kind="stable")]
    return LeftOut(before.cluster[order], change[order])
