"""Doubts about the tables beside the ledger: whose their rows are, when they happened, what a join would do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from cslib.quality.finding import Finding, Sight, in_file, in_table
from cslib.tables import TABLES

__all__ = ["before_subscription", "fan_out", "fresh", "orphans", "ownerless", "repeated", "time_travel"]

_STALE: Final = 45  # days
_BEFORE: Final = ("usage", "tickets", "surveys", "churn_reasons", "health")  # what only a customer can have


def orphans(sight: Sight) -> Iterator[Finding]:
    """Rows of accounts that nobody else knows, and accounts that are not listed."""
    ledger = set(sight.loaded["subscriptions"].frame["account_id"])
    listed = set(sight.loaded["accounts"].frame["account_id"]) if "accounts" in sight.loaded else ledger
    if ledger - listed:
        mask = ~sight.loaded["subscriptions"].frame["account_id"].isin(sorted(listed))
        yield from in_table(
            sight, "subscriptions", mask.to_numpy(dtype=bool), check="orphan", severity="look", column="account_id",
            what=f"{len(ledger - listed):,} of {len(ledger):,} accounts of the ledger are not in accounts",
            fix="Add them to accounts, or correct the id",
        )  # fmt: skip
    for name, one in sight.loaded.items():
        if name in ("subscriptions", "accounts") or "account_id" not in one.frame:
            continue
        mask = ~one.frame["account_id"].isin(sorted(ledger | listed))
        yield from in_table(
            sight, name, mask.to_numpy(dtype=bool), check="orphan", severity="wrong", column="account_id",
            what=f"{int(mask.sum()):,} rows of {name} belong to accounts that no other table holds",
            fix="Correct the id, or add the account; a merged account belongs in account_links",
        )  # fmt: skip
    if "accounts" in sight.loaded and (idle := listed - ledger):
        mask = sight.loaded["accounts"].frame["account_id"].isin(sorted(idle))
        yield from in_table(
            sight, "accounts", mask.to_numpy(dtype=bool), check="never a customer", severity="look",
            column="account_id",
            what=f"{len(idle):,} accounts have no subscription at all",
            fix="Right for prospects; else their subscriptions are missing",
        )  # fmt: skip


def repeated(sight: Sight) -> Iterator[Finding]:
    """Rows of a table without a key that repeat an earlier one in full."""
    for name, one in sight.loaded.items():
        if TABLES[name].key:
            continue
        mask = one.frame.duplicated().to_numpy(dtype=bool)
        yield from in_table(
            sight, name, mask, check="repeated row", severity="look", column="account_id",
            what=f"{int(mask.sum()):,} rows of {name} repeat an earlier row in all columns that are read, and count",
            fix="Remove the copies, or map the column that tells them apart",
        )  # fmt: skip


def _iso(days: pd.Series) -> pd.Series:
    texts: pd.Series = days.dt.strftime("%Y-%m-%d")
    return texts


def time_travel(sight: Sight) -> Iterator[Finding]:
    """What happened before its account was a customer."""
    ledger = sight.loaded["subscriptions"].frame
    first = ledger.groupby("account_id")["start_date"].min()
    for name in _BEFORE:
        if name not in sight.loaded:
            continue
        frame, date = sight.loaded[name].frame, str(TABLES[name].date)
        begins = frame["account_id"].map(first)
        early = frame[date] < (begins.dt.to_period("M").dt.start_time if name == "usage" else begins)
        found = _iso(frame[date]) + " before " + _iso(frame["account_id"].map(first))
        yield from in_table(
            sight, name, early.to_numpy(dtype=bool), check="time travel", severity="wrong", column=date, found=found,
            what=f"{int(early.sum()):,} rows of {name} lie before the first day of their account",
            fix="Compare the first day in the ledger with the contract; a trial before it is a price of 0",
        )  # fmt: skip


def before_subscription(sight: Sight, table: str, frame: pd.DataFrame) -> Iterator[Finding]:
    """What is booked on a subscription before that subscription begins."""
    tie = sight.entry(table).account_of
    date = sight.theirs(table, str(TABLES[table].date))
    ledger = sight.loaded["subscriptions"].frame
    if tie not in frame or date not in frame or "subscription_id" not in ledger:
        return
    first = ledger.groupby("subscription_id")["start_date"].min()
    begins = frame[tie].map(first)
    early = pd.to_datetime(frame[date], errors="coerce", format="ISO8601") < begins
    yield from in_file(
        sight, table, frame, early.fillna(False).to_numpy(dtype=bool), check="time travel", severity="wrong",
        column=date,
        what=f"{int(early.sum()):,} of {len(frame):,} rows of {table} predate the subscription they are booked on",
        fix=f"Do not trust what hangs on {tie}; here only the account behind it is used",
    )  # fmt: skip


def ownerless(sight: Sight) -> Iterator[Finding]:
    """Accounts that pay and that nobody looks after."""
    if "accounts" not in sight.loaded or "owner" not in sight.loaded["accounts"].frame:
        return
    frame = sight.loaded["accounts"].frame
    pays = frame["account_id"].isin(sight.standing.index[sight.standing > 0])
    mask = (pays & (frame["owner"].isna() | (frame["owner"].astype("str").str.strip() == ""))).to_numpy(
        dtype=bool
    )
    yield from in_table(
        sight, "accounts", mask, check="no owner", severity="look", column="owner",
        what=f"{int(mask.sum()):,} accounts that pay have no owner",
        fix="Name one in the CRM; capacity and coverage count them as nobody's",
    )  # fmt: skip


def fresh(sight: Sight) -> Iterator[Finding]:
    """Tables that stop long before the as-of day."""
    for name, one in sight.loaded.items():
        date = TABLES[name].date
        days = one.frame[date].dropna() if date in one.frame else pd.Series(dtype="datetime64[s]")
        if name == "subscriptions":
            days = pd.concat([days, one.frame["end_date"].dropna()])
        days = days[days <= sight.day]
        if name in ("account_links", "accounts", "team", "contacts") or len(days) < 30:
            continue
        stale = (sight.day - days.max()).days
        if stale > _STALE:
            yield Finding(
                "stale", "look", name, str(date),
                f"{name} ends on {days.max().date()}, {stale:,} days before {sight.book.as_of}",
                "Load newer data, or ask for an earlier day",
                0, len(one.frame), 0, None, (), (),
            )  # fmt: skip


def fan_out(sight: Sight) -> Iterator[Finding]:
    """Tables whose join with the ledger by account would count its money several times."""
    ledger = sight.loaded["subscriptions"].frame
    per = ledger.groupby("account_id").agg(n=("arr", "size"), arr=("arr", "sum"))
    for name in ("churn_reasons", "tickets", "surveys", "opportunities", "renewals"):
        if name not in sight.loaded or not (per["n"] > 1).any():
            continue
        frame = sight.loaded[name].frame
        counts = frame["account_id"].value_counts()
        tied = per.loc[per.index.intersection(counts.index)]
        n = counts.reindex(tied.index)
        rows, once, joined = int((tied["n"] * n).sum()), int(tied["arr"].sum()), int((tied["arr"] * n).sum())
        if once and joined > 1.5 * once:
            yield Finding(
                "fan-out", "know", name, "account_id",
                f"joined to subscriptions by account, {len(frame):,} rows become {rows:,}, and the prices of these "
                f"accounts add up to {joined / once:.1f} times what they are",
                "Take one row an account from either side before a join; cslib joins accounts, on days",
                rows, rows, len(tied), None, (), (),
            )  # fmt: skip
