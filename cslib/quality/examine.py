"""All checks over one company's data as of one day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd

from cslib.book import Book
from cslib.quality import files, others, prices, totals
from cslib.quality.finding import EXAMPLES, Example, Finding, Sight, as_frames, shown_cell
from cslib.sources.company import load_config
from cslib.sources.cut import reach
from cslib.sources.entry import TableConfig
from cslib.sources.files import load_tables, raw_table
from cslib.sources.money import annualise
from cslib.sources.toml import refuse
from cslib.tables import TABLES

__all__ = ["CHECKS", "Inspection", "examine"]

CHECKS: Final[Mapping[str, str]] = {
    "rejected": "rows that break the contract",
    "later": "rows after the as-of day",
    "blank": "blank cells in columns that are filled as a rule",
    "sign": "negative numbers among positive ones",
    "repeated id": "rows under the number of an earlier row",
    "repeated row": "rows that repeat an earlier one",
    "flag against days": "flags that contradict the days of a subscription",
    "flag without event": "accounts that say they left, on no day",
    "event without flag": "accounts that left on a day and do not say so",
    "conflict": "rows that repeat a key and say something else",
    "two prices": "monthly and yearly prices that disagree",
    "overlap": "periods of one subscription that run at once",
    "twins": "subscriptions that agree in all but their id",
    "short gap": "accounts that stop and come back within days",
    "inclusive end": "ends that look like the last day paid for",
    "no time": "periods without a day",
    "early renewal": "renewals before the end of what they renew",
    "outlier": "prices far from the usual",
    "rare currency": "currencies that hardly occur",
    "several currencies": "accounts that pay in several currencies",
    "orphan": "rows of accounts that nobody knows",
    "never a customer": "accounts without a subscription",
    "time travel": "events before their account or subscription began",
    "no owner": "paying accounts that nobody looks after",
    "stale": "tables that stop before the as-of day",
    "fan-out": "joins that would count money several times",
    "control total": "the ledger against stated totals",
    "outside its term": "related rows outside the time of what they belong to",
    "other amount": "related rows that bill another amount",
}
"""Every check and what it looks for."""


_FIXES: Final[Mapping[str, str]] = {
    "blank": "Fill it in the source, or map the column that holds it",
    "repeat": "Remove the copy; where both are meant, give them ids of their own",
    "negative": "Correct the sign; credits and refunds are no recurring revenue and belong in no ledger",
    "cannot be read": "Correct the cells, or say how they are written: date_format, decimal, values",
    "end before": "Correct the days, or map the column that holds the end of service",
    "name a subscription": "Load the subscriptions they belong to, or correct the id",
    "cells than": "Put text that holds the separator in double quotes",
    "currency": "Map the codes: values = { currency = { theirs = ours } }",
}


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found: `findings` and `examples` as :func:`as_frames` makes them, `passed` a row a check without any.

    `rows` holds every place of every finding: ``check, table, column, file, line``.
    """

    book: Book
    findings: pd.DataFrame
    examples: pd.DataFrame
    passed: pd.DataFrame
    rows: pd.DataFrame

    @property
    def clean(self) -> bool:
        """Whether nothing was found that is doubtful."""
        return bool((self.findings["severity"] == "know").all())

    def summary(self, proof: pd.DataFrame | None = None) -> tuple[str, ...]:
        """The outcome in a few lines, the gravest first.

        `proof` is that of the same book (``check, holds``): where an identity does not hold, nothing is clean.
        """
        n = len(CHECKS)
        broken = [] if proof is None else [str(check) for check in proof.loc[~proof["holds"], "check"]]
        told = [_unproved(broken)] if broken else []
        if self.clean:
            found = f"none of {n} checks found anything"
            return (
                (*told, f"The data themselves give no cause: {found}.")
                if told
                else (f"A clean bill: {found}.",)
            )
        read, kept = int(self.book.account["rows_read"].sum()), int(self.book.account["rows_kept"].sum())
        told.append(
            f"{len(self.passed):,} of {n} checks found nothing; {read - kept:,} of {read:,} rows are left out."
        )
        for severity, text in (
            ("left out", "Left out"),
            ("wrong", "Cannot be right"),
            ("look", "To be looked at"),
        ):
            part = self.findings[self.findings["severity"] == severity]
            if len(part):
                told.append(f"{text}, {len(part):,} in all; first: {part['what'].iloc[0]}.")
        return tuple(told)


def _unproved(broken: list[str]) -> str:
    return (
        f"The figures contradict each other: {len(broken):,} identities of the proof do not hold; first: {broken[0]}. "
        "Until that is explained no figure may be used."
    )


def _at_stake(sight: Sight, rows: pd.DataFrame) -> int | None:
    """ARR of rows as text, where their prices can be read and are in the reporting currency."""
    entry = sight.entry("subscriptions")
    base, times = ("mrr", 12) if sight.book.base == "mrr" else ("arr", 1)
    price = entry.columns.get(base, base)
    code = entry.columns.get("currency", "currency")
    home = entry.constants.get("currency") == sight.book.currency
    if price not in rows or not (home or (code in rows and (rows[code] == sight.book.currency).all())):
        return None
    amounts = pd.to_numeric(rows[price], errors="coerce").dropna()
    return int((amounts * times * 10**sight.book.minor_units).round().sum()) if len(amounts) else None


