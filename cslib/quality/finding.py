"""What is doubtful in one place of the data: rows, accounts and money, examples to look at, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.book import Book
from cslib.sources.canonical import Loaded
from cslib.sources.company import Company
from cslib.sources.entry import TableConfig
from cslib.sources.personal import is_personal
from cslib.sources.raw import Raw

__all__ = [
    "EXAMPLES",
    "Example",
    "Finding",
    "Severity",
    "Sight",
    "as_frames",
    "in_file",
    "in_table",
    "shown_cell",
]

Severity = Literal["left out", "wrong", "look", "know"]
Mask = npt.NDArray[np.bool_]
SEVERITIES: Final = ("left out", "wrong", "look", "know")
EXAMPLES: Final = 5
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")


@dataclass(frozen=True)
class Example:
    """One row: where it stands, whose it is and what was found there; nothing of a person."""

    file: str
    line: int
    account: str
    found: str


@dataclass(frozen=True)
class Finding:
    """One kind of doubt in one column: `amount` is ARR at stake in minor units, None where none is known.

    "left out": the rows are not in the book. "wrong": they are, and cannot all be right. "look": they may be right.
    "know": nothing is wrong, and whoever works on the data should know it.
    `rows` are all places as (file, line).
    """

    check: str
    severity: Severity
    table: str
    column: str
    what: str
    fix: str
    n_rows: int
    of_rows: int
    n_accounts: int
    amount: int | None
    rows: tuple[tuple[str, int], ...]
    examples: tuple[Example, ...]


@dataclass(frozen=True, eq=False)
class Sight:
    """All that the checks look at: `loaded` are the sound rows before the cut, `raws` the files as text.

    `standing` is each account's ARR on the as-of day, minor units of the reporting currency.
    """

    company: Company
    book: Book
    loaded: Mapping[str, Loaded]
    raws: Mapping[str, list[Raw]]
    standing: pd.Series

    @property
    def day(self) -> pd.Timestamp:
        """The as-of day."""
        return pd.Timestamp(self.book.as_of)

    def entry(self, table: str) -> TableConfig:
        """What company.toml says of a table."""
        return self.company.tables.get(table, TableConfig())

    def theirs(self, table: str, *ours: str) -> str:
        """Name that a file has for the first of our columns that it maps."""
        columns = self.entry(table).columns
        return next((columns[name] for name in ours if columns.get(name)), ours[0])

    def arr_of(self, accounts: Iterable[object]) -> int | None:
        """ARR on the as-of day of some accounts; None where the ledger knows none of them."""
        known = self.standing.index.intersection(pd.Index(list(accounts)))
        return int(self.standing[known].sum()) if len(known) else None


def shown_cell(column: str, value: object) -> str:
    """Cell of an example: short, and nothing of a person.

    >>> shown_cell("plan", "Pro"), shown_cell("contact_email", "x"), shown_cell("", "ada@example.com")
    ('Pro', '(withheld)', '(withheld)')
    """
    if is_personal(column):
        return "(withheld)"
    text = "" if value is None or value != value else str(value)
    text = text.removesuffix(" 00:00:00")
    if _MAIL.search(text):
        return "(withheld)"
    return text if len(text) <= 60 else text[:57] + "..."


def _examples(rows: pd.DataFrame, accounts: pd.Series, found: pd.Series, column: str) -> tuple[Example, ...]:
    head = rows.iloc[:EXAMPLES]
    places = zip(head["file"], head["line"].tolist(), strict=True)
    return tuple(
        Example(str(file), int(line), shown_cell("", accounts.iloc[i]), shown_cell(column, found.iloc[i]))
        for i, (file, line) in enumerate(places)
    )


def in_table(
    sight: Sight,
    table: str,
    mask: Mask,
    *,
    check: str,
    severity: Severity,
    what: str,
    fix: str,
    column: str = "",
    found: pd.Series | None = None,
) -> list[Finding]:
    """Finding about rows of a canonical table; none where no row is marked. Money of the ledger is that of its rows."""
    if not mask.any():
        return []
    one = sight.loaded[table]
    rows, origin = one.frame[mask], one.origin[mask]
    accounts = rows["account_id"] if "account_id" in rows else pd.Series("", index=rows.index)
    shown = found[mask] if found is not None else rows.get(column, accounts)
    amount = sight.arr_of(accounts.unique())
    if table == "subscriptions" and "arr" in sight.loaded["subscriptions"].frame:
        amount = int(rows["arr"].sum())
    return [
        Finding(
            check, severity, table, column, what, fix, int(mask.sum()), len(one.frame),
            int(accounts.nunique()), amount,
            tuple(zip(origin["file"], origin["line"].astype(int), strict=True)),
            _examples(origin, accounts, shown, column),
        )
    ]  # fmt: skip


def in_file(
    sight: Sight,
    table: str,
    frame: pd.DataFrame,
    mask: Mask,
    *,
    check: str,
    severity: Severity,
    what: str,
    fix: str,
    column: str,
) -> list[Finding]:
    """Finding about rows of a table's files as they are: `frame` as :func:`as_text` gives it."""
    if not mask.any():
        return []
    rows = frame[mask]
    accounts = rows["account (ours)"]
    shown = rows.get(column, accounts)
    return [
        Finding(
            check, severity, table, column, what, fix, int(mask.sum()), len(frame), int(accounts.nunique()),
            sight.arr_of(accounts.dropna().unique()),
            tuple(zip(rows["file (ours)"], rows["line (ours)"].astype(int), strict=True)),
            _examples(rows.rename(columns={"file (ours)": "file", "line (ours)": "line"})[["file", "line"]],
                      accounts, shown, column),
        )
    ]  # fmt: skip


def as_frames(findings: Iterable[Finding]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Findings, one row each, and their examples, one row each, tied by `no`; the gravest and dearest first.

    >>> [len(frame) for frame in as_frames([])]
    [0, 0]
    """
    order = sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -(f.amount or 0), -f.n_rows))
    told = [
        (
            no,
            f.check,
            f.severity,
            f.table,
            f.column,
            f.what,
            f.fix,
            f.n_rows,
            f.of_rows,
            f.n_accounts,
            f.amount,
        )
        for no, f in enumerate(order, 1)
    ]
    columns = ["no", "check", "severity", "table", "column", "what", "fix", "n_rows", "of_rows", "n_accounts"]
    shown = [
        (no, e.file, e.line, e.account, f.column, e.found)
        for no, f in enumerate(order, 1)
        for e in f.examples
    ]
    return (
        pd.DataFrame(told, columns=[*columns, "amount"]).astype({"amount": "Int64"}),
        pd.DataFrame(shown, columns=["no", "file", "line", "account", "column", "found"]),
    )
