"""A ledger that stays in its database: asked there in the words of the engine, and checked there before it is used.

Only aggregates and one row an account come back. What can be read in place is one table of prices in one currency, as
the defaults of the settings read it; everything else is refused here, before any figure is computed.
"""

# ruff: noqa: S608 - a query is the company's own, and every name of a column that is put into one is a plain word
from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import pandas as pd

from cslib.engines import Engine, database_engine
from cslib.sources.currency import currency_digits
from cslib.sources.database import Connection, open_connection
from cslib.sources.entry import TableConfig
from cslib.sources.toml import refuse
from cslib.tables import TABLES, Problem, TableError, listed, quoted

if TYPE_CHECKING:
    from cslib.sources.company import Company

__all__ = ["Warehouse", "open_warehouse"]

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_LEDGER: Final = ("account_id", "start_date", "end_date")
_TEXT: Final = "VARCHAR(1000)"  # text in every dialect of the engine
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

    `rows` is a query for ``account_id, start_date, end_date, arr`` (minor units) and `columns`, the columns that the
    book can be cut by; `account` is what the account of the data says of it: one row.
    """

    connection: str
    ask: Engine
    rows: str
    columns: tuple[str, ...]
    base: str
    account: pd.DataFrame
    n_accounts: int

    def ledger(self, by: tuple[str, ...] = ()) -> tuple[str, pd.DataFrame]:
        """Query for the five columns of the engine's ledger, and the values behind its cuts, in their order."""
        five = "start_date, end_date, arr AS amount"
        if not by:
            return f"SELECT 0 AS cut, account_id AS entity, {five} FROM ({self.rows}) AS r", pd.DataFrame(
                index=[0]
            )
        values = ", ".join(f"COALESCE(CAST({c} AS {_TEXT}), '(not given)') AS {c}" for c in by)
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


def open_warehouse(config: Company, *, as_of: dt.date) -> Warehouse:
    """Look at the ledger where it is: that it can be read in place, and that its rows are sound.

    Raises
    ------
    TableError
        With what must stay local, or with what is wrong in the rows, by cause and count.
    """
    connection, entry = _fit(config)

    def ask(sql: str) -> pd.DataFrame:
        with open_connection(connection) as opened:
            return database_engine(opened)(sql)

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
    currency = "currency" if "currency" in columns else ""
    if not currency and entry.constants.get("currency") != config.currency:
        expected = f'a column currency, or constants = {{ currency = "{config.currency}" }}'
        raise _wrong(config, "no currency", found="columns: " + listed(columns), expected=expected)
    unit = 10 ** currency_digits(config.currency)
    cut_by = tuple(c for c in columns if c not in (*_LEDGER, "mrr", "arr", "list_mrr", "subscription_id"))
    picked = ", ".join(f"{columns[name]} AS {name}" for name in (*_LEDGER, *cut_by))
    raw = f"SELECT {picked}, {columns[base]} AS price FROM ({entry.query}) AS q"
    counted = _counted(config, tuple(columns))
    _sound(ask, raw, config, unit=unit, currency=currency)
    kept = ", ".join((*_LEDGER, *cut_by))
    year = 12 if base == "mrr" else 1
    rows = f"SELECT {kept}, CAST(price * {unit} AS BIGINT) * {year} AS arr FROM ({raw}) AS p{counted}"
    facts = ask(_FACTS.format(rows=rows, day=as_of.isoformat())).rename(columns=str.lower).iloc[0]
    digest = sha256("\x1f".join([entry.query, *map(str, facts)]).encode()).hexdigest()
    account = pd.DataFrame(
        {
            "table": "subscriptions", "file": f"{connection.name} (subscriptions)", "rows_read": int(facts["n"]),
            "rows_kept": int(facts["n"]) - int(facts["later"] or 0), "rows_after_as_of": int(facts["later"] or 0),
            "rows_rejected": 0, "first_date": pd.Timestamp(facts["first_day"]),
            "last_date": pd.Timestamp(facts["last_day"]), "sha256": digest,
        }, index=[0],
    )  # fmt: skip
    return Warehouse(connection.name, ask, rows, cut_by, base, account, int(facts["accounts"]))


_FACTS: Final = """
SELECT COUNT(*) AS n, SUM(CASE WHEN start_date > DATE '{day}' THEN 1 ELSE 0 END) AS later,
  COUNT(DISTINCT CASE WHEN start_date <= DATE '{day}' THEN account_id END) AS accounts,
  MIN(start_date) AS first_day, MAX(CASE WHEN start_date <= DATE '{day}' THEN start_date END) AS last_day,
  CAST(SUM(arr) AS BIGINT) AS arr
FROM ({rows}) AS r
"""


def _wrong(config: Company, cause: str, *, found: str = "", expected: str = "", hint: str = "") -> TableError:
    return TableError(
        Problem("subscriptions", f"connection {config.engine}", None, "", found, expected, hint, cause=cause)
    )


def _fit(config: Company) -> tuple[Connection, TableConfig]:
    """Connection and entry of the ledger, where nothing of what company.toml asks for has to be done locally."""
    entry = config.tables.get("subscriptions", TableConfig())
    connection = config.connections[config.engine]
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
    return connection, entry


def _counted(config: Company, columns: tuple[str, ...]) -> str:
    """Condition that leaves out rows whose reason says that they count for nothing."""
    reasons = config.settings.zero_reasons
    if "change_reason" not in columns or not reasons:
        return ""
    return (
        " WHERE COALESCE(change_reason, '') NOT IN (" + ", ".join(f"'{reason}'" for reason in reasons) + ")"
    )


def _sound(ask: Engine, raw: str, config: Company, *, unit: int, currency: str) -> None:
    broken = {cause: condition.format(unit=unit) for cause, condition in _READ.items()}
    if currency:
        broken[f"another currency than {config.currency}"] = (
            f"currency IS NULL OR currency <> '{config.currency}'"
        )
    sums = ", ".join(f"SUM(CASE WHEN {c} THEN 1 ELSE 0 END) AS c{i}" for i, c in enumerate(broken.values()))
    counts = ask(f"SELECT {sums}, COUNT(*) AS n FROM ({raw}) AS p").rename(columns=str.lower).iloc[0]
    found = {cause: int(counts[f"c{i}"] or 0) for i, cause in enumerate(broken)}
    told = [f"{n:,} of {int(counts['n']):,} rows have {cause}" for cause, n in found.items() if n]
    if told:
        raise _wrong(
            config,
            "; ".join(told),
            expected="none",
            hint="Correct them there, or leave them out in the query",
        )


assert {*_LEDGER, "mrr", "arr"} <= set(TABLES["subscriptions"].column)
