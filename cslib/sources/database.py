"""Tables from a database: one query, through the database's own ADBC or DB-API client, read only.

The one place of the package that reads the environment, and only for credentials: a secret that company.toml held
would be copied, hashed and committed with it. What it learns stays in the connection it opens.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

import pyarrow as pa

from cslib.sources.limits import DEFAULT, Limits, too_much
from cslib.sources.raw import Raw, cell_text, raw_arrow
from cslib.sources.toml import known_keys, pairs, refuse, word
from cslib.tables import Problem, TableError, listed, quoted

__all__ = ["SCHEMES", "Connection", "is_select", "open_connection", "query_table", "read_connections"]

_UNTRIED: Final = "cslib follows the documentation of this client and was never run with it: please report"
_BATCH: Final = 50_000  # rows fetched at a time where the client has no Arrow


@dataclass(frozen=True)
class Connection:
    """A database by name.

    `url` holds no password; `url_env` and `password_env` name environment variables, and `password_keyring` a
    ``service/user`` of the system's keyring, that hold what must not be written down.
    """

    name: str
    url: str = ""
    url_env: str = ""
    password_env: str = ""
    password_keyring: str = ""
    folder: Path | None = None


@dataclass(frozen=True)
class _Scheme:
    module: str
    package: str
    extra: str
    connect: Callable[[Any, str, Path | None], Any]
    read_only: str = ""  # first statement of the session
    tried: bool = False  # held by a test against the real thing


def _uri(client: Any, url: str, folder: Path | None) -> Any:
    return client.connect(url)


def _redshift(client: Any, url: str, folder: Path | None) -> Any:
    return client.connect("postgresql" + url[url.index(":") :])


def _snowflake(client: Any, url: str, folder: Path | None) -> Any:
    return client.connect(url.partition("://")[2])


def _bigquery(client: Any, url: str, folder: Path | None) -> Any:
    """``bigquery://project/dataset``; who may read is the machine's own Google login."""
    parts = urlsplit(url)
    options = {
        "adbc.bigquery.sql.project_id": parts.netloc,
        "adbc.bigquery.sql.dataset_id": parts.path.strip("/"),
    }
    return client.connect(db_kwargs={key: value for key, value in options.items() if value})


def _databricks(client: Any, url: str, folder: Path | None) -> Any:
    """``databricks://token@host/sql/1.0/warehouses/...``."""
    parts = urlsplit(url)
    token = unquote(parts.password or parts.username or "")
    return client.connect(server_hostname=parts.hostname, http_path=parts.path, access_token=token)


def _place(url: str, folder: Path | None) -> Path:
    """File of ``scheme:///name``, relative to the company's folder; ``scheme:////name`` is absolute."""
    path = Path(unquote(urlsplit(url).path[1:]))
    return path if folder is None else folder / path


def _file(url: str, folder: Path | None) -> Path:
    path = _place(url, folder)
    if not path.is_file():
        raise FileNotFoundError(f"no such file: {path.name}")
    return path


def _sqlite(client: Any, url: str, folder: Path | None) -> Any:
    return client.connect(_file(url, folder).resolve().as_uri() + "?mode=ro", uri=True)


def _duckdb(client: Any, url: str, folder: Path | None) -> Any:
    return client.connect(str(_file(url, folder)), read_only=True)


_POSTGRES: Final = _Scheme(
    "adbc_driver_postgresql.dbapi",
    "adbc-driver-postgresql",
    "postgres",
    _uri,
    "SET TRANSACTION READ ONLY",
    tried=True,
)
SCHEMES: Final[Mapping[str, _Scheme]] = {
    "postgresql": _POSTGRES,
    "postgres": _POSTGRES,
    "duckdb": _Scheme("duckdb", "duckdb", "", _duckdb, tried=True),
    "sqlite": _Scheme("sqlite3", "", "", _sqlite, tried=True),
    "redshift": _Scheme("adbc_driver_postgresql.dbapi", "adbc-driver-postgresql", "postgres", _redshift),
    "snowflake": _Scheme("adbc_driver_snowflake.dbapi", "adbc-driver-snowflake", "snowflake", _snowflake),
    "bigquery": _Scheme("adbc_driver_bigquery.dbapi", "adbc-driver-bigquery", "bigquery", _bigquery),
    "databricks": _Scheme("databricks.sql", "databricks-sql-connector[pyarrow]", "databricks", _databricks),
}
"""What each kind of address is opened with; those not `tried` follow their documentation and were not yet run."""