def _fix(why: str) -> str:
    for words, fix in _FIXES.items():
        if words in why:
            return fix
    return "Correct them in the source; until then they are in no figure"


def _rejected(sight: Sight) -> Iterator[Finding]:
    for name, one in sight.loaded.items():
        left = one.rejected
        if not len(left):
            continue
        for cause, rows in left.groupby("cause", sort=False):
            column, _, why = str(cause).partition(": ")
            column, why = (column, why) if why else ("", str(cause))
            theirs = sight.entry(name).columns.get(column, column)
            account = sight.theirs(name, "account_id", "account")
            who = rows[account] if account in rows else pd.Series("", index=rows.index)
            found = rows.get(theirs, who)
            shown = tuple(
                Example(str(rows["file"].iloc[i]), int(rows["line"].iloc[i]), shown_cell("", who.iloc[i]),
                        shown_cell(str(theirs), found.iloc[i]))
                for i in range(min(EXAMPLES, len(rows)))
            )  # fmt: skip
            yield Finding(
                "rejected", "left out", name, column,
                f"{len(rows):,} rows are left out: they {why}" + (f", in {column}" if column else ""), _fix(why),
                len(rows), len(one.frame) + len(left), int(who[who != ""].nunique()),
                _at_stake(sight, rows) if name == "subscriptions" else sight.arr_of(who.dropna().unique()),
                tuple(zip(rows["file"].astype(str), rows["line"].astype(int), strict=True)), shown,
            )  # fmt: skip


def _later(sight: Sight) -> Iterator[Finding]:
    for row in sight.book.dropped.to_dict("records"):
        if str(row["cause"]).endswith(f"after {sight.book.as_of}"):
            n, table = int(row["n_rows"]), str(row["table"])
            yield Finding(
                "later", "left out", table, str(row["cause"]).partition(":")[0],
                f"{n:,} rows of {table} are dated after {sight.book.as_of}",
                "Right where they are newer than the report; a day far ahead is a typing error",
                n, n, 0, None if pd.isna(row["amount"]) else int(row["amount"]), (), (),
            )  # fmt: skip


def _all(sight: Sight) -> Iterator[Finding]:
    yield from _rejected(sight)
    yield from _later(sight)
    for name in sight.raws:
        frame = files.as_text(sight, name)
        for of_file in (
            files.blanks,
            files.negatives,
            files.repeats,
            files.conflicts,
            files.flags,
            files.two_prices,
        ):
            yield from of_file(sight, name, frame)
        yield from others.before_subscription(sight, name, frame)
    ledger = (prices.overlaps, prices.copies, prices.gaps, prices.ends, prices.empty, prices.renewed, prices.outliers,
              prices.currencies)  # fmt: skip
    beside = (
        others.orphans,
        others.repeated,
        others.time_travel,
        others.ownerless,
        others.fresh,
        others.fan_out,
    )
    for check in (*ledger, *beside, totals.controls, totals.related):
        yield from check(sight)


def examine(folder: Path | str, *, as_of: dt.date | None = None) -> Inspection:
    """Everything doubtful in the data of the company in `folder`, whatever it does with broken rows.

    Parameters
    ----------
    folder : Path or str
        Holds a `company.toml` and the tables.
    as_of : date, optional
        Last day that is known; the day to which the data reach (:func:`cslib.sources.cut.reach`) unless given.

    Raises
    ------
    TableError
        When a table cannot be read at all: a missing file or column, a price without a rate.
    """
    company = load_config(folder)
    if company.engine:
        hint = "Take [source] out, and the rows are read here"
        raise refuse("the ledger stays in its database", key="source", expected="rows to look at", hint=hint)
    loaded = load_tables(Path(folder), company, broken_rows="reject")
    priced = {**loaded, "subscriptions": annualise(loaded["subscriptions"], company)[0]}
    if as_of is None:
        until = reach(company, lambda: loaded["subscriptions"])
        if until is None:
            raise ValueError(f"as_of: the ledger of {company.name} holds no subscription; say the day")
        as_of = until.day
    book = Book.load(folder, as_of=as_of, broken_rows="reject")
    raws = {
        name: raw_table(Path(folder), TABLES[name], company.tables.get(name, TableConfig()), company)
        for name in loaded
    }
    day = pd.Timestamp(book.as_of)
    sight = Sight(company, book, priced, raws, totals.standing(book.tables["subscriptions"], day))
    found = list(_all(sight))
    found = [replace(one, amount=None if one.amount is None else int(one.amount)) for one in found]
    findings, examples = as_frames(found)
    passed = [(check, text) for check, text in CHECKS.items() if check not in set(findings["check"])]
    rows = [(f.check, f.table, f.column, file, line) for f in found for file, line in f.rows]
    return Inspection(
        book,
        findings,
        examples,
        pd.DataFrame(passed, columns=["check", "what"], dtype="str"),
        pd.DataFrame(rows, columns=["check", "table", "column", "file", "line"]),
    )
