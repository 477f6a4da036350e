"""company.toml: what a company folder says about itself. Every key is known or refused."""

from __future__ import annotations

import codecs
import datetime as dt
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

import pandas as pd
from babel.numbers import get_currency_precision, list_currencies

from cslib.conventions import CONVENTIONS, Convention, define
from cslib.settings import Settings, read_settings
from cslib.sources.vendors.origin import FIELDS, OPTIONS, origins
from cslib.tables import TABLES, Problem, TableError, listed, nearest, quoted

__all__ = [
    "CURRENCY_DIGITS",
    "BenchmarkConfig",
    "Company",
    "TableConfig",
    "company",
    "currency_digits",
    "load_config",
    "refuse",
]

FILE: Final = "company.toml"
_EXAMPLE: Final = 'name = "Acme" and currency = "USD"'
CURRENCY_DIGITS: Final = {code: get_currency_precision(code) for code in list_currencies()}


@dataclass(frozen=True)
class TableConfig:
    """How one table is read: its files, and what turns their columns and values into ours."""

    files: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    recode: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheet: str = ""
    shape: str = "rows"
    broken_rows: str = "fail"
    date_format: str = ""
    decimal: str = "."
    encoding: str = "utf-8"
    account_of: str = ""
    importer: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BenchmarkConfig:
    """Benchmark tables of the company's own, and what it says of itself that decides which figures it is held to."""

    files: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Company:
    """A company as its company.toml describes it; `rates` are reporting currency per one unit.

    `rates_on` holds rates of single days, where the movement of currencies is shown apart; `conventions` are the
    company's own.
    """

    name: str
    currency: str
    folder: Path | None = None
    fiscal_year_start: int = 1
    convention: str = "endpoint"
    data_until: dt.date | None = None
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    rates_on: Mapping[dt.date, Mapping[str, Decimal]] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    conventions: tuple[Convention, ...] = ()
    tables: Mapping[str, TableConfig] = field(default_factory=dict)
    benchmarks: BenchmarkConfig = field(default_factory=BenchmarkConfig)
    source: bytes = b""


def refuse(cause: str, *, key: str = "", found: str = "", expected: str = "", hint: str = "") -> TableError:
    """Build the error for a company.toml, or an argument, that cannot be used."""
    return TableError(Problem("", FILE, None, key, found, expected, hint, cause=cause))


def currency_digits(code: str) -> int:
    """Digits after the decimal point in `code` (ISO 4217); -1 when there is no such currency.

    >>> currency_digits("USD"), currency_digits("JPY"), currency_digits("dollar")
    (2, 0, -1)
    """
    return CURRENCY_DIGITS.get(code, -1)


def _known(keys: Iterable[str], known: Iterable[str], where: str, *, kind: str = "key") -> None:
    options = list(known)
    for key in keys:
        if key not in options:
            near = nearest(key, options)
            hint = f"Did you mean {near}?" if near else ""
            raise refuse(
                f"unknown {kind}",
                key=where,
                found=quoted(key),
                expected="one of " + listed(options),
                hint=hint,
            )


