"""company.toml: what a company folder says about itself. Every key is known or refused."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

from babel.numbers import get_currency_precision, list_currencies

from cslib.tables import TABLES, Problem, TableError, nearest

__all__ = ["Company", "TableConfig", "currency_digits", "load_config", "refuse"]

FILE: Final = "company.toml"
_EXAMPLE: Final = 'name = "Acme"; currency = "USD"'
_DIGITS: Final = {code: get_currency_precision(code) for code in list_currencies()}


@dataclass(frozen=True)
class TableConfig:
    """How one table is read: its files, and what turns their columns into ours."""

    files: tuple[str, ...] = ()
    sheet: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    recode: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    shape: Literal["rows", "matrix"] = "rows"
    broken_rows: Literal["fail", "reject"] = "fail"
    date_format: str = ""
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    account_of: str = ""


@dataclass(frozen=True)
class Company:
    """A company as its `company.toml` describes it; `rates` are reporting currency per one unit."""

    name: str
    currency: str
    folder: Path | None = None
    fiscal_year_start: int = 1
    convention: str = "endpoint"
    data_until: dt.date | None = None
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    tables: Mapping[str, TableConfig] = field(default_factory=dict)
    source: bytes = b""


def refuse(
    cause: str, *, key: str = "", found: object = "", expected: str = "", hint: str = ""
) -> TableError:
    """Build the error for a company.toml that cannot be used."""
    shown = (
        found if isinstance(found, str) and (not found or found.startswith(("'", "columns"))) else repr(found)
    )
    return TableError(Problem("", FILE, None, key, str(shown), expected, hint, 1, cause))


def currency_digits(code: str) -> int:
    """Digits after the decimal point in `code` (ISO 4217); -1 when there is no such currency.

    >>> currency_digits("USD"), currency_digits("JPY"), currency_digits("dollar")
    (2, 0, -1)
    """
    return _DIGITS.get(code, -1)


def _known(keys: Iterable[str], known: Iterable[str], where: str, *, kind: str = "key") -> None:
    options = list(known)
    for key in keys:
        if key not in options:
            near = nearest(key, options)
            raise refuse(
                f"unknown {kind}",
                key=where,
                found=key,
                expected="one of " + ", ".join(options),
                hint=f"Did you mean {near}?" if near else "",
            )


def _plain(value: object, where: str) -> str:
    """TOML scalar as the text a file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal | dt.date):
        return str(value)
    raise refuse(
        "not a single value", key=where, found=value, expected="text, a number, a date, true or false"
    )