def read_connections(raw: object, *, folder: Path | None = None) -> dict[str, Connection]:
    """Connections that the table ``[connections]`` of a company.toml names.

    Raises
    ------
    TableError
        When a key is unknown, none says where the database is, or an address holds a password.

    Examples
    --------
    >>> read_connections({"warehouse": {"url": "postgresql://reader@db/sales", "password_env": "PW"}})["warehouse"].url
    'postgresql://reader@db/sales'
    """
    keys = ("url", "url_env", "password_env", "password_keyring")
    made = {}
    for name, entry in pairs(raw, "connections").items():
        where = f"connections.{name}"
        given = pairs(entry, where)
        known_keys(given, keys, where)
        said = {key: word(value, f"{where}.{key}") for key, value in given.items()}
        if ("url" in said) == ("url_env" in said):
            expected = "either url, or url_env: the environment variable that holds it"
            raise refuse("no single address", key=where, found=listed(said), expected=expected)
        if "url_env" in said and len(said) > 1:
            raise refuse(
                "url_env holds the password too", key=where, found=listed(said), expected="url_env alone"
            )
        if {"password_env", "password_keyring"} <= set(said):
            raise refuse("two places for one password", key=where, found=listed(said), expected="one of them")
        if said.get("password_keyring", "a/b").count("/") != 1:
            raise refuse("unusable place", key=f"{where}.password_keyring", expected='"service/user"')
        if "url" in said:
            _scheme(said["url"], name)
            if _secrets(said["url"]):
                hint = 'Take it out, change it at the database, and name the variable: password_env = "..."'
                expected = "an address without a password"
                raise refuse("an address holds a password", key=f"{where}.url", expected=expected, hint=hint)
        made[name] = Connection(name, folder=folder, **said)
    return made


def _scheme(url: str, name: str) -> _Scheme:
    scheme, told = url.partition("://")[::2]
    if told and scheme in SCHEMES:
        return SCHEMES[scheme]
    expected = listed(f"{known}://" for known in SCHEMES)
    found = quoted(scheme) if told else "an address without ://"
    raise refuse("unknown kind of database", key=f"connections.{name}", found=found, expected=expected)


def _secrets(url: str) -> list[str]:
    """Everything in an address that only its owner should know, as written and decoded."""
    parts = urlsplit(url)
    found = [parts.password or ""]
    if parts.scheme == "databricks":
        found.append(parts.username or "")
    found += [v for k, v in parse_qsl(parts.query) if re.search("pass|pwd|secret|token|key", k, re.I)]
    return [text for secret in found if secret for text in {secret, unquote(secret), quote(secret, safe="")}]


def _from_environment(variable: str, connection: Connection) -> str:
    value = os.environ.get(variable, "")
    if value:
        return value
    hint = f"Set it before the run, such as: export {variable}=..."
    raise _problem(
        connection, "no credentials", found=f"no variable {variable}", expected="its value", hint=hint
    )


def _from_keyring(place: str, connection: Connection) -> str:
    service, _, user = place.partition("/")
    keyring = _client("keyring", "keyring", "keyring", connection)
    try:
        value = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        hint = "Is the keyring unlocked? password_env works without one"
        raise _problem(
            connection, "the keyring cannot be read", found=type(error).__name__, hint=hint
        ) from None
    if value:
        return str(value)
    hint = f"Store it once: keyring set {service} {user}"
    raise _problem(connection, "no credentials", found=f"no password of {place}", expected="one", hint=hint)


def _address(connection: Connection) -> str:
    """Whole address, with what is secret in it."""
    if connection.url_env:
        return _from_environment(connection.url_env, connection)
    if connection.password_env:
        secret = _from_environment(connection.password_env, connection)
    elif connection.password_keyring:
        secret = _from_keyring(connection.password_keyring, connection)
    else:
        return connection.url
    parts = urlsplit(connection.url)
    user, at, host = parts.netloc.rpartition("@")
    if connection.url.startswith("databricks:"):
        return urlunsplit(parts._replace(netloc=f"{quote(secret, safe='')}@{host}"))
    if not at:
        raise _problem(connection, "a password and no user", expected="scheme://user@host/database")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(secret, safe='')}@{host}"))


def _client(module: str, package: str, extra: str, connection: Connection) -> Any:
    try:
        return import_module(module)
    except ImportError:
        hint = f"pip install {package}, or pip install 'cslib[{extra}]'"
        raise _problem(connection, "its client is not installed", expected=module, hint=hint) from None


def _problem(
    connection: Connection,
    cause: str,
    *,
    found: str = "",
    expected: str = "",
    hint: str = "",
    table: str = "",
) -> TableError:
    where = f"connections.{connection.name}"
    return TableError(Problem(table, "company.toml", None, where, found, expected, hint, cause=cause))


def _told(error: Exception, secrets: list[str]) -> str:
    """What the client says, one line, without anything secret."""
    text = " ".join(str(error).split())
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    text = re.sub(r"://[^@/\s]*@", "://***@", text)
    return text[:300] or type(error).__name__


