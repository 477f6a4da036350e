"""Files to canonical tables: names and values are mapped, cells read, broken rows reported or rejected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from cslib.sources.company import Company, TableConfig, currency_digits
from cslib.sources.matrix import unfold
from cslib.sources.parse import Style, Typed, parse
from cslib.sources.read import SUFFIXES, Raw, read
from cslib.tables import TABLES, Column, Fault, Problem, Table, TableError, faults, nearest, problems

__all__ = ["Loaded", "canonical", "find_files", "load_tables"]

_TO_MAP: Final = "Say in company.toml which column holds it: columns = { ours = theirs }"


@dataclass(frozen=True)
class Loaded:
    """One canonical table: `origin` names file and line of each row, `account` has one row a file.

    `rejected` holds the text of the rows left out, with file, line and cause; `notes` are facts to print.
    """

    frame: pd.DataFrame
    origin: pd.DataFrame
    account: pd.DataFrame
    rejected: pd.DataFrame
    notes: tuple[str, ...] = ()
    covers_until: pd.Timestamp | None = None


@dataclass
class _Part:
    raw: Raw
    frame: pd.DataFrame
    shown: dict[str, pd.Series]
    faults: list[Fault] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)


def find_files(folder: Path, name: str, config: TableConfig) -> list[Path]:
    """Files that hold table `name`: those named in company.toml, else the one that carries the table's name."""
    if config.files:
        return [folder / file for file in config.files]
    return [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]


def _pick(raw: Raw, table: Table, config: TableConfig) -> dict[str, pd.Series]:
    """Columns of the file by our names, as text."""
    frame = raw.frame
    picked: dict[str, pd.Series] = {}
    found: list[Problem] = []
    for ours, theirs in config.columns.items():
        if theirs in frame.columns:
            picked[ours] = frame[theirs]
            continue
        near = nearest(theirs, frame.columns)
        found.append(
            Problem(
                table.name,
                raw.file,
                None,
                ours,
                "columns: " + ", ".join(frame.columns[:40]),
                f"a column {theirs!r}, as company.toml says",
                f"Did you mean {ours} = {near[0]!r}?" if near else "",
                len(frame),
                "mapped column is missing",
            )
        )
    if found:
        raise TableError(found)
    for ours, constant in config.constants.items():
        picked[ours] = pd.Series(constant, index=frame.index, dtype="str")
    for name in frame.columns:
        if name in picked:
            continue
        if name in table.column or (table.name == "accounts" and name not in config.columns.values()):
            picked[name] = frame[name]
    order = [column.name for column in table.columns if column.name in picked]
    return {name: picked[name] for name in [*order, *(name for name in picked if name not in order)]}


def _digits(currency: pd.Series | None, default: int) -> npt.NDArray[np.int64] | int:
    if currency is None:
        return default
    codes, found = pd.factorize(currency)
    known = np.array([currency_digits(code) for code in found] + [2], dtype=np.int64)
    return np.where(known < 0, 2, known)[codes]


def _own_currency(table: Table) -> frozenset[str]:
    return frozenset(("mrr", "arr", "list_mrr")) if table.name == "subscriptions" else frozenset()


def _typed(
    picked: Mapping[str, pd.Series], table: Table, config: TableConfig, digits: int
) -> tuple[pd.DataFrame, list[Fault], dict[str, int]]:
    style = Style(config.date_format, config.decimal)
    typed: dict[str, Typed] = {}
    first = ["currency"] if "currency" in picked else []
    for name in [*first, *(name for name in picked if name not in first)]:
        column = table.column.get(name, Column(name, "text"))
        own = _digits(typed["currency"].cells, digits) if name in _own_currency(table) and first else digits
        typed[name] = parse(picked[name], column, style=style, values=config.values.get(name, {}), digits=own)
    frame = pd.DataFrame({name: typed[name].cells for name in picked})
    notes = {
        f"{table.name}.{name}: {{n:,}} values {text}": n
        for name in picked
        for text, n in typed[name].notes
        if name not in config.constants
    }
    return frame, [fault for name in picked for fault in typed[name].faults], notes


def _currency_faults(frame: pd.DataFrame) -> list[Fault]:
    if "currency" not in frame:
        return []
    codes, found = pd.factorize(frame["currency"])
    odd = [i for i, code in enumerate(found) if currency_digits(code) < 0]
    at = np.flatnonzero(np.isin(codes, odd)).astype(np.int64)
    hint = 'Map it: values = { currency = { theirs = "USD" } }'
    return (
        [Fault("currency", "hold an unknown currency", "an ISO 4217 code such as USD", hint, at)]
        if len(at)
        else []
    )


def _ragged(raw: Raw) -> list[Fault]:
    if not raw.ragged:
        return []
    at = np.flatnonzero(raw.frame.index.isin(list(raw.ragged))).astype(np.int64)
    n, text = next(iter(raw.ragged.values()))
    width = raw.frame.shape[1]
    return [
        Fault(
            "",
            "have another number of cells than the header",
            f"{width} cells, like the header",
            "Put text that holds the separator in double quotes",
            at,
            f"{n} cells: {text[:60]!r}",
        )
    ]


