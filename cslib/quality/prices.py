"""Doubts about the ledger: periods, prices, currencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from cslib.quality.finding import Finding, Sight, in_table
from cslib.tables import listed

__all__ = ["copies", "currencies", "empty", "ends", "gaps", "outliers", "overlaps", "renewed"]

_GAP: Final = 31  # days without a subscription that a late renewal may explain
_SHARE: Final = 0.3
_FEW: Final = 5
_TIMES: Final = 20
_PARENT: Final = re.compile("renew|previous|predecessor")


def _ledger(sight: Sight) -> pd.DataFrame:
    return sight.loaded["subscriptions"].frame


def overlaps(sight: Sight) -> Iterator[Finding]:
    """Two periods of one subscription that run at once: its price counts twice meanwhile."""
    frame = _ledger(sight)
    if "subscription_id" not in frame:
        return
    order = frame.sort_values(["subscription_id", "start_date"], kind="stable")
    key = order["subscription_id"]
    reach = order["end_date"].fillna(pd.Timestamp.max.floor("s")).groupby(key).cummax().groupby(key).shift()
    running = (order["start_date"] < reach) & key.notna() & (order["end_date"] != order["start_date"])
    mask = running.reindex(frame.index).to_numpy(dtype=bool)
    yield from in_table(
        sight, "subscriptions", mask, check="overlap", severity="wrong", column="subscription_id",
        what=f"{int(mask.sum()):,} periods begin before an earlier one of their subscription has ended: both count",
        fix="End the earlier period where the later one begins, or give parallel lines ids of their own",
    )  # fmt: skip


def copies(sight: Sight) -> Iterator[Finding]:
    """Two subscriptions of one account that agree in first day, price and what is sold."""
    frame = _ledger(sight)
    if "subscription_id" not in frame:
        return
    told = ("account_id", "start_date", "end_date", "arr", "currency", "product", "plan", "quantity")
    same = [name for name in told if name in frame]
    mask = (frame.duplicated(same, keep=False) & (frame["arr"] > 0)).to_numpy(dtype=bool)
    yield from in_table(
        sight, "subscriptions", mask, check="twins", severity="look", column="subscription_id",
        what=f"{int(mask.sum()):,} rows have a twin: same account, days, price and product under another id",
        fix="Ask billing whether each was sold; a copy counts twice",
    )  # fmt: skip


def gaps(sight: Sight) -> Iterator[Finding]:
    """Accounts without any subscription for some days and back again: churn and return, or a late renewal."""
    frame = _ledger(sight)
    paid = frame[(frame["arr"] > 0) & (frame["start_date"] != frame["end_date"])]
    order = paid.sort_values(["account_id", "start_date"], kind="stable")
    reach = order["end_date"].fillna(pd.Timestamp.max.floor("s")).groupby(order["account_id"]).cummax()
    days = (order["start_date"] - reach.groupby(order["account_id"]).shift()).dt.days
    short = (days > 0) & (days <= _GAP)
    mask = short.reindex(frame.index, fill_value=False).to_numpy(dtype=bool)
    yield from in_table(
        sight, "subscriptions", mask, check="short gap", severity="look", column="start_date",
        what=f"{int(mask.sum()):,} times an account pays nothing for 1 to {_GAP} days and then pays again",
        fix="Where it was renewed late, move the earlier end; else it is churn and return where a month ends within",
    )  # fmt: skip


def ends(sight: Sight) -> Iterator[Finding]:
    """End days that look like the last day paid for, where the first day without is asked for."""
    frame = _ledger(sight)
    closed = frame["end_date"].notna()
    last = closed & frame["end_date"].dt.is_month_end & frame["start_date"].dt.is_month_start
    n, of = int(last.sum()), int(closed.sum())
    if n < _FEW or n < _SHARE * of:
        return
    yield from in_table(
        sight, "subscriptions", last.to_numpy(dtype=bool), check="inclusive end", severity="wrong", column="end_date",
        what=f"{n:,} of {of:,} ends are the last day of a month after a start on the first of one: "
        "each looks like the last day paid for, and is read as the first day without",
        fix='Where the source means the last day of service, say [settings] end_date = "inclusive" in company.toml',
    )  # fmt: skip


def empty(sight: Sight) -> Iterator[Finding]:
    """Periods without a day in them."""
    frame = _ledger(sight)
    none = (frame["end_date"] == frame["start_date"]).to_numpy(dtype=bool)
    yield from in_table(
        sight, "subscriptions", none, check="no time", severity="look", column="end_date",
        what=f"{int(none.sum()):,} rows end on the day they start and count for nothing",
        fix="Leave them out at the source, or give them the day they really ended",
    )  # fmt: skip


def outliers(sight: Sight) -> Iterator[Finding]:
    """Prices far beyond those of the same account and of the book: a slipped point, a total for a month's price."""
    frame = _ledger(sight)
    paid = frame["arr"].where(frame["arr"] > 0).astype("float64")
    if paid.notna().sum() < 10 * _FEW:
        return
    own = frame["account_id"].map(paid.groupby(frame["account_id"]).quantile(0.5, interpolation="lower"))
    n = paid.groupby(frame["account_id"]).transform("count")
    book = paid.median()
    far = (paid > _TIMES * book) & ((paid > _TIMES * own) | ((n == 1) & (paid > _TIMES**2 * book)))
    yield from in_table(
        sight, "subscriptions", far.to_numpy(dtype=bool), check="outlier", severity="look", column="arr",
        what=f"{int(far.sum()):,} prices are more than {_TIMES} times the usual one, of the account and of the book",
        fix="Compare with the contract: a decimal point, or a price of a term entered as one of a month",
    )  # fmt: skip


