"""A ledger that stays in its database: asked there in the words of the engine, and checked there before it is used.

Only aggregates and one row an account come back. What can be read in place is one table of prices in one currency, as
the defaults of the settings read it; everything else is refused here, before any figure is computed.
"""

# ruff: noqa: S608 - a query is the company's own, and every name of a column that is put into one is a plain word
from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from cslib.conventions import Convention
from cslib.engines import Engine, database_engine
from cslib.sources.canonical import Loaded
from cslib.sources.currency import currency_digits
from cslib.sources.cut import check_day
from cslib.sources.database import Connection, open_connection
from cslib.sources.entry import TableConfig
from cslib.sources.personal import is_personal
from cslib.sources.standing import TEXT, Standing, fingerprint, standing
from cslib.sources.toml import refuse
from cslib.tables import TABLES, Problem, TableError, listed, quoted

if TYPE_CHECKING:
    from cslib.sources.company import Company

__all__ = ["Warehouse", "asked_starts", "open_warehouse"]

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_LEDGER: Final = ("account_id", "start_date", "end_date")
_NO_PART: Final = {*_LEDGER, "mrr", "arr", "list_mrr", "subscription_id"}
_UNASKED: Final = (
    "Convention {name} is left out: it does not follow the account to the end of its service, and a ledger that stays "
    "in its database is asked for no other."
)
_READ: Final = {
    "no account": "account_id IS NULL",
    "no start_date": "start_date IS NULL",
    "an end_date before its start_date": "end_date < start_date",
    "no price": "price IS NULL",
    "a price below 0": "price < 0",
    "a price finer than the minor unit: CAST it AS DECIMAL in the query": "price * {unit} <> FLOOR(price * {unit})",
}


@dataclass(frozen=True, eq=False)
class Warehouse:
    """Where the ledger is, who answers there, and what to ask for it.

    `given` is a query for ``account_id, start_date, end_date, price, arr`` (minor units) and `columns`, by which the
    book can be cut; `rows` is the same without the rows that count for nothing, those where `counts` is false.
    `ask` remembers its answers, `anew` does not. `standing` is what the database says of the whole: account of the
    data, what was left out, notes, number of accounts.
    """

    connection: str
    ask: Engine
    anew: Engine
    given: str
    counts: str
    rows: str
    columns: tuple[str, ...]
    base: str
    standing: Standing

    def changed(self) -> bool:
        """Whether the database answers otherwise now than when this was opened."""
        return fingerprint(self.anew, self.given, self.columns) != str(
            self.standing.account["sha256"].iloc[0]
        )

    def without(self, accounts: set[str]) -> Warehouse:
        """The same ledger, asked as if these accounts were not in it."""
        names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(accounts))
        few = f" WHERE CAST(account_id AS {TEXT}) NOT IN ({names})"
        given, rows = (f"SELECT * FROM ({query}) AS a{few}" for query in (self.given, self.rows))
        return replace(self, given=given, rows=rows)

    def ledger(self, by: tuple[str, ...] = ()) -> tuple[str, pd.DataFrame]:
        """Query for the five columns of the engine's ledger, and the values behind its cuts, in their order."""
        five = "start_date, end_date, arr AS amount"
        if not by:
            return (
                f"SELECT CAST(0 AS SMALLINT) AS cut, account_id AS entity, {five} FROM ({self.rows}) AS r",
                pd.DataFrame(index=[0]),
            )
        values = ", ".join(f"COALESCE(CAST({c} AS {TEXT}), '(not given)') AS {c}" for c in by)
        names = ", ".join(by)
        cuts = (
            f"SELECT {names}, ROW_NUMBER() OVER (ORDER BY {names}) - 1 AS cut FROM "
            f"(SELECT DISTINCT {values} FROM ({self.rows}) AS r) AS d"
        )
        given = f"SELECT account_id, {five}, {values} FROM ({self.rows}) AS r"
        on = " AND ".join(f"c.{name} = g.{name}" for name in by)
        labels = self.ask(f"SELECT * FROM ({cuts}) AS c ORDER BY cut").rename(columns=str.lower)
        query = (
            f"SELECT c.cut AS cut, g.account_id AS entity, g.start_date AS start_date, g.end_date AS end_date, "
            f"g.amount AS amount FROM ({given}) AS g JOIN ({cuts}) AS c ON {on}"
        )
        return query, labels[list(by)].astype("str")


