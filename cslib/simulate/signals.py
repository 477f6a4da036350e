"""What the product and the scorecard saw: usage by feature and month, health by month end."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.simulate.panel import MONTH_ENDS
from cslib.simulate.world import Spec

__all__ = ["health", "usage"]


def _share(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def usage(grid: pd.DataFrame, spec: Spec, draw: np.random.Generator) -> pd.DataFrame:
    """Use of each feature by account and month. The core is used by all; other features are taken up or not.

    The third feature is taken up by accounts that fit, the others at random: using it goes with staying and does
    not cause it.
    """
    ids = grid["account_id"].unique()
    row = pd.Index(ids).get_indexer(grid["account_id"])
    early = grid[grid["tenure"] < 6].groupby("account_id")["mood"].mean().reindex(ids).fillna(0).to_numpy()
    month, tenure = grid["month"].to_numpy(), grid["tenure"].to_numpy()
    season = np.array([1, 1, 1.03, 1, 1, 1, 0.94, 0.9, 1, 1.02, 1.02, 0.92])[MONTH_ENDS.month[month] - 1]
    seats = grid["seats"].to_numpy()
    active = np.rint(seats * _share(0.85 + 0.95 * grid["mood"].to_numpy()) * season)
    parts = []
    for i, feature in enumerate(spec.features):
        chance = (
            _share(-0.1 + 1.1 * early) if i == 2 else np.full(len(ids), 1.0 if i == 0 else 0.62 - 0.06 * i)
        )
        takes = draw.random(len(ids)) < chance
        after = np.where(i == 0, 0, draw.geometric(0.3, len(ids)) - 1)
        width = 1.0 if i == 0 else 0.25 + 0.5 * draw.random(len(ids))[row]
        used = np.rint(active * np.broadcast_to(width, active.shape))
        kept = takes[row] & (tenure >= after[row]) & (seats > 0)
        events = draw.poisson(used * (22.0 if i == 0 else 9.0))
        part = pd.DataFrame(
            {
                "account_id": grid["account_id"],
                "date": (MONTH_ENDS + pd.offsets.MonthBegin(-1)).as_unit("s")[month],
                "feature": feature,
                "events": events.astype("float64"),
                "seconds": np.rint(events * draw.uniform(35, 75, len(events))),
                "licensed_units": seats,
                "used_units": np.minimum(used, seats),
            }
        )
        parts.append(part[kept])
    every: pd.DataFrame = pd.concat(parts)
    return every.sort_values(["account_id", "date", "feature"], ignore_index=True)


def health(grid: pd.DataFrame, draw: np.random.Generator) -> pd.DataFrame:
    """Score at each month end from three months' signals, with noise and blind spots as such scores have.

    Sponsor changes and budget cuts never reach it: about a quarter of the lost accounts were green 90 days before.
    """
    life = grid["account_id"]
    seen = grid.groupby(life)["mood"].transform(lambda mood: mood.ewm(alpha=0.6).mean())
    use = 100 * _share(0.9 + 1.0 * seen.to_numpy())
    support = np.clip(78 + 7 * seen.to_numpy() + 10 * draw.standard_normal(len(grid)), 5, 100)
    sponsor = np.clip(72 + 15 * draw.standard_normal(len(grid)), 5, 100)
    score = np.rint(0.6 * use + 0.2 * support + 0.2 * sponsor)
    band = np.select([score >= 67, score >= 50], ["green", "amber"], "red")
    parts = [np.rint(part).astype(int) for part in (use, support, sponsor)]
    told = [f"use={a}; support={b}; sponsor={c}" for a, b, c in zip(*parts, strict=True)]
    return pd.DataFrame(
        {
            "account_id": life,
            "as_of_date": MONTH_ENDS[grid["month"]],
            "score": score,
            "band": band,
            "components": told,
        }
    )
