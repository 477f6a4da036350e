"""The ledger against what others state: control totals, and files whose rows must lie within its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cslib.quality.finding import EXAMPLES, Example, Finding, Sight, shown_cell
from cslib.sources.read import read
from cslib.sources.related import Related
from cslib.tables import Problem, TableError, listed, nearest

__all__ = ["controls", "related", "standing"]


def standing(ledger: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """ARR of each account at the end of `day`, minor units; accounts that pay nothing are not in it.

    >>> start = pd.Series(["2024-01-01"]).astype("datetime64[s]")
    >>> rows = pd.DataFrame({"account_id": ["A"], "start_date": start, "end_date": pd.NaT, "arr": [1200]})
    >>> standing(rows, pd.Timestamp("2024-03-31")).to_dict()
    {'A': 1200}
    """
    live = (ledger["start_date"] <= day) & (ledger["end_date"].isna() | (ledger["end_date"] > day))
    arr = ledger.loc[live].groupby("account_id")["arr"].sum()
    return arr[arr > 0]


def controls(sight: Sight) -> Iterator[Finding]:
    """Stated totals that the ledger does not reach to the last minor unit."""
    for control in sight.company.controls:
        known = standing(sight.book.tables["subscriptions"], pd.Timestamp(control.day))
        if control.day > sight.book.as_of:
            continue
        for what, stated, found in (
            ("ARR", control.arr, int(known.sum())),
            ("accounts", control.accounts, len(known)),
        ):
            if stated is None or stated == found:
                continue
            shown = [
                _money(n, sight.book.minor_units) if what == "ARR" else f"{n:,}"
                for n in (found, stated, found - stated)
            ]
            by = f" by {control.source}" if control.source else ""
            yield Finding(
                "control total", "wrong", "subscriptions", what,
                f"{what} of {control.day} is {shown[0]} in the ledger and {shown[1]} as stated{by}: {shown[2]} apart",
                "Ask how the stated total was made: what day, which rows, which currency rate",
                0, len(sight.book.tables["subscriptions"]), 0, abs(found - stated) if what == "ARR" else None, (), (),
            )  # fmt: skip


def _money(minor: int, digits: int) -> str:
    return f"{minor / 10**digits:,.{digits}f}"


def _days(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values.astype("str"), errors="coerce", format="mixed").dt.tz_localize(None)


def _column(frame: pd.DataFrame, name: str, file: str) -> pd.Series:
    if name not in frame:
        near = nearest(name, frame.columns)
        hint = f"Did you mean {near!r}?" if near else "Correct it in company.toml"
        found = "columns: " + listed(map(str, frame.columns))
        raise TableError(
            Problem("", file, None, name, found, f"a column {name!r}", hint, cause="no such column")
        )
    return frame[name]


def related(sight: Sight) -> Iterator[Finding]:
    """Rows of related files that name no row of the ledger, lie outside its time, or bill another amount."""
    if "subscriptions" not in sight.raws:
        return
    ledger = pd.concat([raw.frame.assign(**{"file (ours)": raw.file}) for raw in sight.raws["subscriptions"]])
    for one in sight.company.related:
        raw = read(Path(sight.book.folder or ".") / one.file, one.file, limits=sight.company.limits)
        to = _column(ledger, one.to, "the ledger").astype("str").str.removesuffix(".0")
        of = _column(raw.frame, one.of, one.file).astype("str").str.removesuffix(".0")
        account = sight.theirs("subscriptions", "account_id", "account")
        head = ledger.assign(key=to).drop_duplicates("key").set_index("key")
        mine = head[account].reindex(of).set_axis(raw.frame.index) if account in head else of
        stray = ~of.isin(to)
        yield from _told(sight, one, raw.frame, stray, mine, "orphan", of.astype(str),
                         f"{int(stray.sum()):,} of {len(of):,} rows of {one.name} name no row of the ledger",
                         "Correct the id, or load what is missing")  # fmt: skip
        if one.start and one.end:
            names = [
                sight.theirs("subscriptions", *ours)
                for ours in (("start_date", "start"), ("end_date", "end"))
            ]
            begin, end = (
                _days(_column(head, name, "the ledger")).reindex(of).set_axis(raw.frame.index)
                for name in names
            )
            first, last = (_days(_column(raw.frame, name, one.file)) for name in (one.start, one.end))
            out = ((first < begin) | (last > end)) & ~stray
            found = first.dt.strftime("%Y-%m-%d") + " to " + last.dt.strftime("%Y-%m-%d")
            found += " of " + begin.dt.strftime("%Y-%m-%d") + " to " + end.dt.strftime("%Y-%m-%d")
            yield from _told(sight, one, raw.frame, out, mine, "outside its term", found,
                             f"{int(out.sum()):,} of {len(of):,} rows of {one.name} lie outside their term",
                             "Correct the days of one or the other; which of them bills?")  # fmt: skip
        if one.amount:
            yield from _billed(sight, one, raw.frame, head, of, mine)


def _billed(
    sight: Sight, one: Related, frame: pd.DataFrame, head: pd.DataFrame, of: pd.Series, mine: pd.Series
) -> Iterator[Finding]:
    """Amounts against the ledger: line by line for the months it is for, where it says them, else row by row in sum."""
    stated = pd.to_numeric(_column(frame, one.amount, one.file), errors="coerce")
    base = next(
        (name for name in ("mrr", "arr", "total") if sight.theirs("subscriptions", name) in head), "mrr"
    )
    own = pd.to_numeric(_column(head, sight.theirs("subscriptions", base), "the ledger"), errors="coerce")
    price = own.astype("float64").reindex(of).set_axis(frame.index)
    if one.start and one.end and base != "total":
        first, last = (_days(_column(frame, name, one.file)) for name in (one.start, one.end))
        months = ((last - first).dt.days / 30.4375).round().clip(lower=1)
        expected = price * months / (1 if base == "mrr" else 12)
        odd = (stated - expected).abs() > 0.005 * expected.abs().clip(lower=1)
        what = f"{int(odd.sum()):,} of {len(frame):,} rows of {one.name} bill another amount than the ledger's price"
        billed = stated
    else:
        billed, expected = stated.groupby(of.to_numpy()).transform("sum"), price
        odd = (billed - expected).abs() > 0.005
        what = f"{int(odd.sum()):,} of {len(frame):,} rows of {one.name} do not add up to the price in the ledger"
    found = billed.map("{:,.2f}".format) + " against " + expected.map("{:,.2f}".format)
    fix = "Reconcile them one by one; the ledger's price is what counts"
    yield from _told(sight, one, frame, odd, mine, "other amount", found, what, fix)


def _told(
    sight: Sight, one: Related, frame: pd.DataFrame, mask: pd.Series, mine: pd.Series, check: str,
    found: pd.Series, what: str, fix: str,
) -> Iterator[Finding]:  # fmt: skip
    at = np.flatnonzero(mask.fillna(False).to_numpy(dtype=bool))
    if not len(at):
        return
    lines = frame.index.to_numpy()[at]
    accounts = mine.iloc[at]
    shown = tuple(
        Example(one.file, int(frame.index[i]), shown_cell("", mine.iloc[i]), shown_cell("", found.iloc[i]))
        for i in at[:EXAMPLES]
    )
    yield Finding(
        check, "wrong", one.name, one.of, what, fix, len(at), len(frame), int(accounts.nunique()),
        sight.arr_of(accounts.dropna().unique()), tuple((one.file, int(line)) for line in lines), shown,
    )  # fmt: skip
