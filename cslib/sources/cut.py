"""What was known at the end of one day: nothing that happened later is left in a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from cslib.sources.canonical import Loaded
from cslib.sources.company import Company, refuse
from cslib.tables import TABLES, Table

__all__ = ["Cut", "Reach", "check_day", "cut", "edge_notes", "ledger_notes", "reach"]

_FAR: Final = 31  # days without a start or an end that a ledger of months may well have


@dataclass(frozen=True)
class Cut:
    """Tables as known on a day, and the account of what was left out.

    `made` has the rows of each table of which one row of a file may have made several, as the importer made them.
    """

    tables: dict[str, pd.DataFrame]
    account: pd.DataFrame
    dropped: pd.DataFrame
    notes: tuple[str, ...]
    made: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reach:
    """Day to which a company's data reach, and how that is known."""

    day: dt.date
    why: str


def reach(company: Company, ledger: Callable[[], Loaded]) -> Reach | None:
    """Day up to which figures can be asked for: said, or the last of a matrix, or the newest start in the ledger.

    An end may lie in the future and says nothing of what is known. None where the ledger has no row; it is read only
    where `company` does not say.
    """
    if company.data_until is not None:
        return Reach(company.data_until, "data_until in company.toml")
    one = ledger()
    if one.covers_until is not None:
        return Reach(one.covers_until.date(), "the last month of the matrix")
    newest = one.frame["start_date"].max()
    return None if pd.isna(newest) else Reach(newest.date(), "the newest start in the ledger")


def _known(frame: pd.DataFrame, table: Table, day: pd.Timestamp) -> pd.DataFrame:
    """Rows of the day, with what came later blanked."""
    frame = frame.copy()
    if table.name == "subscriptions":
        foreseen = frame["notice_date"] <= day if "notice_date" in frame else False
        frame["end_date"] = frame["end_date"].mask(
            (frame["end_date"] > day) & ~pd.Series(foreseen, index=frame.index)
        )
    for column, also in table.later.items():
        if column in frame:
            late = frame[column] > day
            for name in (column, *also):
                if name in frame:
                    frame[name] = frame[name].mask(late)
    return frame


def _days(frame: pd.DataFrame, table: Table, day: pd.Timestamp) -> pd.Series:
    """Latest day each row of a cut table speaks of, not after `day`."""
    days = (
        frame[table.date]
        if table.date in frame
        else pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    )
    if table.name != "subscriptions":
        return days
    return days.mask(frame["end_date"] <= day, frame["end_date"])


def _named(accounts: pd.DataFrame) -> pd.DataFrame:
    """Accounts with a name each: their id where none is given."""
    names = accounts["name"].fillna(accounts["account_id"]) if "name" in accounts else accounts["account_id"]
    rest = [name for name in accounts if name not in ("account_id", "name")]
    return accounts.assign(name=names)[["account_id", "name", *rest]]


def edge_notes(last: Any, day: pd.Timestamp, *, complete: bool) -> list[str]:
    """What is to be said where the data may stop before `day`; `complete` when the company says it does not."""
    if pd.isna(last):
        return [f"No subscription starts on or before {day.date()}."]
    days = (day - last).days
    if complete or days <= _FAR:
        return []
    return [
        f"as_of {day.date()} lies {days:,} days after {last.date()}, the last day on which any subscription starts "
        "or ends; if the data stops there, what happened since is not in it."
    ]


def ledger_notes(n_empty: int, n_later: int, n_noticed: int, day: pd.Timestamp) -> list[str]:
    """What is to be said of rows that end as they start, that end after `day`, and of those the ones with notice."""
    notes = []
    if n_empty:
        notes.append(f"subscriptions: {n_empty:,} rows start and end on the same day and count for nothing.")
    if n_later:
        rest = f"notice had been given for {n_noticed:,}, the others" if n_noticed else "they"
        notes.append(
            f"subscriptions: {n_later:,} rows end after {day.date()}; {rest} are open as of that day."
        )
    return notes


