"""Account-months: what an account held at each month end, and how it hiddenly fared. Everything else follows it."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.simulate.ledger import Ledger
from cslib.simulate.world import DATA_FROM, DATA_UNTIL

__all__ = ["MONTH_ENDS", "account_months", "some_day"]

MONTH_ENDS: Final = pd.date_range(DATA_FROM, DATA_UNTIL, freq="ME").as_unit("s")
Floats = npt.NDArray[Any]
MEMORY: Final = 0.8  # how much of a month's mood is left in the next


def account_months(ledger: Ledger, platform: str, draw: np.random.Generator) -> pd.DataFrame:
    """One row an account and month end at which it pays.

    Returns
    -------
    DataFrame
        ``account_id``; ``month`` (0 to 59); ``arr`` (minor units, reporting currency), ``seats`` (of the platform);
        ``since`` (first day of this life), ``tenure`` and ``left`` (months since and until, ``left`` 99 while it
        stays); ``mood``: the hidden state that drives use, health, answers and cases, falling before most exits.
    """
    rows = ledger.subscriptions[ledger.subscriptions["arr_home"] > 0]
    start = np.searchsorted(MONTH_ENDS, rows["start_date"].to_numpy())
    ends = rows["end_date"].fillna(MONTH_ENDS[-1] + pd.Timedelta(days=1))
    stop = np.searchsorted(MONTH_ENDS, ends.to_numpy())
    spread = rows.loc[rows.index.repeat(np.maximum(stop - start, 0))]
    nth = spread.groupby(level=0).cumcount()
    spread = spread.assign(
        month=nth + pd.Series(start, rows.index).reindex(nth.index),
        seats=spread["quantity"].where(spread["product"] == platform, 0),
        first=spread["start_date"],
    )
    grid = (
        spread.groupby(["account_id", "month"])
        .agg(arr=("arr_home", "sum"), seats=("seats", "sum"), first=("first", "min"))
        .reset_index()
    )
    again = grid["account_id"].ne(grid["account_id"].shift()) | grid["month"].diff().gt(1)
    life = again.cumsum()
    grid["since"] = grid.groupby(life)["first"].transform("min").astype("datetime64[s]")
    grid["tenure"] = grid.groupby(life).cumcount()
    gone = ledger.exits[["account_id", "day", "warned"]]
    ahead = pd.merge_asof(
        grid.assign(at=MONTH_ENDS[grid["month"]]).reset_index().sort_values("at"),
        gone.assign(at=gone["day"]).sort_values("at"),
        by="account_id", on="at", direction="forward", allow_exact_matches=False,
    ).set_index("index").reindex(grid.index)  # fmt: skip
    months = ahead["day"]
    left = (months.dt.year * 12 + months.dt.month) - (DATA_FROM.year * 12 + DATA_FROM.month + grid["month"])
    grid["left"] = left.fillna(99).astype("int64")
    grid["mood"] = _mood(grid, ledger, ahead["warned"].eq(True).to_numpy(), draw)
    return grid.drop(columns="first")


def _mood(grid: pd.DataFrame, ledger: Ledger, warned: Floats, draw: np.random.Generator) -> Floats:
    ids = ledger.accounts["account_id"]
    shocks = draw.standard_normal((len(ids), len(MONTH_ENDS))) * 0.35
    drift = np.zeros_like(shocks)
    for nth in range(len(MONTH_ENDS)):
        drift[:, nth] = shocks[:, nth] + (MEMORY * drift[:, nth - 1] if nth else 0)
    # a scare that passes: a fifth of the accounts look lost for four months and stay
    scare = np.where(draw.random(len(ids)) < 0.2, draw.integers(6, len(MONTH_ENDS), len(ids)), -9)
    row = pd.Index(ids).get_indexer(grid["account_id"])
    month, left = grid["month"].to_numpy(), grid["left"].to_numpy()
    fit = ledger.hidden.set_index("account_id")["fit"].reindex(grid["account_id"]).fillna(0).to_numpy()
    settling = 0.9 * np.exp(-grid["tenure"].to_numpy() / 2.0)
    scared = (month >= scare[row]) & (month < scare[row] + 4) & (left > 12)
    fading = np.where(warned, 0.55 * np.clip(6 - left, 0, 5), 0.0)
    mood: Floats = 0.6 * fit + drift[row, month] - settling - fading - 1.3 * scared
    return mood


def some_day(grid: pd.DataFrame, draw: np.random.Generator) -> pd.Series[pd.Timestamp]:
    """Day inside each account-month, on a working day where the month allows, never before the account's life."""
    last = pd.Series(MONTH_ENDS[grid["month"]], grid.index)
    span = (last - grid["since"]).dt.days.clip(0, 27)
    back = pd.Series(np.floor(draw.random(len(grid)) * (span + 1)), grid.index)
    day = last - pd.to_timedelta(back, unit="D")
    rest = (day.dt.day_of_week - 4).clip(lower=0)
    worked = day - pd.to_timedelta(rest, unit="D")
    return worked.where(worked >= grid["since"], day).astype("datetime64[s]")