def currencies(sight: Sight) -> Iterator[Finding]:
    """Currencies that hardly occur, and accounts that pay in several."""
    frame = _ledger(sight)
    share = frame["currency"].value_counts(normalize=True)
    rare = frame["currency"].isin(share.index[share < 0.01])
    yield from in_table(
        sight, "subscriptions", rare.to_numpy(dtype=bool), check="rare currency", severity="look", column="currency",
        what=f"{int(rare.sum()):,} rows are in {listed(sorted(set(frame.loc[rare, 'currency'])))}, "
        "less than 1% of the ledger",
        fix="Compare with the invoice; a wrong code changes the price by its rate",
    )  # fmt: skip
    many = frame.groupby("account_id")["currency"].transform("nunique") > 1
    yield from in_table(
        sight, "subscriptions", many.to_numpy(dtype=bool), check="several currencies", severity="look",
        column="currency",
        what=f"{frame.loc[many, 'account_id'].nunique():,} accounts have prices in more than one currency",
        fix="Right for groups that buy abroad; else one of the codes is wrong",
    )  # fmt: skip


def _keys(values: pd.Series) -> pd.Series:
    """Ids as text; one that a spreadsheet took for a number has lost nothing."""
    return values.astype("str").str.removesuffix(".0")


def renewed(sight: Sight) -> Iterator[Finding]:
    """Renewals that begin before what they renew has ended."""
    one = sight.loaded["subscriptions"]
    text = pd.concat([raw.frame.assign(file=raw.file) for raw in sight.raws["subscriptions"]]).reset_index()
    theirs = sight.theirs("subscriptions", "subscription_id", "subscription", "id")
    if theirs not in text or len(text) < len(one.frame):
        return
    ids = _keys(text[theirs])
    names = [name for name in map(str, text) if name != theirs and _PARENT.search(name.lower())]
    names = [
        name for name in names if (known := set(_keys(text[name]).dropna()) - {""}) and known <= set(ids)
    ]
    if not names:
        return
    days = one.frame[["start_date", "end_date"]].assign(file=one.origin["file"], line=one.origin["line"])
    days = days.drop_duplicates(["file", "line"])
    text = text.merge(days, on=["file", "line"], how="left", suffixes=("", " (ours)"))
    start, end = (c if f"{c} (ours)" not in text else f"{c} (ours)" for c in ("start_date", "end_date"))
    ended = text.assign(id=ids).drop_duplicates("id").set_index("id")[end]
    of = _keys(text[names[0]]).map(ended)
    early = text.loc[text[start] < of, ["file", "line"]]
    at = pd.MultiIndex.from_frame(one.origin[["file", "line"]])
    mask = np.asarray(at.isin(pd.MultiIndex.from_frame(early)))
    n = int((_keys(text[names[0]]).fillna("") != "").sum())
    yield from in_table(
        sight, "subscriptions", mask, check="early renewal", severity="look", column="start_date",
        what=f"{int(mask.sum()):,} of {n:,} renewals begin before what they renew ends, and both count meanwhile",
        fix="End the earlier contract where its renewal begins",
    )  # fmt: skip
