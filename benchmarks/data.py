"""A ledger of any size: account by account, prices that change every few months, some leave, some return."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

MONTHS = 60
LAST = pd.Timestamp("2025-12-31")


def ledger(accounts: int, *, seed: int = 1) -> pd.DataFrame:
    """`subscriptions` of `accounts` accounts over five years to 2025-12-31; about three rows an account."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(1, 6, accounts)
    account = np.repeat(np.arange(accounts), rows)
    begun = np.repeat(rng.integers(0, 1700, accounts), rows)
    nth = np.arange(len(account)) - np.repeat(np.cumsum(rows) - rows, rows)
    start = pd.Timestamp("2021-01-01") + pd.to_timedelta(
        begun + nth * rng.integers(90, 400, accounts)[account], unit="D"
    )
    last_row = np.append(account[1:] != account[:-1], True)
    end = pd.Series(start).shift(-1).where(~last_row)
    leaves = last_row & (rng.random(len(account)) < 0.5)
    end = end.where(
        ~leaves, pd.Series(start) + pd.to_timedelta(rng.integers(30, 700, len(account)), unit="D")
    )
    gap = ~last_row & (rng.random(len(account)) < 0.05)  # left, and came back
    end = end.where(~gap, end - pd.Timedelta(40, unit="D"))
    cents = rng.integers(1_000, 500_000, len(account))
    return pd.DataFrame(
        {
            "account_id": "A" + pd.Series(account).astype("str").str.zfill(7),
            "start_date": start,
            "end_date": end,
            "mrr": cents / 100,
            "currency": "USD",
        }
    ).query("start_date <= @LAST")


def company(folder: Path, accounts: int) -> Path:
    """Company folder with that ledger as Parquet, made once."""
    home = folder / f"accounts_{accounts}"
    if not (home / "company.toml").exists():
        home.mkdir(parents=True, exist_ok=True)
        ledger(accounts).to_parquet(home / "subscriptions.parquet", index=False)
        (home / "company.toml").write_text(
            'name = "Benchmark"\ncurrency = "USD"\n[tables.subscriptions]\nfile = "subscriptions.parquet"\n'
        )
    return home