def _remembering(ask: Engine) -> Engine:
    """The same engine, asked once for what it was asked lately: a book never changes, and its figures share answers."""

    @lru_cache(maxsize=16)
    def once(sql: str) -> pd.DataFrame:
        return ask(sql)

    return lambda sql: once(sql).copy()


def open_warehouse(config: Company, *, as_of: dt.date, ask: Engine | None = None) -> Warehouse:
    """Look at the ledger where it is: that it can be read in place, and that its rows are sound.

    `ask` answers in place of the connection that `config` names.

    Raises
    ------
    TableError
        With what must stay local, or with what is wrong in the rows, by cause and count.
    """
    check_day({}, as_of, config.data_until)
    entry = _fit(config)
    anew = ask or _connected(config)
    ask = _remembering(anew)
    there = [name.lower() for name in ask(f"SELECT * FROM ({entry.query}) AS q WHERE 1 = 0").columns]
    named = {theirs.lower(): ours for ours, theirs in entry.columns.items()}
    columns = {named.get(name, name): name for name in there if _NAME.fullmatch(name)}
    base = "mrr" if "mrr" in columns else "arr"
    lacking = [name for name in (*_LEDGER, base) if name not in columns]
    if lacking:
        raise _wrong(
            config,
            f"{listed(lacking)} missing",
            found="columns: " + listed(columns),
            expected=listed(lacking),
        )
    if "currency" not in columns and entry.constants.get("currency") != config.currency:
        expected = f'a column currency, or constants = {{ currency = "{config.currency}" }}'
        raise _wrong(config, "no currency", found="columns: " + listed(columns), expected=expected)
    columns.setdefault("currency", f"'{config.currency}'")
    unit = 10 ** currency_digits(config.currency)
    cut_by = tuple(
        name
        for name in columns
        if name not in _NO_PART and (config.personal == "keep" or not is_personal(name))
    )
    days = ", ".join(f"CAST({columns[name]} AS DATE) AS {name}" for name in _LEDGER[1:])
    picked = ", ".join(f"{columns[name]} AS {name}" for name in ("account_id", *cut_by))
    own = f", {columns['subscription_id']} AS subscription_id" if "subscription_id" in columns else ""
    raw = f"SELECT {picked}, {days}, {columns[base]} AS price{own} FROM ({entry.query}) AS q"
    _sound(ask, raw, config, unit=unit, own=bool(own))
    kept = ", ".join((*_LEDGER, *cut_by))
    year = 12 if base == "mrr" else 1
    given = f"SELECT {kept}, price, CAST(price * {unit} AS BIGINT) * {year} AS arr FROM ({raw}) AS p"
    counts = _counts(config, cut_by)
    rows = f"SELECT * FROM ({given}) AS g WHERE {counts}"
    found = standing(ask, given, config, as_of=as_of, columns=cut_by)
    found = replace(found, notes=(*found.notes, *(_UNASKED.format(name=c.name) for c in _left(config))))
    return Warehouse(config.engine, ask, anew, given, counts, rows, cut_by, base, found)


def _left(config: Company) -> list[Convention]:
    """The company's own conventions that no database is asked for."""
    return [convention for convention in config.conventions if not convention.of_accounts]


def asked_starts(config: Company) -> Loaded:
    """First and newest start of a ledger that stays where it is, as a ledger of two rows; none where it has no row.

    Raises
    ------
    TableError
        When the connection or the query fails.
    """
    entry = _fit(config)
    day = f"CAST({entry.columns.get('start_date', 'start_date')} AS DATE)"
    asked = f"SELECT MIN({day}) AS first_start, MAX({day}) AS newest_start FROM ({entry.query}) AS q"
    days = pd.to_datetime(_connected(config)(asked).rename(columns=str.lower).iloc[0]).dropna()
    frame = pd.DataFrame({"start_date": days.to_numpy(dtype="datetime64[s]")})
    return Loaded(frame, frame.iloc[:0], frame.iloc[:0], frame.iloc[:0])


