"""What was read of a company, kept for whoever asks again while every file still has the hash that it was read with.

A report reads a company three times: before its kernel starts, in its first cell, and in its proof. Reading means to
parse and to check every cell of every file; the second time it is enough to hash the files again. What is kept are
bytes, so nothing that a cell does to its tables can reach them, and they stay in memory: never on a disk.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import pickle
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cslib.sources.company import Company, TableConfig
from cslib.sources.files import chosen
from cslib.tables import TABLES, TableError

__all__ = ["accept", "found", "keep", "packed"]

_MOST: Final = 1 << 28  # bytes kept
Key = tuple[str, dt.date, str]


@dataclass(frozen=True)
class _Held:
    """A company as read: `source` is its company.toml, `files` names table, file and hash of everything read."""

    key: Key
    source: bytes
    files: frozenset[tuple[str, str, str]]
    read: bytes


_held: list[_Held] = []  # the last one only: a process works on one company at a time


def _key(folder: Path, as_of: dt.date, broken_rows: str) -> Key:
    return str(folder.resolve()), as_of, broken_rows


def _files(folder: Path, config: Company) -> Iterator[tuple[str, str, str]]:
    for name in TABLES:
        entry = config.tables.get(name, TableConfig())
        for label, path in chosen(folder, name, entry).items():
            with path.open("rb") as file:
                yield name, label, hashlib.file_digest(file, "sha256").hexdigest()


def found(folder: Path, config: Company, *, as_of: dt.date, broken_rows: str) -> Any:
    """A new copy of what was kept for this folder and day; None where there is none or any file differs now."""
    key = _key(folder, as_of, broken_rows)
    for held in _held:
        if held.key == key and held.source == config.source:
            with suppress(OSError, TableError):  # whatever is wrong now, reading tells it
                if frozenset(_files(folder, config)) == held.files:
                    return pickle.loads(held.read)
    return None


def keep(
    read: Any,
    folder: Path,
    config: Company,
    *,
    as_of: dt.date,
    broken_rows: str,
    files: frozenset[tuple[str, str, str]],
    size: int,
) -> None:
    """Keep what was `read` in place of the last; a company with a query is read anew each time.

    Parameters
    ----------
    read : object
        What to keep: anything that pickles.
    folder, config, as_of, broken_rows
        What was asked for.
    files : frozenset
        Table, file and SHA-256 of everything that was read, as the reader saw it.
    size : int
        Bytes that it takes, about; too much is not kept.
    """
    _held.clear()
    if size > _MOST or any(entry.query for entry in config.tables.values()):
        return
    data = pickle.dumps(read, protocol=pickle.HIGHEST_PROTOCOL)
    _held.append(_Held(_key(folder, as_of, broken_rows), config.source, files, data))


def packed(folder: Path, *, as_of: dt.date) -> bytes:
    """What is kept of a folder and a day, to be handed to another process; empty where nothing is."""
    mine = [held for held in _held if held.key[:2] == (str(folder.resolve()), as_of)]
    return pickle.dumps(mine, protocol=pickle.HIGHEST_PROTOCOL) if mine else b""


def accept(data: bytes) -> None:
    """Take what another process packed: the one that started this one, of the same code."""
    _held[:] = pickle.loads(data)