def _table_of(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refuse("not a table", key=where, found=value, expected="{ ours = theirs }")
    return value


def _word(value: object, where: str, *choices: str) -> str:
    if not isinstance(value, str) or (choices and value not in choices):
        raise refuse(
            "unknown value",
            key=where,
            found=value,
            expected="one of " + ", ".join(choices) if choices else "text",
        )
    return value


def _table(name: str, raw: object) -> TableConfig:
    where = f"tables.{name}"
    given = _table_of(raw, where)
    keys = (
        "file",
        "sheet",
        "columns",
        "constants",
        "values",
        "shape",
        "broken_rows",
        "date_format",
        "decimal",
    )
    _known(given, (*keys, "encoding", "account_of"), where)
    files = given.get("file", [])
    files = [files] if isinstance(files, str) else files
    if not isinstance(files, list) or not all(isinstance(file, str) and file for file in files):
        raise refuse(
            "unknown value", key=f"{where}.file", found=files, expected="a file name or a list of them"
        )
    columns = {
        k: _word(v, f"{where}.columns.{k}")
        for k, v in _table_of(given.get("columns", {}), f"{where}.columns").items()
    }
    constants = {
        k: _plain(v, f"{where}.constants.{k}")
        for k, v in _table_of(given.get("constants", {}), f"{where}.constants").items()
    }
    values = {
        column: {
            theirs: _plain(ours, f"{where}.values.{column}")
            for theirs, ours in _table_of(pairs, f"{where}.values.{column}").items()
        }
        for column, pairs in _table_of(given.get("values", {}), f"{where}.values").items()
    }
    if name != "accounts":
        for part, named in (("columns", columns), ("constants", constants), ("values", values)):
            _known(named, TABLES[name].column, f"{where}.{part}", kind="column")
    both = sorted(set(columns) & set(constants))
    if both:
        raise refuse(
            "column is both mapped and constant",
            key=f"{where}.constants",
            found=both[0],
            expected="one of the two",
        )
    encoding = _word(given.get("encoding", "utf-8"), f"{where}.encoding")
    try:
        b"".decode(encoding)
    except LookupError:
        raise refuse(
            "unknown encoding", key=f"{where}.encoding", found=encoding, expected='such as "latin-1"'
        ) from None
    shape = _word(given.get("shape", "rows"), f"{where}.shape", "rows", "matrix")
    if shape == "matrix" and name != "subscriptions":
        raise refuse(
            "only subscriptions may be a matrix", key=f"{where}.shape", found=shape, expected='"rows"'
        )
    return TableConfig(
        files=tuple(files),
        sheet=_word(given.get("sheet", ""), f"{where}.sheet"),
        columns=columns,
        constants=constants,
        recode=values,
        shape="matrix" if shape == "matrix" else "rows",
        broken_rows="reject"
        if _word(given.get("broken_rows", "fail"), f"{where}.broken_rows", "fail", "reject") == "reject"
        else "fail",
        date_format=_word(given.get("date_format", ""), f"{where}.date_format"),
        decimal="," if _word(given.get("decimal", "."), f"{where}.decimal", ".", ",") == "," else ".",
        encoding=encoding,
        account_of=_word(given.get("account_of", ""), f"{where}.account_of"),
    )


def _currency(code: object, where: str) -> str:
    if not isinstance(code, str) or currency_digits(code) < 0:
        raise refuse(
            "unknown currency", key=where, found=code, expected="an ISO 4217 code such as USD, EUR or JPY"
        )
    return code


def _rate(value: object, where: str) -> Decimal:
    rate = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else Decimal(0)
    if not (rate.is_finite() and 0 < rate < 10**9 and rate > Decimal("1e-9")):
        raise refuse(
            "unusable rate",
            key=where,
            found=value,
            expected="a number above 0: reporting currency per one unit",
        )
    return rate


def company(raw: Mapping[str, Any], *, folder: Path | None = None, source: bytes = b"") -> Company:
    """Company described by the parsed `raw` company.toml.

    Raises
    ------
    TableError
        When a key is missing, unknown or holds something else than expected.

    Examples
    --------
    >>> company({"name": "Acme", "currency": "USD"}).fiscal_year_start
    1
    """
    keys = ("name", "currency", "fiscal_year_start", "convention", "data_until", "rates", "tables")
    _known(raw, keys, "")
    for key in ("name", "currency"):
        if key not in raw:
            raise refuse(
                "required key is missing", key=key, found=", ".join(raw) or "'nothing'", expected=_EXAMPLE
            )
    start = raw.get("fiscal_year_start", 1)
    if not isinstance(start, int) or isinstance(start, bool) or not 1 <= start <= 12:
        raise refuse("not a month", key="fiscal_year_start", found=start, expected="1 to 12")
    until = raw.get("data_until")
    if until is not None and (not isinstance(until, dt.date) or isinstance(until, dt.datetime)):
        raise refuse(
            "not a date", key="data_until", found=until, expected="a date without quotes, such as 2024-03-31"
        )
    name = _word(raw["name"], "name").strip()
    if not name or not name.isprintable():
        raise refuse("unusable name", key="name", found=raw["name"], expected="one line of text")
    tables = _table_of(raw.get("tables", {}), "tables")
    _known(tables, TABLES, "tables", kind="table")
    rates = _table_of(raw.get("rates", {}), "rates")
    return Company(
        name=name,
        currency=_currency(raw["currency"], "currency"),
        folder=folder,
        fiscal_year_start=start,
        convention=_word(raw.get("convention", "endpoint"), "convention"),
        data_until=until,
        rates={
            _currency(code, f"rates.{code}"): _rate(rate, f"rates.{code}") for code, rate in rates.items()
        },
        tables={table: _table(table, entry) for table, entry in tables.items()},
        source=source,
    )


def load_config(folder: Path | str) -> Company:
    """Company that the `company.toml` in `folder` describes.

    Raises
    ------
    TableError
        When the folder or the file is missing, is not TOML, or says something unknown.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise refuse(
            "no such folder", found=str(folder), expected="a company folder that holds a company.toml"
        )
    try:
        source = (folder / FILE).read_bytes()
    except OSError:
        entries = sorted(path.name for path in folder.iterdir())[:20]
        raise refuse(
            f"no {FILE} in {folder.name}",
            found=", ".join(entries) or "'an empty folder'",
            expected=f"a file {FILE} with at least: {_EXAMPLE}",
        ) from None
    try:
        raw = tomllib.loads(source.decode("utf-8-sig"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(
            "not TOML", found=str(error), expected="a TOML file in UTF-8, such as: " + _EXAMPLE
        ) from None
    return company(raw, folder=folder, source=source)