def _plain(value: object, where: str) -> str:
    """TOML scalar as the text a file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal | dt.date):
        return str(value)
    raise refuse(
        "not a single value", key=where, found=quoted(value), expected="text, a number, a date, true, false"
    )


def _pairs(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refuse("not a table", key=where, found=quoted(value), expected="{ ours = theirs }")
    return value


def _word(value: object, where: str, *choices: str) -> str:
    if isinstance(value, str) and (not choices or value in choices):
        return value
    raise refuse(
        "unknown value",
        key=where,
        found=quoted(value),
        expected="one of " + listed(choices) if choices else "text",
    )


def _encoding(name: str, where: str) -> None:
    try:
        if isinstance(codecs.decode(b"a", name), str):
            return
    except (LookupError, ValueError):
        pass
    raise refuse(
        "unknown encoding", key=where, found=quoted(name), expected='a name such as "latin-1" or "cp1252"'
    )


def _date_format(text: str, where: str) -> None:
    """A format must give back the day it wrote."""
    day = pd.Timestamp(2024, 3, 31)
    try:
        if text and pd.to_datetime(day.strftime(text), format=text) == day:
            return
    except (ValueError, TypeError):
        pass
    raise refuse("cannot tell a day", key=where, found=quoted(text), expected='a format such as "%d/%m/%Y"')


def _table(name: str, entry: object) -> TableConfig:
    where = f"tables.{name}"
    given = _pairs(entry, where)
    choices = {"shape": ("rows", "matrix"), "broken_rows": ("fail", "reject"), "decimal": (".", ",")}
    words = ("sheet", *choices, "date_format", "encoding", "account_of", "importer")
    _known(given, ("file", "columns", "constants", "values", "options", *words), where)
    files = given.get("file", [])
    files = [files] if isinstance(files, str) else files
    if not isinstance(files, list) or not all(
        isinstance(file, str) and file and "\0" not in file for file in files
    ):
        raise refuse(
            "unknown value",
            key=f"{where}.file",
            found=quoted(files),
            expected="a file name or a list of them",
        )
    told = {
        part: _pairs(given.get(part, {}), f"{where}.{part}") for part in ("columns", "constants", "values")
    }
    if name != "accounts" or "importer" in given:
        for part, named in told.items():
            ours = FIELDS if "importer" in given and part != "constants" else TABLES[name].column
            _known(named, ours, f"{where}.{part}", kind="column")
    for both in sorted(set(told["columns"]) & set(told["constants"])):
        expected = "one of the two"
        raise refuse(
            "column is mapped and constant", key=f"{where}.constants", found=quoted(both), expected=expected
        )
    said = {
        word: _word(given[word], f"{where}.{word}", *choices.get(word, ())) for word in words if word in given
    }
    if "importer" in said:
        _known([said["importer"]], origins(), f"{where}.importer", kind="importer")
    options = _options(given.get("options", {}), f"{where}.options", importer=said.get("importer", ""))
    if "encoding" in said:
        _encoding(said["encoding"], f"{where}.encoding")
    if "date_format" in said:
        _date_format(said["date_format"], f"{where}.date_format")
    if said.get("shape") == "matrix" and name != "subscriptions":
        raise refuse(
            "only subscriptions may be a matrix", key=f"{where}.shape", found="matrix", expected="rows"
        )
    return TableConfig(
        files=tuple(files),
        columns={ours: _word(theirs, f"{where}.columns.{ours}") for ours, theirs in told["columns"].items()},
        constants={
            ours: _plain(value, f"{where}.constants.{ours}") for ours, value in told["constants"].items()
        },
        recode={
            column: {theirs: _plain(ours, f"{where}.values.{column}") for theirs, ours in pairs.items()}
            for column, raw in told["values"].items()
            if (pairs := _pairs(raw, f"{where}.values.{column}"))
        },
        options=options,
        **said,
    )


def _options(raw: object, where: str, *, importer: str) -> Mapping[str, str]:
    """Options of an importer, each known and holding something it can."""
    options = {key: _plain(value, f"{where}.{key}") for key, value in _pairs(raw, where).items()}
    if options and not importer:
        raise refuse(
            "options are for an importer",
            key=where,
            found=quoted(next(iter(options))),
            expected="an importer",
        )
    _known(options, OPTIONS, where)
    for key, value in options.items():
        if OPTIONS[key]:
            _word(value, f"{where}.{key}", *OPTIONS[key])
        elif key == "time_zone":
            _known([value], available_timezones(), f"{where}.{key}", kind="time zone")
        elif key == "grace_days" and not value.isdecimal():
            raise refuse(
                "not a number of days", key=f"{where}.{key}", found=quoted(value), expected="0 or more"
            )
        elif key == "currency":
            _currency(value, f"{where}.{key}")
    return options


def _currency(code: object, where: str) -> str:
    if isinstance(code, str) and currency_digits(code) >= 0:
        return code
    near = nearest(str(code), CURRENCY_DIGITS)
    hint = f"Did you mean {near}?" if near else ""
    raise refuse(
        "unknown currency", key=where, found=quoted(code), expected="an ISO 4217 code such as USD", hint=hint
    )


def _rate(value: object, where: str) -> Decimal:
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    rate = Decimal(str(value)) if number else Decimal(0)
    if rate.is_finite() and Decimal("1e-9") < rate < 10**9:
        return rate
    expected = "a number above 0: reporting currency per one unit"
    raise refuse("unusable rate", key=where, found=quoted(value), expected=expected)


def _rates(raw: object, where: str, *, currency: str) -> dict[str, Decimal]:
    """Rates by currency, the reporting currency's left out."""
    rates = _pairs(raw, where)
    if rates.get(currency, 1) != 1:
        found = quoted(rates[currency])
        cause = "rate of the reporting currency"
        raise refuse(cause, key=f"{where}.{currency}", found=found, expected="1, or none")
    return {
        _currency(code, f"{where}.{code}"): _rate(rate, f"{where}.{code}") for code, rate in rates.items()
    }


def _rates_on(raw: object, *, currency: str) -> dict[dt.date, Mapping[str, Decimal]]:
    """Rates by day, in order: ``2024-12-31 = { EUR = 1.04 }``."""
    found: dict[dt.date, Mapping[str, Decimal]] = {}
    for key, rates in _pairs(raw, "rates_on").items():
        try:
            day = dt.date.fromisoformat(str(key))
        except ValueError:
            expected = "a day, such as 2024-12-31 = { EUR = 1.04 }"
            raise refuse("not a date", key="rates_on", found=quoted(key), expected=expected) from None
        found[day] = _rates(rates, f"rates_on.{key}", currency=currency)
    return dict(sorted(found.items()))


def _own(raw: object) -> tuple[Convention, ...]:
    """Conventions of the company's own, from ``[conventions."name"]``."""
    try:
        return tuple(
            define(name, _pairs(record, f"conventions.{name}"))
            for name, record in _pairs(raw, "conventions").items()
        )
    except TableError:
        raise
    except ValueError as error:
        raise refuse(str(error), key="conventions") from None


