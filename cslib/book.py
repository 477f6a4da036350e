"""One company as of one day: checked tables, and the account of its data. What a notebook loads."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pandas as pd

from cslib.absent import Absent
from cslib.conventions import Convention
from cslib.engines import Engine
from cslib.months import quarter_bounds
from cslib.settings import Settings
from cslib.sources.benchmarks import Peers, peers_of
from cslib.sources.canonical import Loaded, canonical
from cslib.sources.company import Company, TableConfig, company, currency_digits, load_config, refuse
from cslib.sources.cut import cut
from cslib.sources.files import load_tables
from cslib.sources.held import found, keep
from cslib.sources.hints import inclusive_ends
from cslib.sources.money import annualise, in_reporting
from cslib.sources.personal import spare
from cslib.sources.read import raw_frame
from cslib.sources.warehouse import Warehouse, open_warehouse
from cslib.tables import TABLES, listed, quoted

__all__ = ["Book", "Warehouse"]


@dataclass(frozen=True, eq=False)
class Book:
    """One company's checked tables as of one day. Frames are shared: copy before changing one.

    `tables` holds the canonical frames that are there, cut at `as_of`; `subscriptions` also carries ``arr``
    (int64, annualised, minor units of the reporting currency) and, where the ledger quotes arr, ``quoted_arr``
    in the row's own currency. `account` is the account of the data, one row a file; `dropped` what was left
    out and why; `rejected` the text of broken rows; `notes` plain facts a report must print. `settings` say how the
    ledger is read, `conventions` are the company's own. `account_values` holds every dated row of `accounts` known on
    `as_of`, oldest first, where they have dates (``valid_from``); `rates_on` the rates of single days; `peers` the
    published figures that the company can be held against. Where the ledger stays in its database, `warehouse` says who
    answers there, and `tables` holds nothing.
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
    settings: Settings = field(default_factory=Settings)
    conventions: tuple[Convention, ...] = ()
    account_values: pd.DataFrame | None = None
    rates_on: Mapping[dt.date, Mapping[str, Decimal]] = field(default_factory=dict)
    peers: Peers = field(default_factory=Peers)
    warehouse: Warehouse | None = None
    made: Mapping[str, int] = field(default_factory=dict)

    def has(self, table: str) -> bool:
        """Whether the company has this table with at least one row known on `as_of`."""
        return table in self.tables and len(self.tables[table]) > 0

    def need(self, table: str, *columns: str) -> pd.DataFrame:
        """Rows of a table that a figure cannot do without.

        Raises
        ------
        Absent
            When the company has no such table, or none of its rows has a value in one of `columns`; its text is the
            line a report prints in place of the figure.
        """
        if not self.has(table):
            raise Absent(f"it needs the table {table} ({TABLES[table].row}), which was not given")
        frame = self.tables[table]
        lacking = [name for name in columns if name not in frame or bool(frame[name].isna().all())]
        if lacking:
            raise Absent(f"it needs {listed(lacking)} in the table {table}, which has no such values")
        return frame

    @property
    def warnings(self) -> tuple[str, ...]:
        """Notes under which no figure reads as it should: the data may stop before the as-of day."""
        return tuple(note for note in self.notes if note.startswith("as_of "))

    @property
    def n_accounts(self) -> int:
        """Accounts that the ledger names, whether they pay today or not."""
        if self.warehouse is not None:
            return self.warehouse.standing.n_accounts
        return int(self.tables["subscriptions"]["account_id"].nunique())

    @property
    def nothing(self) -> str:
        """Why no figure can be made of the ledger as of its day; empty when some account has had a price."""
        if self.warehouse is not None:
            priced = self.warehouse.standing.n_priced > 0
        else:
            rows = self.tables["subscriptions"]
            priced = bool(((rows["arr"] > 0) & ~(rows["end_date"] <= rows["start_date"])).any())
        if priced:
            return ""
        if not self.n_accounts:
            return f"no subscription starts on or before {self.as_of}"
        return f"no price above 0 is in force on any day up to {self.as_of} (accounts: {self.n_accounts:,})"

    def at_rates(self, day: dt.date) -> Book:
        """Book with every price converted at the rates of `day`: the last of ``rates_on`` on or before it.

        Raises
        ------
        ValueError
            When there are no rates of that day, or none for a currency of the ledger.
        """
        known = [on for on in self.rates_on if on <= day]
        if not known:
            raise ValueError(f"rates_on: found no rates on or before {day}, expected them in company.toml")
        ledger, rates = self.tables["subscriptions"], self.rates_on[max(known)]
        lacking = sorted(set(ledger["currency"]) - {self.currency, *rates})
        if lacking:
            raise ValueError(f"rates_on: found no rate on {max(known)} for {', '.join(lacking)}")
        own = ledger["mrr"] if self.base == "mrr" else ledger["quoted_arr"]
        arr = in_reporting(own, ledger["currency"], rates, to=self.currency) * (
            12 if self.base == "mrr" else 1
        )
        priced = ledger.assign(arr=arr.astype("int64")).drop(columns="list_arr", errors="ignore")
        return replace(self, tables={**self.tables, "subscriptions": priced})

    @classmethod
    def of_quarter(cls, folder: Path | str, quarter: str, *, broken_rows: str = "") -> Book:
        """Company in `folder` as it was known at the end of a fiscal quarter such as ``2026Q3``.

        Raises
        ------
        ValueError
            When `quarter` has another form, or nobody had paid by its end; TableError as :meth:`load`.
        """
        start = load_config(folder).fiscal_year_start
        end = quarter_bounds(quarter, fiscal_year_start=start)[1]
        book = cls.load(folder, as_of=end, broken_rows=broken_rows)
        if book.nothing:
            raise ValueError(f"quarter {quarter}: {book.name}: {book.nothing}")
        return book

    @classmethod
    def load(cls, folder: Path | str, *, as_of: dt.date, broken_rows: str = "") -> Book:
        """Company in `folder` as it was known at the end of `as_of`.

        Asked again for the same, it hashes the files and parses them only where one differs.

        Parameters
        ----------
        folder : Path or str
            Holds a `company.toml` and the tables.
        as_of : date
            Last day that is known (inclusive).
        broken_rows : str
            "fail" or "reject", whatever company.toml says of a table; as it says when empty.

        Raises
        ------
        TableError
            When anything in the folder cannot be used; its text names file, row, column and remedy.
        """
        config, place = load_config(folder), Path(folder)
        if config.engine:
            return _in_place(config, as_of)
        before: Book | None = found(place, config, as_of=as_of, broken_rows=broken_rows)
        if before is not None:
            return replace(before, folder=config.folder, peers=peers_of(config))
        book = _book(config, load_tables(place, config, broken_rows=broken_rows), as_of)
        rows = book.account[["table", "file", "sha256"]].itertuples(index=False, name=None)
        size = sum(int(frame.memory_usage().sum()) for frame in book.tables.values())
        files = frozenset((str(table), str(file), str(sha256)) for table, file, sha256 in rows)
        keep(book, place, config, as_of=as_of, broken_rows=broken_rows, files=files, size=size)
        return book

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
        rates_on: Mapping[dt.date, Mapping[str, Decimal | int]] | None = None,
        settings: Settings | None = None,
        conventions: tuple[Convention, ...] = (),
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
        name, currency, fiscal_year_start, convention, rates, rates_on, data_until, broken_rows
            What a company.toml would say; `rates` are reporting currency per one unit.
        settings : Settings, optional
            How the ledger is read; every default when left out.
        conventions : tuple of Convention
            The company's own, as :func:`cslib.conventions.define` makes them.

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
            "rates_on": dict(rates_on or {}),
        } | ({"data_until": data_until} if data_until else {})
        config = replace(company(raw, own=conventions), settings=settings or Settings())
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

    @classmethod
    def from_engine(
        cls,
        ask: Engine,
        query: str,
        *,
        as_of: dt.date,
        name: str = "Company",
        currency: str = "USD",
        columns: Mapping[str, str] | None = None,
        fiscal_year_start: int = 1,
        conventions: tuple[Convention, ...] = (),
        data_until: dt.date | None = None,
    ) -> Book:
        """Book of a ledger that stays with an engine of the caller's (:mod:`cslib.engines`), such as a Spark session.

        Parameters
        ----------
        ask : callable
            From SQL to a frame: ``spark_engine(session)``, ``database_engine(connection)``.
        query : str
            What gives the ledger there, in columns of the contract; further ones can be cut by.
        as_of : date
            Last day that is known (inclusive).
        name, currency, columns, fiscal_year_start, conventions, data_until
            What a company.toml would say; `currency` is that of rows that do not say.

        Raises
        ------
        TableError
            When the rows there are not sound, by cause and count.

        Examples
        --------
        >>> from cslib.engines import duckdb_engine
        >>> prices = pd.DataFrame({"account_id": ["A"], "start_date": [dt.date(2024, 1, 1)], "mrr": [10.5]})
        >>> query = "SELECT *, CAST(NULL AS DATE) AS end_date FROM prices"
        >>> book = Book.from_engine(duckdb_engine(prices=prices), query, as_of=dt.date(2024, 3, 31))
        >>> book.n_accounts, dict(book.tables)
        (1, {})
        """
        raw = {"name": name, "currency": currency, "fiscal_year_start": fiscal_year_start}
        config = company(raw | ({"data_until": data_until} if data_until else {}), own=conventions)
        entry = TableConfig(
            query=query, connection="engine", columns=columns or {}, constants={"currency": config.currency}
        )
        return _in_place(replace(config, engine="engine", tables={"subscriptions": entry}), as_of, ask)


