"""What was known at the end of one day: nothing that happened later is left in a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cslib.sources.company import refuse
from cslib.sources.files import Loaded
from cslib.tables import TABLES, Table

__all__ = ["Cut", "cut"]

_MONTH_OF_DAYS = 31


@dataclass(frozen=True)
class Cut:
    """Tables as known on a day, with the account of what was left out."""

    tables: dict[str, pd.DataFrame]
    account: pd.DataFrame
    dropped: pd.DataFrame
    notes: tuple[str, ...]


def _known(frame: pd.DataFrame, table: Table, day: pd.Timestamp) -> pd.DataFrame:
    """Rows of the day, with what came later blanked."""
    frame = frame.copy()
    if table.name == "subscriptions" and "end_date" in frame:
        foreseen = (
            frame["notice_date"] <= day if "notice_date" in frame else pd.Series(False, index=frame.index)
        )
        frame["end_date"] = frame["end_date"].mask((frame["end_date"] > day) & ~foreseen.fillna(False))
    for column, also in table.later.items():
        if column in frame:
            late = frame[column] > day
            for name in (column, *also):
                if name in frame:
                    frame[name] = frame[name].mask(late)
    return frame


def _named(accounts: pd.DataFrame) -> pd.DataFrame:
    name = accounts["name"] if "name" in accounts else pd.Series(pd.NA, index=accounts.index, dtype="str")
    accounts = accounts.assign(name=name.fillna(accounts["account_id"]))
    return accounts[["account_id", "name", *(c for c in accounts if c not in ("account_id", "name"))]]


def _edge(ledger: pd.DataFrame, day: pd.Timestamp) -> list[str]:
    ends = ledger["end_date"] if "end_date" in ledger else pd.Series(dtype="datetime64[s]")
    last = max(
        (d for d in (ledger["start_date"].max(), ends[ends <= day].max()) if pd.notna(d)), default=None
    )
    if last is None:
        return [f"No subscription starts on or before {day.date()}."]
    days = (day - last).days
    if days <= _MONTH_OF_DAYS:
        return []
    return [
        f"as_of {day.date()} lies {days:,} days after {last.date()}, the last day on which any subscription starts "
        "or ends: if the data stops there, what happened since is unknown."
    ]


def cut(loaded: Mapping[str, Loaded], *, as_of: dt.date, data_until: dt.date | None) -> Cut:
    """Tables as known at the end of `as_of` (inclusive)."""
    limits = [table.covers_until.date() for table in loaded.values() if table.covers_until is not None]
    until = data_until or min(limits, default=None)
    if until is not None and as_of > until:
        raise refuse(
            "as_of is later than the data",
            key="data_until",
            found=f"'as_of {as_of}'",
            expected=f"a day up to {until}",
            hint="Ask for an earlier day, or load newer data and move data_until",
        )
    day = pd.Timestamp(as_of)
    tables: dict[str, pd.DataFrame] = {}
    accounts: list[pd.DataFrame] = []
    dropped: list[dict[str, object]] = []
    notes: list[str] = []
    for name, table in TABLES.items():
        if name not in loaded:
            continue
        one = loaded[name]
        notes += [f"{note}." for note in one.notes]
        late = (
            one.frame[table.date] > day
            if table.date in one.frame
            else pd.Series(False, index=one.frame.index)
        )
        known = _known(one.frame[~late], table, day).reset_index(drop=True)
        tables[name] = known
        when = one.frame[table.date].where(~late) if table.date in one.frame else None
        files = one.origin["file"]
        account = one.account.copy()
        account["rows_after_as_of"] = [int((late & (files == file)).sum()) for file in account["file"]]
        account["rows_kept"] = account["rows_read"] - account["rows_after_as_of"] - account["rows_rejected"]
        account["first_date"] = [
            when[files == f].min() if when is not None else pd.NaT for f in account["file"]
        ]
        account["last_date"] = [
            when[files == f].max() if when is not None else pd.NaT for f in account["file"]
        ]
        accounts.append(account)
        for cause, n in one.rejected["cause"].value_counts(sort=False).items():
            dropped.append({"table": name, "cause": str(cause), "n_rows": int(n), "amount": pd.NA})
        if late.any():
            amount = int(one.frame.loc[late, "arr"].sum()) if name == "subscriptions" else pd.NA
            cause = f"{table.date} after {as_of}"
            dropped.append({"table": name, "cause": cause, "n_rows": int(late.sum()), "amount": amount})
    ledger = tables["subscriptions"]
    ids = pd.Index(ledger["account_id"].unique())
    if "accounts" in tables:
        tables["accounts"] = _named(tables["accounts"])
        ids = ids.union(pd.Index(tables["accounts"]["account_id"].unique()))
    else:
        alone = pd.DataFrame({"account_id": pd.Series(sorted(ids), dtype="str")})
        tables["accounts"] = _named(alone)
    notes += _edge(ledger, day)
    account = pd.concat(accounts, ignore_index=True)
    order = [
        "table",
        "file",
        "rows_read",
        "rows_kept",
        "rows_after_as_of",
        "rows_rejected",
        "first_date",
        "last_date",
    ]
    left = pd.DataFrame(dropped, columns=["table", "cause", "n_rows", "amount"]).astype(
        {"n_rows": "int64", "amount": "Int64"}
    )
    return Cut(tables, account[[*order, "sha256"]], left, tuple(notes))
