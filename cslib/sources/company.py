"""company.toml: what a company folder says about itself. Every key is known or refused."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from cslib.conventions import CONVENTIONS, Convention, define
from cslib.settings import Settings, read_settings
from cslib.sources.currency import CURRENCY_DIGITS, currency_digits, known_currency
from cslib.sources.database import Connection, read_connections
from cslib.sources.entry import TableConfig, read_entry
from cslib.sources.limits import Limits, read_limits
from cslib.sources.look import Look, read_look
from cslib.sources.related import Control, Related, read_controls, read_related
from cslib.sources.toml import FILE, refuse
from cslib.sources.toml import known_keys as _known
from cslib.sources.toml import pairs as _pairs
from cslib.sources.toml import word as _word
from cslib.tables import TABLES, TableError, listed, nearest, quoted

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

_EXAMPLE: Final = 'name = "Acme" and currency = "USD"'


@dataclass(frozen=True)
class BenchmarkConfig:
    """Benchmark tables of the company's own, and what it says of itself that decides which figures it is held to."""

    files: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Company:
    """A company as its company.toml describes it; `rates` are reporting currency per one unit.

    `rates_on` holds rates of single days, where the movement of currencies is shown apart; `conventions` are the
    company's own; `engine` names the connection in which the ledger stays, where it does.
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
    connections: Mapping[str, Connection] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    personal: str = "leave"
    controls: tuple[Control, ...] = ()
    related: tuple[Related, ...] = ()
    look: Look = field(default_factory=Look)
    source: bytes = b""
    engine: str = ""


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
        known_currency(code, f"{where}.{code}"): _rate(rate, f"{where}.{code}")
        for code, rate in rates.items()
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
            "settings", "conventions", "tables", "benchmarks", "connections", "limits", "personal", "control",
            "related", "source", "report")  # fmt: skip
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
    connections = read_connections(raw.get("connections", {}), folder=folder)
    for table, entry in tables.items():
        if isinstance(entry, dict) and (asked := entry.get("connection")) is not None:
            _known([str(asked)], connections, f"tables.{table}.connection", kind="connection")
    place = _pairs(raw.get("source", {}), "source")
    _known(place, ("connection",), "source")
    engine = _word(place.get("connection", ""), "source.connection")
    if engine:
        _known([engine], connections, "source.connection", kind="connection")
    currency = known_currency(raw["currency"], "currency")
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
        tables={table: read_entry(table, entry) for table, entry in tables.items()},
        benchmarks=_benchmarks(raw.get("benchmarks", {})),
        connections=connections,
        limits=read_limits(raw.get("limits", {})),
        personal=_word(raw.get("personal", "leave"), "personal", "leave", "keep"),
        controls=read_controls(raw.get("control", {}), digits=currency_digits(currency)),
        related=read_related(raw.get("related", {})),
        look=read_look(raw.get("report", {})),
        source=source,
        engine=engine,
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