def _settings(raw: object) -> Settings:
    try:
        return read_settings(_pairs(raw, "settings"))
    except TableError:
        raise
    except ValueError as error:
        raise refuse(str(error)) from None


def _benchmarks(raw: object) -> BenchmarkConfig:
    given = _pairs(raw, "benchmarks")
    _known(given, ("files", "traits"), "benchmarks")
    texts = {}
    for key, expected in (
        ("files", "a list of file names"),
        ("traits", 'a list of words such as ["private"]'),
    ):
        texts[key] = given.get(key, [])
        if not isinstance(texts[key], list) or not all(isinstance(t, str) and t.strip() for t in texts[key]):
            raise refuse(
                "unknown value", key=f"benchmarks.{key}", found=quoted(texts[key]), expected=expected
            )
    return BenchmarkConfig(files=tuple(texts["files"]), traits=tuple(texts["traits"]))


def _headline(name: str, own: tuple[Convention, ...]) -> str:
    """Name of the company's convention, if it may stand in a headline."""
    ratios = [c for c in (*own, *CONVENTIONS) if c.form != "level"]
    known = [c for c in ratios if c.name == name]
    names = listed(dict.fromkeys(c.name for c in ratios if not _unfit(c)))
    if known and not any(map(_unfit, known)):
        return name
    near = nearest(name, names.split(", "))
    cause, hint = "unknown value", f"Did you mean {near!r}?" if near else ""
    if known:
        cause, hint = _unfit(known[0]), "It stands in the comparison of conventions all the same"
    raise refuse(cause, key="convention", found=quoted(name), expected="one of " + names, hint=hint)


def _unfit(convention: Convention) -> str:
    """Why a convention may not stand in a headline."""
    if convention.known_error:
        return "a known error, not a convention"
    ratio = convention.metric in ("net_retention", "gross_retention")
    if ratio and convention.whose_flows == "everyone" and convention.window != 1:
        return "movements of accounts that joined later, beyond one month"
    return ""


def company(
    raw: Mapping[str, Any],
    *,
    folder: Path | None = None,
    source: bytes = b"",
    own: tuple[Convention, ...] = (),
) -> Company:
    """Company described by the parsed `raw` company.toml; `own` are conventions of its own that it does not hold.

    Raises
    ------
    TableError
        When a key is missing, unknown or holds something else than expected.

    Examples
    --------
    >>> company({"name": "Acme", "currency": "USD"}).fiscal_year_start
    1
    """
    keys = ("name", "currency", "fiscal_year_start", "convention", "data_until", "rates", "rates_on",
            "settings", "conventions", "tables", "benchmarks")  # fmt: skip
    _known(raw, keys, "")
    for key in ("name", "currency"):
        if key not in raw:
            raise refuse("required key is missing", key=key, found="keys: " + listed(raw), expected=_EXAMPLE)
    start = raw.get("fiscal_year_start", 1)
    if not isinstance(start, int) or isinstance(start, bool) or not 1 <= start <= 12:
        raise refuse("not a month", key="fiscal_year_start", found=quoted(start), expected="1 to 12")
    until = raw.get("data_until")
    if until is not None and (not isinstance(until, dt.date) or isinstance(until, dt.datetime)):
        expected = "a date without quotes, such as 2024-03-31"
        raise refuse("not a date", key="data_until", found=quoted(until), expected=expected)
    name = _word(raw["name"], "name").strip()
    if not name or not name.isprintable():
        raise refuse("unusable name", key="name", found=quoted(raw["name"]), expected="one line of text")
    tables = _pairs(raw.get("tables", {}), "tables")
    _known(tables, TABLES, "tables", kind="table")
    own = (*own, *_own(raw.get("conventions", {})))
    currency = _currency(raw["currency"], "currency")
    return Company(
        name=name,
        currency=currency,
        folder=folder,
        fiscal_year_start=start,
        convention=_headline(_word(raw.get("convention", "endpoint"), "convention"), own),
        data_until=until,
        rates=_rates(raw.get("rates", {}), "rates", currency=currency),
        rates_on=_rates_on(raw.get("rates_on", {}), currency=currency),
        settings=_settings(raw.get("settings", {})),
        conventions=own,
        tables={table: _table(table, entry) for table, entry in tables.items()},
        benchmarks=_benchmarks(raw.get("benchmarks", {})),
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
        raise refuse("no such folder", found=quoted(folder.name), expected=f"a folder that holds a {FILE}")
    try:
        source = (folder / FILE).read_bytes()
    except OSError:
        found = "files: " + listed(sorted(path.name for path in folder.iterdir()))
        expected = f"a file {FILE} in {folder.name} with at least: {_EXAMPLE}"
        raise refuse("no such file", found=found, expected=expected) from None
    try:
        raw = tomllib.loads(source.decode("utf-8-sig"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse("not TOML", found=str(error), expected=f"TOML in UTF-8, such as: {_EXAMPLE}") from None
    return company(raw, folder=folder, source=source)