def _connected(config: Company) -> Engine:
    def ask(sql: str) -> pd.DataFrame:
        with open_connection(config.connections[config.engine]) as opened:
            return database_engine(opened)(sql)

    return ask


def _wrong(config: Company, cause: str, *, found: str = "", expected: str = "", hint: str = "") -> TableError:
    return TableError(
        Problem("subscriptions", f"connection {config.engine}", None, "", found, expected, hint, cause=cause)
    )


def _fit(config: Company) -> TableConfig:
    """Entry of the ledger, where nothing of what company.toml asks for has to be done locally."""
    entry = config.tables.get("subscriptions", TableConfig())
    connection = config.connections.get(config.engine, Connection(config.engine))
    if not entry.query or entry.connection != config.engine:
        expected = f'[tables.subscriptions] with connection = "{config.engine}" and a query'
        raise refuse("the ledger is not in that connection", key="source.connection", expected=expected)
    local = [f"settings.{told.split(' ')[0]}" for told in config.settings.departures()]
    local += [
        f"tables.subscriptions.{word}"
        for word in ("importer", "recode", "account_of")
        if getattr(entry, word)
    ]
    local += [f"tables.subscriptions.constants.{name}" for name in entry.constants if name != "currency"]
    local += ["convention"] if any(c.name == config.convention for c in _left(config)) else []
    local += ["tables.subscriptions.shape"] if entry.shape != "rows" else []
    local += [f"tables.{name}" for name in config.tables if name in ("account_links", "accounts")]
    local += ["connections: SQLite, which cannot EXTRACT"] if connection.url.startswith("sqlite:") else []
    if local:
        hint = "Take [source] out, and the rows are read here; or put it into the query"
        raise refuse("cannot be done in the database", key="source", found=listed(local), hint=hint)
    for name in entry.columns.values():
        if not _NAME.fullmatch(name):
            raise refuse(
                "not a plain name", key="tables.subscriptions.columns", found=quoted(name), expected="letters"
            )
    return entry


def _counts(config: Company, columns: tuple[str, ...]) -> str:
    """Condition of rows that count: their reason does not say that they count for nothing."""
    reasons = config.settings.zero_reasons
    if "change_reason" not in columns or not reasons:
        return "1 = 1"
    return "COALESCE(change_reason, '') NOT IN (" + ", ".join(f"'{reason}'" for reason in reasons) + ")"


def _sound(ask: Engine, raw: str, config: Company, *, unit: int, own: bool) -> None:
    broken = {cause: condition.format(unit=unit) for cause, condition in _READ.items()}
    broken[f"another currency than {config.currency}"] = (
        f"currency IS NULL OR currency <> '{config.currency}'"
    )
    if config.personal == "leave":
        broken['a mail address as account_id: hash it in the query, or say personal = "keep"'] = (
            f"CAST(account_id AS {TEXT}) LIKE '%_@_%._%'"
        )
    sums = ", ".join(f"SUM(CASE WHEN {c} THEN 1 ELSE 0 END) AS c{i}" for i, c in enumerate(broken.values()))
    counts = ask(f"SELECT {sums}, COUNT(*) AS n FROM ({raw}) AS p").rename(columns=str.lower).iloc[0]
    found = {cause: int(counts[f"c{i}"] or 0) for i, cause in enumerate(broken)}
    if own:
        keys = (
            f"SELECT COUNT(*) AS n FROM ({raw}) AS p GROUP BY subscription_id, start_date HAVING COUNT(*) > 1"
        )
        twice = ask(f"SELECT SUM(n) AS n FROM ({keys}) AS k").rename(columns=str.lower)["n"].iloc[0]
        found["the subscription_id and start_date of another"] = 0 if pd.isna(twice) else int(twice)
    told = [f"{n:,} of {int(counts['n']):,} rows have {cause}" for cause, n in found.items() if n]
    if told:
        raise _wrong(
            config,
            "; ".join(told),
            expected="none",
            hint="Correct them there, or leave them out in the query",
        )


assert {*_LEDGER, "mrr", "arr"} <= set(TABLES["subscriptions"].column)