def _dated(accounts: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Every account as it is today, and all its values with their days, oldest first, if they have days."""
    if "valid_from" not in accounts:
        return accounts, None
    history = accounts.sort_values("valid_from", kind="stable", na_position="first", ignore_index=True)
    today = history.drop_duplicates("account_id", keep="last")
    order = accounts["account_id"].drop_duplicates()
    today = today.set_index("account_id").loc[order].reset_index()
    return today.drop(columns=["valid_from", "valid_to"], errors="ignore"), history


class _InPlace(dict[str, pd.DataFrame]):
    """Tables of a book whose ledger is elsewhere: whoever wants its rows is told so before anything is computed."""

    def __missing__(self, name: str) -> pd.DataFrame:
        raise Absent(
            f"it reads {name} row by row, and the ledger stays in its database; take [source] out of company.toml, and "
            "the rows are read here"
        )


def _in_place(config: Company, as_of: dt.date, ask: Engine | None = None) -> Book:
    """Book of a ledger that stays where it is; `as_of` cuts it there."""
    there = open_warehouse(config, as_of=as_of, ask=ask)
    known = there.standing
    digest = hashlib.sha256(config.source + str(known.account["sha256"].iloc[0]).encode())
    return Book(
        name=config.name,
        folder=config.folder,
        as_of=as_of,
        currency=config.currency,
        minor_units=currency_digits(config.currency),
        fiscal_year_start=config.fiscal_year_start,
        base="mrr" if there.base == "mrr" else "arr",
        convention=config.convention,
        tables=_InPlace(),
        account=known.account,
        dropped=known.dropped,
        rejected={},
        notes=known.notes,
        fingerprint=digest.hexdigest(),
        settings=config.settings,
        conventions=config.conventions,
        peers=peers_of(config),
        warehouse=there,
    )


def _book(config: Company, loaded: Mapping[str, Loaded], as_of: dt.date) -> Book:
    if isinstance(as_of, dt.datetime) or not isinstance(as_of, dt.date):
        raise refuse("not a day", key="as_of", found=quoted(as_of), expected="a date without a time of day")
    spared: tuple[str, ...] = ()
    if config.personal == "leave":
        loaded, spared = spare(loaded, key=hashlib.sha256(config.name.encode() + config.source).digest())
    priced, notes, base = annualise(loaded["subscriptions"], config)
    known = cut({**loaded, "subscriptions": priced}, as_of=as_of, data_until=config.data_until)
    accounts, values = _dated(known.tables["accounts"])
    peers = peers_of(config)
    hint = inclusive_ends(loaded["subscriptions"].frame) if config.settings.end_date == "exclusive" else ""
    digest = hashlib.sha256(config.source)
    for row in known.account.sort_values(["table", "file", "sha256"]).itertuples():
        digest.update(f"{row.table}\x1f{row.file}\x1f{row.sha256}\x1e".encode())
    for file, sha256 in peers.files:
        digest.update(f"benchmarks\x1f{file}\x1f{sha256}\x1e".encode())
    return Book(
        name=config.name,
        folder=config.folder,
        as_of=as_of,
        currency=config.currency,
        minor_units=currency_digits(config.currency),
        fiscal_year_start=config.fiscal_year_start,
        base=base,
        convention=config.convention,
        tables={**known.tables, "accounts": accounts},
        account=known.account,
        dropped=known.dropped,
        rejected={name: table.rejected for name, table in loaded.items() if len(table.rejected)},
        notes=(
            *notes,
            *known.notes,
            *([hint] if hint else []),
            *spared,
            *(f"settings: {one}." for one in config.settings.departures()),
        ),
        fingerprint=digest.hexdigest(),
        settings=config.settings,
        conventions=config.conventions,
        account_values=values,
        rates_on=config.rates_on,
        peers=peers,
        made=known.made,
    )
