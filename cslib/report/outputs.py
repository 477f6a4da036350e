"""What an executed notebook leaves beside its pages: numbers for machines, rows that were rejected."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

import pandas as pd

from cslib.archive import KEPT
from cslib.book import Book
from cslib.record import MIME

__all__ = ["actions_csv", "as_json", "findings", "is_for_machines", "kept_tables", "numbers", "table_csv"]

_OURS: Final = "application/vnd.cslib."
FINDINGS: Final = f"{_OURS}findings+json"
ACTIONS: Final = f"{_OURS}actions+json"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"[+-]?(\d+([.,]\d+)*|[.,]\d+)([eE][+-]?\d+)?%?")


def _outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def numbers(notebook: Any) -> list[Any]:
    """Every number that a cell recorded (see :mod:`cslib.record`), in the order of the cells.

    Raises
    ------
    ValueError
        When an output of that type holds something else.
    """
    shown = [output["data"][MIME] for output in _outputs(notebook) if MIME in output.get("data", {})]
    for bundle in shown:
        if not isinstance(bundle, dict) or not isinstance(bundle.get("numbers"), list):
            raise ValueError(f'{MIME}: found {str(bundle)[:60]!r}, expected {{"numbers": [...]}}')
    return [number for bundle in shown for number in bundle["numbers"]]


def findings(notebook: Any) -> dict[str, Any]:
    """Every finding that a cell told or left unsaid, with the cell, and by label the rows behind tables and figures.

    Raises
    ------
    ValueError
        When an output of that type holds something else.
    """
    found: list[Any] = []
    tables: dict[str, list[Any]] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            words = output.get("metadata", {}).get("cslib", {})
            for kept in words.get("rows", []):
                rows = [dict(zip(kept["columns"], row, strict=True)) for row in kept["rows"]]
                tables.setdefault(words["label"], []).extend(rows)
            bundle = output.get("data", {}).get(FINDINGS)
            if bundle is None:
                continue
            if not isinstance(bundle, dict) or not isinstance(bundle.get("findings", []), list):
                raise ValueError(f'{FINDINGS}: found {str(bundle)[:60]!r}, expected {{"findings": [...]}}')
            own = {"currency": words["currency"]} if words.get("currency") else {}
            found += [{**finding, **own, "cell": cell.id} for finding in bundle.get("findings", [])]
    return {"findings": found, "tables": tables}


def actions_csv(notebook: Any, *, minor_units: int) -> bytes | None:
    """Accounts to work through as CSV, amounts in whole units of the currency; None where no cell names any."""
    shown = [output["data"][ACTIONS] for output in _outputs(notebook) if ACTIONS in output.get("data", {})]
    if not shown:
        return None
    rows = pd.DataFrame([row for bundle in shown for row in bundle["actions"]])
    for column in {"arr", "at_stake"} & set(rows.columns):
        rows[column] = [f"{Decimal(int(minor)).scaleb(-minor_units)}" for minor in rows[column]]
    return table_csv(rows)


def is_for_machines(output: Any) -> bool:
    """Whether an output carries data of ours and nothing that a page could show but its text form."""
    mimes = set(output.get("data", {}))
    ours = {mime for mime in mimes if mime.startswith(_OURS)}
    return bool(ours) and mimes <= {*ours, "text/plain"}


def as_json(document: Any) -> bytes:
    """JSON as it is stored: UTF-8, a line to each fact and to each row of a list, what is not a finite number as null.

    >>> print(as_json({"value": float("nan"), "rows": [{"age": 0}, {"age": 1}]}).decode(), end="")
    {
      "value": null,
      "rows": [
        {"age": 0},
        {"age": 1}
      ]
    }
    """
    return (_laid_out(document, "\n") + "\n").encode()


def _laid_out(value: Any, newline: str) -> str:
    """Objects and lists of objects over several lines, the rest in one, which the encoder writes at once."""
    within = newline + "  "
    if isinstance(value, dict) and value and len(within) < _DEEP:
        rows = [f"{_in_line(str(key))}: {_laid_out(item, within)}" for key, item in value.items()]
        return "{" + within + f",{within}".join(rows) + newline + "}"
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        return "[" + within + f",{within}".join(map(_in_line, value)) + newline + "]"
    return _in_line(value)


def _in_line(value: Any) -> str:
    try:
        return _encode(value)
    except ValueError:  # somewhere in it a number is not finite
        return _encode(_finite(value))


_DEEP: Final = 8  # characters of a line's break and indent, from which an object stays in one line
_encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=str).encode


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def table_csv(rows: pd.DataFrame) -> bytes:
    """Rows as CSV that a spreadsheet opens without running any of it.

    A text that a spreadsheet would take for a formula is led by an apostrophe; numbers stay as they are.

    >>> table_csv(pd.DataFrame({"id": ["=1+1", "-5"], "cause": ["no date", "no date"]})).decode()
    "id,cause\\n'=1+1,no date\\n-5,no date\\n"
    """
    lines: list[str] = []
    told = SimpleNamespace(write=lines.append)
    writer = csv.writer(told, lineterminator="\r\n")  # or a lone carriage return would stand without quotes
    writer.writerow(map(_inert, rows.columns))
    writer.writerows([_inert(cell) for cell in row] for row in rows.itertuples(index=False, name=None))
    return "".join(f"{line[:-2]}\n" for line in lines).encode("utf-8", "backslashreplace")


def kept_tables(book: Book) -> dict[str, bytes]:
    """Tables that let a later run say, row by row, why a past figure moved: prices in force, and mergers.

    Rows stand in the order of their content, so that another export of the same ledger gives the same bytes.
    """
    kept = {}
    for name, columns in KEPT.items():
        if name in book.tables:
            frame = book.tables[name]
            own = frame[[column for column in columns if column in frame]].copy()
            for column in own.select_dtypes("datetime"):
                own[column] = own[column].dt.strftime("%Y-%m-%d")
            order = [column for column in own.columns if column != "subscription_id"]
            rows = own.sort_values([*order, *(own.columns.difference(order))], kind="stable")
            kept[f"ledger/{name}.csv"] = table_csv(rows)
    return kept


def _inert(cell: Any) -> str:
    text = "" if pd.isna(cell) else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text
