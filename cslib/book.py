"""One company as of one day: checked tables, and the account of its data. What a notebook loads."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pandas as pd

from cslib.months import quarter_bounds
from cslib.sources.canonical import Loaded, canonical
from cslib.sources.company import Company, TableConfig, company, currency_digits, load_config, refuse
from cslib.sources.cut import cut
from cslib.sources.files import load_tables
from cslib.sources.money import annualise
from cslib.sources.read import raw_frame
from cslib.tables import TABLES, listed, quoted

__all__ = ["Book"]


@dataclass(frozen=True, eq=False)
class Book:
    """One company's checked tables as of one day. Frames are shared: copy before changing one.

    `tables` holds the canonical frames that are there, cut at `as_of`; `subscriptions` also carries ``arr``
    (int64, annualised, minor units of the reporting currency) and, where the ledger quotes arr, ``quoted_arr``
    in the row's own currency. `account` is the account of the data, one row a file; `dropped` what was left
    out and why; `rejected` the text of broken rows; `notes` plain facts a report must print.
    """

    name: str
    folder: Path | None
    as_of: dt.date
    currency: str
    minor_units: int
    fiscal_year_start: int
    base: Literal["mrr", "arr"]
    convention: str
    tables: Mapping[str, pd.DataFrame]
    account: pd.DataFrame
    dropped: pd.DataFrame
    rejected: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...]
    fingerprint: str

    def has(self, table: str) -> bool:
        """Whether the company has this table with at least one row known on `as_of`."""
        return table in self.tables and len(self.tables[table]) > 0

    @property
    def n_accounts(self) -> int:
        """Accounts that the ledger names, whether they pay today or not."""
        return int(self.tables["subscriptions"]["account_id"].nunique())

    @classmethod
    def of_quarter(cls, folder: Path | str, quarter: str) -> Book:
        """Company in `folder` as it was known at the end of a fiscal quarter such as ``2026Q3``.

        Raises
        ------
        ValueError
            When `quarter` has another form; TableError as :meth:`load`.
        """
        start = load_config(folder).fiscal_year_start
        return cls.load(folder, as_of=quarter_bounds(quarter, fiscal_year_start=start)[1])

    @classmethod
    def load(cls, folder: Path | str, *, as_of: dt.date) -> Book:
        """Company in `folder` as it was known at the end of `as_of`.

        Parameters
        ----------
        folder : Path or str
            Holds a `company.toml` and the tables.
        as_of : date
            Last day that is known (inclusive).

        Raises
        ------
        TableError
            When anything in the folder cannot be used; its text names file, row, column and remedy.
        """
        config = load_config(folder)
        return _book(config, load_tables(Path(folder), config), as_of)

    @classmethod
    def from_frames(
        cls,
        frames: Mapping[str, pd.DataFrame],
        *,
        as_of: dt.date,
        name: str = "Company",
        currency: str = "USD",
        fiscal_year_start: int = 1,
        convention: str = "endpoint",
        rates: Mapping[str, Decimal | int] | None = None,
        data_until: dt.date | None = None,
        broken_rows: Literal["fail", "reject"] = "fail",
    ) -> Book:
        """Book from frames in memory, read exactly as files are: amounts in whole units, 10.5 for $10.50.

        Parameters
        ----------
        frames : mapping of str to DataFrame
            Tables by the names of the contract, with its columns; `subscriptions` must be there.
        as_of : date
            Last day that is known (inclusive).
        name, currency, fiscal_year_start, convention, rates, data_until, broken_rows
            What a company.toml would say; `rates` are reporting currency per one unit.

        Raises
        ------
        TableError
            As `load`; the first row of a frame is row 2.

        Examples
        --------
        >>> ledger = pd.DataFrame({"account_id": ["A"], "start_date": ["2024-01-01"], "end_date": [None],
        ...                        "mrr": [10.5], "currency": ["USD"]})
        >>> book = Book.from_frames({"subscriptions": ledger}, as_of=dt.date(2024, 3, 31))
        >>> book.tables["subscriptions"][["mrr", "arr"]].values.tolist()
        [[1050, 12600]]
        """
        raw = {
            "name": name,
            "currency": currency,
            "fiscal_year_start": fiscal_year_start,
            "convention": convention,
            "rates": dict(rates or {}),
        } | ({"data_until": data_until} if data_until else {})
        config = company(raw)
        unknown = [table for table in frames if table not in TABLES]
        if unknown or "subscriptions" not in frames:
            cause = "unknown table" if unknown else "no ledger"
            expected = "subscriptions, and any of " + listed(TABLES)
            raise refuse(cause, found="frames: " + listed(frames), expected=expected)
        digits = currency_digits(currency)
        entry = TableConfig(broken_rows=broken_rows)
        loaded = {
            table: canonical([raw_frame(frame, table)], TABLES[table], config=entry, digits=digits)
            for table, frame in frames.items()
        }
        return _book(config, loaded, as_of)


def _book(config: Company, loaded: Mapping[str, Loaded], as_of: dt.date) -> Book:
    if isinstance(as_of, dt.datetime) or not isinstance(as_of, dt.date):
        raise refuse("not a day", key="as_of", found=quoted(as_of), expected="a date without a time of day")
    priced, notes, base = annualise(loaded["subscriptions"], config)
    known = cut({**loaded, "subscriptions": priced}, as_of=as_of, data_until=config.data_until)
    digest = hashlib.sha256(config.source)
    for row in known.account.sort_values(["table", "file", "sha256"]).itertuples():
        digest.update(f"{row.table}\x1f{row.file}\x1f{row.sha256}\x1e".encode())
    return Book(
        name=config.name,
        folder=config.folder,
        as_of=as_of,
        currency=config.currency,
        minor_units=currency_digits(config.currency),
        fiscal_year_start=config.fiscal_year_start,
        base=base,
        convention=config.convention,
        tables=known.tables,
        account=known.account,
        dropped=known.dropped,
        rejected={name: table.rejected for name, table in loaded.items() if len(table.rejected)},
        notes=(*notes, *known.notes),
        fingerprint=digest.hexdigest(),
    )
