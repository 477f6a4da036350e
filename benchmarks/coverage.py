"""Do 95% intervals cover 95%, and how often is "changed" said of nothing? ``python -m benchmarks.coverage [books]``.

Books of 20 to 1,000 clusters, sizes lognormal or Pareto, small ones leaving more often; four harder worlds. A book is
drawn once and lived many times: the truth is the ratio that the same book shows on average. ``net``: some leave, some
shrink, a third grow, no ceiling. ``gross``: the same without growth, so that each cluster keeps 0 to 1 of its size.
``logo``: every cluster counts once, and leaves or stays.

Columns: `jackknife-t` is the plain recipe (Student's t on the effective number less 1), `shipped` what `ratio_of_sums`
gives, `bootstrap` the ordinary percentile bootstrap over clusters. `false changed`: verdict over two windows in which
nothing changed and which share half of their fortunes. Promised: 93% to 97% from ten effective clusters, false
"changed" at most 5%. From five to ten an interval is given and reports call the book small; below five it is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Literal

import numpy as np
import numpy.typing as npt

from cslib.stats.change import paired_change
from cslib.stats.quantiles import t
from cslib.stats.ratio import Ratio, ratio_of_sums

Floats = npt.NDArray[np.float64]
Kind = Literal["net", "gross", "logo"]
KINDS: tuple[Kind, ...] = ("net", "gross", "logo")
GROWN, SPREAD = 1.2, 0.35
SIZES = (20, 50, 100, 300, 1000)


@dataclass(frozen=True)
class World:
    """How clusters are sized and how they leave."""

    name: str
    sizes: Literal["lognormal 1.0", "lognormal 1.5", "lognormal 2.0", "pareto 1.2"]
    leaving: float
    """Chance to leave of a cluster of the geometric mean size."""
    slope: float
    """Fall of its logit per unit of log size; negative: the large leave more."""
    bend: float = 0.0
    """Rise of its logit per squared unit: both the largest and the smallest leave more."""


WORLDS = (
    World("even sizes", "lognormal 1.0", 0.12, 0.35),
    World("concentrated", "lognormal 1.5", 0.12, 0.35),
    World("very concentrated", "lognormal 2.0", 0.12, 0.35),
    World("heavy tail", "pareto 1.2", 0.12, 0.35),
)
HARD = (
    World("few leave", "lognormal 1.5", 0.04, 0.2),
    World("only the small leave", "lognormal 1.5", 0.08, 0.8),
    World("the large leave", "lognormal 1.5", 0.10, -0.3),
    World("both ends leave", "lognormal 1.5", 0.05, 0.0, bend=0.2),
)


@dataclass(frozen=True)
class Coverage:
    """One row of the table; shares of all lives of all books."""

    world: str
    kind: Kind
    n: int
    n_eff: float
    jackknife: float
    shipped: float
    bootstrap: float
    false_changed: float
    width: float


def book(world: World, n: int, rng: np.random.Generator) -> Floats:
    """Sizes of n clusters."""
    shape, _, parameter = world.sizes.partition(" ")
    if shape == "lognormal":
        return rng.lognormal(0.0, float(parameter), n)
    return np.asarray((1 / rng.random(n)) ** (1 / float(parameter)))


def leaving(world: World, size: Floats) -> Floats:
    """Chance of each cluster to leave within a window."""
    centred = np.log(size) - np.log(size).mean()
    return np.asarray(
        1 / (1 + (1 / world.leaving - 1) * np.exp(world.slope * centred - world.bend * centred**2))
    )


def life(leave: Floats, kind: Kind, rng: np.random.Generator) -> Floats:
    """Share (or multiple) of its size each cluster keeps over a window."""
    n = len(leave)
    if kind == "logo":
        return np.where(rng.random(n) < leave, 0.0, 1.0)
    kept = np.where(rng.random(n) < 0.10, rng.uniform(0.4, 1.0, n), 1.0)
    grown = np.where(rng.random(n) < 0.35, rng.lognormal(np.log(GROWN), SPREAD, n), 1.0)
    return np.where(rng.random(n) < leave, 0.0, kept * grown if kind == "net" else kept)


def expected(leave: Floats, kind: Kind) -> Floats:
    """Mean of `life`."""
    if kind == "logo":
        return 1 - leave
    growth = 0.65 + 0.35 * GROWN * np.exp(SPREAD**2 / 2) if kind == "net" else 1.0
    return (1 - leave) * (0.9 + 0.1 * 0.7) * growth


def bootstrap(
    numerator: Floats, denominator: Floats, rng: np.random.Generator, *, draws: int
) -> tuple[float, float]:
    """Ordinary percentile bootstrap over clusters: what everybody uses."""
    n = len(denominator)
    picked = rng.integers(n, size=(draws, n))
    low, high = np.quantile(numerator[picked].sum(axis=1) / denominator[picked].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def jackknife(ratio: Ratio) -> tuple[float, float]:
    """Plain recipe: Student's t on the effective number of clusters less 1."""
    half = t(0.95, ratio.n_eff - 1) * ratio.se
    return ratio.value - half, ratio.value + half