@contextmanager
def open_connection(connection: Connection) -> Iterator[Any]:
    """DB-API connection of the database's own client, to be read from; closed at the end of the block.

    Raises
    ------
    TableError
        When credentials or the client are missing, or the database cannot be opened. No message of it, and no error
        behind it, holds anything secret.
    """
    url = _address(connection)
    scheme = _scheme(url, connection.name)
    secrets = _secrets(url)
    client = _client(scheme.module, scheme.package, scheme.extra, connection)
    try:
        opened = scheme.connect(client, url, connection.folder)
        if scheme.read_only:
            with opened.cursor() as cursor:
                cursor.execute(scheme.read_only)
    except Exception as error:  # noqa: BLE001  every client has errors of its own, and their text may hold the address
        hint = "" if scheme.tried else _UNTRIED
        raise _problem(connection, "cannot be opened", found=_told(error, secrets), hint=hint) from None
    try:
        yield opened
    except TableError:
        raise
    except Exception as error:  # noqa: BLE001
        raise _problem(connection, "the query failed", found=_told(error, secrets)) from None
    finally:
        with suppress(Exception):
            opened.close()


def is_select(query: str) -> bool:
    """Whether `query` is one statement that only reads.

    >>> is_select("-- all\\nSELECT 1;"), is_select("drop table x"), is_select("select 1; drop table x")
    (True, False, False)
    """
    bare = re.sub(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", " ", query, flags=re.S).strip()
    bare = bare.rstrip(";").strip()
    return bool(re.match(r"(select|with|values|from|table)\b", bare, re.I)) and ";" not in bare


def query_table(connection: Connection, query: str, table: str, *, limits: Limits = DEFAULT) -> Raw:
    """Answer to `query` as text, as if it were a file whose first row is line 2.

    Its hash is that of the query and of every cell, for a database has no file to be hashed.

    Raises
    ------
    TableError
        When the connection cannot be opened, the query fails, or the answer is beyond the limits.
    """
    label = f"{connection.name} ({table})"
    with open_connection(connection) as opened:
        cursor = opened.cursor()
        try:
            if hasattr(cursor, "sql"):  # DuckDB, whose relation streams Arrow
                answer = _fetched(cursor.sql(query), label, limits)
            else:
                cursor.execute(query)
                answer = _fetched(cursor, label, limits)
        finally:
            with suppress(Exception):
                cursor.close()
    digest = sha256(query.encode())
    frame, nameless = raw_arrow(answer, label)
    for name in frame.columns:
        digest.update(f"\x1e{name}\x1f".encode() + "\x1f".join(frame[name].fillna("\0")).encode())
    return Raw(label, frame, digest.hexdigest(), nameless=nameless)


def _fetched(cursor: Any, label: str, limits: Limits) -> pa.Table:
    """Answer of a cursor, batch by batch, as far as the limits go."""
    batches = _batches(cursor)
    first = next(batches, None)
    if first is None:
        raise TableError(
            Problem("", label, None, "", "no columns", "rows", "", cause="the query has no answer")
        )
    if first.num_columns > limits.columns:
        found = f"{first.num_columns:,} columns"
        raise too_much(label, "has too many columns", limit="columns", most=limits.columns, found=found)
    most = min(limits.rows, limits.cells // max(first.num_columns, 1))
    held, rows = [first], first.num_rows
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows > most:
            break
    if rows > most:
        hint = "Ask for fewer rows: aggregate or filter in the query"
        limit = "rows" if most == limits.rows else "cells"
        raise too_much(
            label,
            "has too many rows",
            limit=limit,
            most=getattr(limits, limit),
            found=f"{rows:,} or more",
            hint=hint,
        )
    return pa.concat_tables(held, promote_options="permissive")


def _batches(cursor: Any) -> Iterator[pa.Table]:
    for fetch in ("to_arrow_reader", "fetch_record_batch"):
        if hasattr(cursor, fetch):
            reader = getattr(cursor, fetch)()
            yield pa.Table.from_batches([], schema=reader.schema)
            for batch in reader:
                yield pa.Table.from_batches([batch])
            return
    if hasattr(cursor, "fetchmany_arrow"):
        part = cursor.fetchmany_arrow(_BATCH)
        yield part
        while part.num_rows:
            part = cursor.fetchmany_arrow(_BATCH)
            yield part
        return
    if cursor.description is None:
        return
    names = [str(column[0]) for column in cursor.description]
    yield _of_rows(names, [])
    while rows := cursor.fetchmany(_BATCH):
        yield _of_rows(names, rows)


def _of_rows(names: list[str], rows: list[Any]) -> pa.Table:
    cells = [pa.array([cell_text(row[i]) for row in rows], type=pa.large_string()) for i in range(len(names))]
    return pa.Table.from_arrays(cells, names=names)
