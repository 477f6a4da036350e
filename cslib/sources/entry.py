"""How one table is read: an entry ``[tables.NAME]`` of a company.toml."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import available_timezones

import pandas as pd

from cslib.sources.currency import known_currency as _currency
from cslib.sources.database import is_select
from cslib.sources.toml import known_keys as _known
from cslib.sources.toml import pairs as _pairs
from cslib.sources.toml import plain as _plain
from cslib.sources.toml import refuse
from cslib.sources.toml import word as _word
from cslib.sources.vendors.origin import FIELDS, OPTIONS, origins
from cslib.tables import TABLES, listed, quoted

__all__ = ["TableConfig", "read_entry"]


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
    query: str = ""
    connection: str = ""
    importer: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


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


def read_entry(name: str, entry: object) -> TableConfig:
    """How table `name` is read, as its entry says.

    Raises
    ------
    TableError
        When a key is unknown or holds something else than expected.

    Examples
    --------
    >>> read_entry("costs", {"file": "spend.csv"}).files
    ('spend.csv',)
    """
    where = f"tables.{name}"
    given = _pairs(entry, where)
    choices = {"shape": ("rows", "matrix"), "broken_rows": ("fail", "reject"), "decimal": (".", ",")}
    words = ("sheet", *choices, "date_format", "encoding", "account_of", "query", "connection", "importer")
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
    if ("query" in said) != ("connection" in said) or ("query" in said and files):
        found, expected = listed(given), "query and connection together, or file"
        raise refuse("not one place to read from", key=where, found=found, expected=expected)
    if not is_select(said.get("query", "select")):
        expected = "one statement that only reads: select ..."
        raise refuse(
            "a query that may change something",
            key=f"{where}.query",
            found=quoted(said["query"]),
            expected=expected,
        )
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
