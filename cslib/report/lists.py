"""Lists of reports to make, as a person keeps them in a file: CSV for a spreadsheet, TOML for a text editor."""

from __future__ import annotations

import csv
import datetime as dt
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from cslib.report.parameters import ParameterError
from cslib.report.plan import Wish
from cslib.report.quarters import words_of

__all__ = ["read_list"]

Find = Callable[[str, Path], list[Path]]
_KEYS: Final = ("notebook", "company", "quarter")
_FORM: Final = 'notebook = "retention", company = ["acme"], quarter = "2026Q3", parameters = { window = 12 }'


def read_list(path: Path, *, notebooks: Find, companies: Find) -> list[Wish]:
    """Wishes in a CSV or TOML file.

    CSV: the columns `notebook`, `company`, `quarter`; every other column is a parameter, blank where it is not given.
    TOML: any number of ``[[report]]``, each with `notebook`, `company`, `quarter` (one or a list) and perhaps a table
    `parameters`. Paths are relative to the file.

    Parameters
    ----------
    path : Path
        The file.
    notebooks, companies : callable
        Paths that a word and the folder of the list mean.

    Raises
    ------
    ParameterError
        When the file cannot be read or a row is not what is expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"list {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    rows = _toml(text, path) if path.suffix.lower() == ".toml" else _csv(text, path)
    wishes = []
    for where, row, given in rows:
        lacking = [key for key in _KEYS if not row.get(key)]
        if lacking:
            raise ParameterError(f"{where}: found no {lacking[0]}, expected {', '.join(_KEYS)}")
        found = {key: _words(row[key], where=f"{where}, {key}") for key in _KEYS}
        wishes.append(
            Wish(
                notebooks=tuple(one for word in found["notebook"] for one in notebooks(word, path.parent)),
                companies=tuple(one for word in found["company"] for one in companies(word, path.parent)),
                quarters=tuple(words_of(found["quarter"])),
                parameters=given,
            )
        )
    if not wishes:
        raise ParameterError(f"list {path}: found no report in it")
    return wishes


Row = tuple[str, Mapping[str, Any], Mapping[str, object]]


def _csv(text: str, path: Path) -> list[Row]:
    reader = csv.DictReader(text.splitlines())
    missing = [key for key in _KEYS if key not in (reader.fieldnames or ())]
    if missing:
        named = ", ".join(reader.fieldnames or ()) or "none"
        raise ParameterError(
            f"list {path}: found the columns {named}, expected {', '.join(_KEYS)} and any parameters"
        )
    rows: list[Row] = []
    for row in reader:
        where = f"list {path}, line {reader.line_num}"
        if None in row:
            raise ParameterError(f"{where}: found more values than columns")
        given = {k: v for k, v in row.items() if k not in _KEYS and v}
        rows.append((where, {key: row[key] for key in _KEYS}, given))
    return rows


def _toml(text: str, path: Path) -> list[Row]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ParameterError(f"list {path}: not TOML ({error})") from None
    reports = raw.pop("report", [])
    if raw or not isinstance(reports, list):
        raise ParameterError(
            f"list {path}: found {', '.join(raw) or 'report'}, expected [[report]] with {_FORM}"
        )
    rows: list[Row] = []
    for number, report in enumerate(reports, start=1):
        where = f"list {path}, report {number}"
        unknown = sorted(set(report) - {*_KEYS, "parameters"})
        given = report.get("parameters", {})
        if unknown or not isinstance(given, dict):
            raise ParameterError(f"{where}: found {', '.join(unknown) or 'parameters'}, expected {_FORM}")
        rows.append((where, report, {name: _value(value, where, name) for name, value in given.items()}))
    return rows


def _words(value: Any, *, where: str) -> list[str]:
    words = value if isinstance(value, list) else [value]
    if not all(isinstance(word, str) and word.strip() for word in words):
        raise ParameterError(f"{where}: found {value!r}, expected text or a list of texts")
    return [word.strip() for word in words]


def _value(value: Any, where: str, name: str) -> object:
    """A parameter's value; it must be one that a command line can carry too."""
    many = value if isinstance(value, list) else [value]
    plain = all(isinstance(one, str | int | float | bool | dt.date) for one in many)
    if not plain or any(isinstance(one, str) and "," in one for one in many if isinstance(value, list)):
        raise ParameterError(
            f"{where}: parameter {name}: found {value!r}, expected a value or a list of them"
        )
    return value