def _unbroken(found: Iterable[Fault], before: Iterable[Fault]) -> list[Fault]:
    """Faults less the cells that an earlier fault already names."""
    known: dict[str, list[npt.NDArray[np.int64]]] = {}
    for fault in before:
        known.setdefault(fault.column, []).append(fault.positions)
    left = []
    for fault in found:
        if fault.column in known and len(fault.positions):
            rest = np.setdiff1d(fault.positions, np.concatenate(known[fault.column]))
            if not len(rest):
                continue
            fault = Fault(fault.column, fault.cause, fault.expected, fault.hint, rest, fault.found)
        left.append(fault)
    return left


def canonical(raws: list[Raw], name: str, *, config: TableConfig, digits: int) -> Loaded:
    """Read the files of one table as text into its canonical frame.

    Parameters
    ----------
    raws : list of Raw
        The files; rows are appended in this order.
    name : str
        Table of the contract.
    config : TableConfig
        What company.toml says about the table.
    digits : int
        Decimals of the reporting currency.

    Raises
    ------
    TableError
        With every broken cell, unless `config.broken_rows` is "reject" and only rows are at fault.
    """
    table = TABLES[name]
    frames: list[pd.DataFrame] = []
    shown: list[pd.DataFrame] = []
    origins: list[pd.DataFrame] = []
    found: list[Fault] = []
    notes: dict[str, int] = {}
    covers: list[pd.Timestamp] = []
    start = 0
    for raw in raws:
        picked = _pick(raw, table, config)
        if config.shape == "matrix":
            frame, text, part, until = unfold(
                raw, picked, style=Style(config.date_format, config.decimal), digits=digits
            )
            covers.append(until)
            more: dict[str, int] = {}
        else:
            frame, part, more = _typed(picked, table, config, digits)
            text = pd.DataFrame(picked)
        for fault in [*_ragged(raw), *part]:
            found.append(
                Fault(
                    fault.column,
                    fault.cause,
                    fault.expected,
                    fault.hint,
                    fault.positions + start,
                    fault.found,
                )
            )
        for key, n in more.items():
            notes[key] = notes.get(key, 0) + n
        origins.append(pd.DataFrame({"file": raw.file, "line": frame.index.to_numpy()}))
        frames.append(frame)
        shown.append(text)
        start += len(frame)
    frame = pd.concat(frames, ignore_index=True)
    text = pd.concat(shown, ignore_index=True)
    origin = pd.concat(origins, ignore_index=True)
    found += _unbroken([*faults(frame, name), *_currency_faults(frame)], found)
    whole = [fault for fault in found if not len(fault.positions)]
    if whole or (found and config.broken_rows == "fail"):
        lines, files = origin["line"].to_numpy(), origin["file"].to_numpy()
        raise TableError(
            problems(
                whole or found,
                name,
                shown={column: text[column] for column in text.columns},
                place=lambda i: (str(files[i]), int(lines[i])) if len(files) else (raws[0].file, 1),
                n_rows=len(frame),
            )
        )
    broken = np.zeros(len(frame), dtype=bool)
    cause = np.full(len(frame), "", dtype=object)
    for fault in reversed(found):
        broken[fault.positions] = True
        cause[fault.positions] = f"{fault.column}: {fault.cause}" if fault.column else fault.cause
    kept = frame[~broken].reset_index(drop=True)
    for column in table.columns:
        if column.kind == "money" and column.name in kept and not kept[column.name].isna().any():
            required = column.required or any(column.name in group for group in table.one_of)
            if required:
                kept[column.name] = kept[column.name].astype("int64")
    rejected = pd.concat([origin[broken], text[broken]], axis=1)
    rejected["cause"] = cause[broken]
    account = pd.DataFrame(
        {
            "table": name,
            "file": [raw.file for raw in raws],
            "rows_read": [int((origin["file"] == raw.file).sum()) for raw in raws],
            "rows_rejected": [int((broken & (origin["file"] == raw.file).to_numpy()).sum()) for raw in raws],
            "sha256": [raw.sha256 for raw in raws],
        }
    )
    told = tuple(key.format(n=n) for key, n in notes.items())
    return Loaded(
        kept,
        origin[~broken].reset_index(drop=True),
        account,
        rejected.reset_index(drop=True),
        told,
        min(covers) if covers else None,
    )


def load_tables(folder: Path, config: Company) -> dict[str, Loaded]:
    """Every table the folder holds, in the order of the contract.

    Raises
    ------
    TableError
        When there is no ledger, a file cannot be read, or rows are broken.
    """
    digits = currency_digits(config.currency)
    loaded: dict[str, Loaded] = {}
    for name in TABLES:
        entry = config.tables.get(name, TableConfig())
        paths = find_files(folder, name, entry)
        if not paths:
            if name == "subscriptions" or name in config.tables:
                there = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
                raise TableError(
                    Problem(
                        name,
                        folder.name,
                        None,
                        name,
                        ", ".join(there[:20]) or "no data file",
                        f"{name}.csv, or the name of the file",
                        f'Say in company.toml: [tables.{name}] file = "..."',
                        1,
                        "no file for this table",
                    )
                )
            continue
        if len(paths) > 1 and not entry.files:
            raise TableError(
                Problem(
                    name,
                    folder.name,
                    None,
                    name,
                    ", ".join(path.name for path in paths),
                    "one file",
                    f'Say in company.toml which: [tables.{name}] file = "..."',
                    1,
                    "several files for this table",
                )
            )
        raws = [read(path, sheet=entry.sheet, encoding=entry.encoding) for path in paths]
        loaded[name] = canonical(raws, name, config=entry, digits=digits)
    return loaded
