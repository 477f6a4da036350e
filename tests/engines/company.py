"""Companies whose ledger lies in a database: the same rows to be asked there, and to be read here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks import data
from cslib.engines import Engine, database_engine
from cslib.sources import warehouse
from tests.engines.ledgers import DEMO

KINDS = {
    "customer": "TEXT", "since": "DATE", "until": "DATE", "mrr": "DECIMAL(12, 2)", "currency": "TEXT", "plan": "TEXT",
    "product": "TEXT", "quantity": "INTEGER", "billing_months": "INTEGER", "term_end_date": "DATE",
    "notice_date": "DATE", "change_reason": "TEXT",
}  # fmt: skip
Heard = tuple[str, pd.DataFrame]
QUERY = f"SELECT {', '.join(KINDS)} FROM prices"
HELD = '[source]\nconnection = "warehouse"'


def toml(connection: str, *, source: str = HELD, query: str = QUERY, more: str = "") -> str:
    return f"""
name = "Acme"
currency = "USD"
{source}
[connections.warehouse]
{connection}
[tables.subscriptions]
connection = "warehouse"
query = "{query}"
columns = {{ account_id = "customer", start_date = "since", end_date = "until" }}
{more}
"""


def drawn(accounts: int, *, seed: int) -> pd.DataFrame:
    """Any company: lines beside each other, terms, notices, units that are not always known, trials, pauses."""
    frame = data.ledger(accounts, seed=seed).rename(
        columns={"account_id": "customer", "start_date": "since", "end_date": "until"}
    )
    dice = np.random.default_rng(seed)
    second = frame.sample(frac=0.2, random_state=seed).assign(mrr=lambda f: (f["mrr"] / 3).round(2))
    frame = pd.concat([frame.assign(product="Core"), second.assign(product="Add-on")], ignore_index=True)
    n = len(frame)
    days = pd.to_timedelta(dice.integers(-20, 500, n), unit="D")
    plans = [None, "Basic", "pro", "Pro", "O'Neill"]
    told = pd.to_datetime(frame["until"]) - pd.to_timedelta(dice.integers(0, 90, n), unit="D")
    return frame.assign(
        plan=frame["customer"].str[-1].map(lambda digit: plans[int(digit) % 5]),
        mrr=frame["mrr"].where(dice.random(n) > 0.03, 0),
        quantity=pd.Series(dice.integers(1, 9, n)).where(dice.random(n) > 0.1).astype("Int64"),
        billing_months=pd.Series(dice.choice([1, 12, 24], n)).where(dice.random(n) > 0.2).astype("Int64"),
        term_end_date=(frame["since"] + days).where(dice.random(n) > 0.3),
        notice_date=told.where(told >= frame["since"]),
        change_reason=pd.Series(dice.choice(["new", "uplift", "paused"], n, p=[0.3, 0.65, 0.05])),
    )[list(KINDS)]


def larkfield() -> pd.DataFrame:
    """The demo company's ledger, as if all of it were in dollars."""
    if not DEMO.is_dir():
        pytest.skip("no demo portfolio: make demo/.stamp")
    frame = pd.read_csv(DEMO / "larkfield-systems" / "subscriptions.csv", dtype="str", keep_default_na=False)
    named = {"account_id": "customer", "start_date": "since", "end_date": "until"}
    return frame.rename(columns=named).assign(currency="USD")[list(KINDS)].replace("", None)


def insert(rows: pd.DataFrame) -> str:
    """Statements that make the table, in words that any database takes."""
    columns = ", ".join(f"{name} {kind}" for name, kind in KINDS.items())
    cells = (
        "NULL" if pd.isna(cell) else "'" + str(cell).replace("'", "''") + "'"
        for row in rows.itertuples(index=False)
        for cell in row
    )
    lines = ", ".join("(" + ", ".join(next(cells) for _ in KINDS) + ")" for _ in range(len(rows)))
    return f"CREATE TABLE prices ({columns}); INSERT INTO prices VALUES {lines}"


def kept(folder: Path, rows: pd.DataFrame, *, url: str = "") -> tuple[Path, Path]:
    """Two folders of one company: its ledger asked where it is, and read row by row; in DuckDB without a `url`."""
    there, here = folder / "there" / "acme", folder / "here" / "acme"
    if url:
        import adbc_driver_postgresql.dbapi

        with adbc_driver_postgresql.dbapi.connect(url) as opened, opened.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS prices")
            for statement in insert(rows).split("; ", 1):
                cursor.execute(statement)
            opened.commit()
    for place, source in ((there, HELD), (here, "")):
        place.mkdir(parents=True)
        if not url:
            with duckdb.connect(place / "prices.duckdb") as opened:
                opened.execute(insert(rows))
        connection = f'url = "{url or "duckdb:///prices.duckdb"}"'
        (place / "company.toml").write_text(toml(connection, source=source), encoding="utf-8")
    return there, here


def listening(ask: Engine, heard: list[Heard]) -> Engine:
    """The same engine, whose questions and answers are written down."""

    def asked(sql: str) -> pd.DataFrame:
        heard.append((sql, ask(sql).rename(columns=str.lower)))
        return heard[-1][1]

    return asked


@contextmanager
def overheard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Heard]]:
    """Every question that a database is asked, and its answer."""
    heard: list[Heard] = []
    with monkeypatch.context() as patched:
        patched.setattr(
            warehouse, "database_engine", lambda opened: listening(database_engine(opened), heard)
        )
        yield heard


AGGREGATE = {
    "cut", "month", "movement", "opening", "closing", "n", "amount", "cohort", "age", "net", "gross", "logo",
}  # fmt: skip


def too_much(heard: list[Heard], parts: tuple[str, ...]) -> list[str]:
    """Questions whose answers are more than aggregates, or than one row an account in a part of the book."""
    found = []
    for sql, answer in heard:
        keys = [name for name in ("cut", "entity", "account_id") if name in answer]
        if {"entity", "account_id"} & set(keys):
            wrong = answer.duplicated(keys).any()
        else:
            wrong = len(answer) > 1 and not set(answer.columns) <= AGGREGATE | set(parts)
        if wrong:
            found.append(f"{len(answer):,} rows: {sql}")
    return found


def arrow(rows: pd.DataFrame) -> pa.Table:
    """The rows with the types that a warehouse gives them."""
    kinds = {
        "DATE": pa.date32(),
        "INTEGER": pa.int32(),
        "TEXT": pa.string(),
        "DECIMAL(12, 2)": pa.decimal128(12, 2),
    }
    columns = {}
    for name, kind in KINDS.items():
        cells = [None if pd.isna(cell) else cell for cell in rows[name]]
        if kind == "DATE":
            cells = [None if cell is None else pd.Timestamp(cell).date() for cell in cells]
        elif kind.startswith("DECIMAL"):
            cells = [Decimal(str(cell)).quantize(Decimal("0.01")) for cell in cells]
        columns[name] = pa.array(cells, type=kinds[kind])
    return pa.table(columns)