def measure(
    world: World,
    kind: Kind,
    n: int,
    *,
    books: int,
    lives: int,
    draws: int,
    seed: int,
    effective: tuple[float, float] = (10.0, np.inf),
) -> Coverage:
    """Coverage in one world, over books whose effective number of clusters lies within `effective`."""
    rng = np.random.default_rng([seed, n])
    hits = np.zeros(4)
    found: list[float] = []
    widths: list[float] = []
    total, booted = 0, 0
    while len(found) < books:
        drawn = book(world, n, rng)
        size = np.ones(n) if kind == "logo" else drawn
        n_eff = size.sum() ** 2 / (size**2).sum()
        if not effective[0] <= n_eff < effective[1]:
            continue
        found.append(n_eff)
        leave = leaving(world, drawn)
        truth = float((size * expected(leave, kind)).sum() / size.sum())
        for turn in range(lives):
            share = life(leave, kind, rng)
            kept = size * share
            shipped = ratio_of_sums(kept, size, bounded=kind != "net")
            low, high = jackknife(shipped)
            hits[0] += low <= truth <= high
            hits[1] += shipped.low <= truth <= shipped.high
            widths.append(shipped.high - shipped.low)
            total += 1
            if turn < max(lives // 8, 1):
                low, high = bootstrap(kept, size, rng, draws=draws)
                hits[2] += low <= truth <= high
                booted += 1
            # Lived again; half of the fortunes are shared, as when windows overlap.
            again = size * np.where(rng.random(n) < 0.5, share, life(leave, kind, rng))
            change = paired_change(kept, size, again, size, delta=None, step=float(kind == "logo"))
            hits[3] += change.verdict == "changed"
    return Coverage(
        world=world.name,
        kind=kind,
        n=n,
        n_eff=float(np.mean(found)),
        jackknife=hits[0] / total,
        shipped=hits[1] / total,
        bootstrap=hits[2] / booted,
        false_changed=hits[3] / total,
        width=float(np.median(widths)),
    )


HEAD = (
    f"{'world':<22}{'ratio':<7}{'n':>5}{'n_eff':>7}{'jackknife-t':>13}{'shipped':>9}"
    f"{'bootstrap':>11}{'false changed':>15}{'width':>8}"
)


def shown(rows: Iterable[Coverage]) -> list[Coverage]:
    """Print the measured coverage as it comes, one line a world, kind and size."""
    print(HEAD)
    measured = []
    for r in rows:
        print(
            f"{r.world:<22}{r.kind:<7}{r.n:>5}{r.n_eff:>7.0f}{r.jackknife:>13.1%}{r.shipped:>9.1%}"
            f"{r.bootstrap:>11.1%}{r.false_changed:>15.1%}{r.width:>8.3f}",
            flush=True,
        )
        measured.append(r)
    return measured


def run(*, books: int = 30, lives: int = 80, draws: int = 200, seed: int = 7) -> Iterator[Coverage]:
    """Every world, kind and size; books of ten effective clusters and more."""
    for world in (*WORLDS, *HARD):
        for kind in KINDS:
            for n in SIZES:
                yield measure(world, kind, n, books=books, lives=lives, draws=draws, seed=seed)


def run_small(*, books: int = 30, lives: int = 80, draws: int = 200, seed: int = 7) -> Iterator[Coverage]:
    """Books of five to ten effective clusters, which reports call small."""
    for world in (*WORLDS, *HARD):
        for kind in KINDS[:2]:
            for n in SIZES[:2]:
                yield measure(
                    world, kind, n, books=books, lives=lives, draws=draws, seed=seed, effective=(5.0, 10.0)
                )


def summary(rows: Sequence[Coverage]) -> str:
    """Smallest and largest coverage over rows, and the rows within 93% to 97%."""
    lines = []
    for name in ("shipped", "jackknife", "bootstrap"):
        shares = [getattr(row, name) for row in rows]
        inside = sum(0.93 <= share <= 0.97 for share in shares)
        lines.append(
            f"{name:<10} {min(shares):.1%} to {max(shares):.1%}, mean {np.mean(shares):.1%}; "
            f"93% to 97% in {inside} of {len(rows)} rows"
        )
    wrong = [row.false_changed for row in rows]
    lines.append(f"false changed: at most {max(wrong):.1%}, mean {np.mean(wrong):.1%}")
    return "\n".join(lines)


def main() -> None:
    """Print the tables at full size: 30 books and 2,400 lives a row, +-0.9 points at 95%; some minutes."""
    began = perf_counter()
    books = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    rows = shown(run(books=books))
    for name, worlds in (("Churn depends on size", WORLDS), ("Harder worlds", HARD)):
        names = {world.name for world in worlds}
        print(f"\n{name}:\n{summary([row for row in rows if row.world in names])}")
    print("\nFive to ten effective clusters:")
    print(summary(shown(run_small(books=books))))
    print(f"{perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