def _strangers(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Rows whose account no ledger row and no account row names; they are kept."""
    ledger = set(tables["subscriptions"]["account_id"].unique())
    listed = set(tables["accounts"]["account_id"]) if "accounts" in tables else ledger
    known = sorted(ledger | listed)
    notes = []
    if ledger - listed:
        n, of = len(ledger - listed), len(ledger)
        notes.append(f"accounts: {n:,} of {of:,} accounts in subscriptions are not in accounts.")
    for name, frame in tables.items():
        if name in ("subscriptions", "accounts") or "account_id" not in frame:
            continue
        strange = ~frame["account_id"].isin(known)
        if strange.any():
            n, of = int(strange.sum()), frame.loc[strange, "account_id"].nunique()
            notes.append(
                f"{name}: {n:,} rows belong to {of:,} accounts that subscriptions and accounts do not hold."
            )
    return notes


def _repeats(name: str, frame: pd.DataFrame) -> list[str]:
    n = int(frame.duplicated().sum()) if not TABLES[name].key else 0
    return (
        [f"{name}: {n:,} rows repeat an earlier row in full; the contract allows it, and they count."]
        if n
        else []
    )


def check_day(loaded: Mapping[str, Loaded], as_of: dt.date, data_until: dt.date | None) -> None:
    """Raise TableError when `as_of` is later than the data."""
    limits = [one.covers_until.date() for one in loaded.values() if one.covers_until is not None]
    until = data_until or min(limits, default=None)
    if until is not None and as_of > until:
        hint = "Ask for an earlier day, or load newer data" + (" and move data_until" if data_until else "")
        found, expected = f"'{as_of}'", f"a day up to {until}, the last that the data covers"
        raise refuse("later than the data", key="as_of", found=found, expected=expected, hint=hint)


def cut(loaded: Mapping[str, Loaded], *, as_of: dt.date, data_until: dt.date | None) -> Cut:
    """Tables as known at the end of `as_of` (inclusive).

    Rows dated later are left out and counted; in the rows that stay, later dates, and what became known with
    them, are blank. An end after `as_of` is blank too, unless notice had been given: the right edge is not churn.

    Raises
    ------
    TableError
        When `as_of` is later than the data.
    """
    check_day(loaded, as_of, data_until)
    day = pd.Timestamp(as_of)
    tables: dict[str, pd.DataFrame] = {}
    accounts: list[pd.DataFrame] = []
    dropped: list[dict[str, object]] = []
    notes: list[str] = []
    made: dict[str, int] = {}
    for name, table in TABLES.items():
        if name not in loaded:
            continue
        one = loaded[name]
        late = (
            one.frame[table.date] > day
            if table.date in one.frame
            else pd.Series(False, index=one.frame.index)
        )
        kept = one.frame[~late]
        tables[name] = _known(kept, table, day).reset_index(drop=True)
        notes += [f"{note}." for note in one.notes]
        if name == "subscriptions":
            ends = tables[name]["end_date"]
            n_empty, n_noticed = int((ends == tables[name]["start_date"]).sum()), int((ends > day).sum())
            notes += ledger_notes(n_empty, int((kept["end_date"] > day).sum()), n_noticed, day)
        notes += _repeats(name, tables[name])
        files = one.origin["file"]
        days = _days(kept, table, day)
        starts = days if table.date is None else kept.get(table.date, days)
        if one.several:  # rows of the file are counted, and one may have made several of the table
            made[name] = len(one.origin) - int(late.sum())
            line = late.groupby([files, one.origin["line"]])
            whole, after = line.transform("all"), line.all().groupby(level=0).sum()
        else:
            whole, after = late, late.groupby(files).sum()
        account = one.account.set_index("file", drop=False)
        account["rows_after_as_of"] = after.reindex(account.index, fill_value=0).astype("int64")
        account["rows_kept"] -= account["rows_after_as_of"]
        account["first_date"] = starts.groupby(files[~late]).min().reindex(account.index)
        account["last_date"] = days.groupby(files[~late]).max().reindex(account.index)
        accounts.append(account.reset_index(drop=True))
        causes = one.rejected["cause"].value_counts(sort=False)
        dropped += [
            {"table": name, "cause": cause, "n_rows": n, "amount": one.left_amounts.get(str(cause), pd.NA)}
            for cause, n in causes.items()
        ]
        if whole.any():
            amount = int(one.frame.loc[whole, "arr"].sum()) if name == "subscriptions" else pd.NA
            cause = f"{table.date}: after {as_of}"
            dropped.append({"table": name, "cause": cause, "n_rows": int(after.sum()), "amount": amount})
    notes += _strangers(tables)
    if "accounts" not in tables:
        ids = pd.Series(
            sorted(tables["subscriptions"]["account_id"].unique()), name="account_id", dtype="str"
        )
        tables["accounts"] = ids.to_frame()
    tables["accounts"] = _named(tables["accounts"])
    complete = data_until is not None or loaded["subscriptions"].covers_until is not None
    last = _days(tables["subscriptions"], TABLES["subscriptions"], day).max()
    notes += edge_notes(last, day, complete=complete)
    account = pd.concat(accounts, ignore_index=True)
    order = ["table", "file", "rows_read", "rows_kept", "rows_after_as_of", "rows_rejected"]
    left = pd.DataFrame(dropped, columns=["table", "cause", "n_rows", "amount"])
    return Cut(
        {name: tables[name] for name in TABLES if name in tables},
        account[[*order, "first_date", "last_date", "sha256"]],
        left.astype({"table": "str", "cause": "str", "n_rows": "int64", "amount": "Int64"}),
        tuple(notes),
        made,
    )
