"""Files as they are: CSV, Parquet and Excel read into frames of text, each row with its line number."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cslib.sources.delimited import read_delimited
from cslib.sources.limits import DEFAULT, Limits, sized, too_much
from cslib.sources.raw import Raw, raw_arrow, raw_frame, unreadable
from cslib.sources.spreadsheet import read_spreadsheet
from cslib.tables import listed, nearest

__all__ = ["SUFFIXES", "Raw", "raw_frame", "read"]

EXCEL: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SUFFIXES: Final = (".csv", ".tsv", ".txt", ".parquet", *EXCEL)


def _parquet(data: bytes, file: str, limits: Limits) -> Raw:
    try:
        source = pq.ParquetFile(io.BytesIO(data), read_dictionary=_texts(data))
        n, rows = source.metadata.num_columns, source.metadata.num_rows
        for limit, found in (("columns", n), ("rows", rows), ("cells", n * rows)):
            if found > getattr(limits, limit):
                most = getattr(limits, limit)
                raise too_much(
                    file, f"has too many {limit}", limit=limit, most=most, found=f"{found:,} {limit}"
                )
        held, size = [], 0
        for batch in source.iter_batches():
            size += sum(map(_unpacked, batch.columns))
            if size > limits.unpacked_bytes:
                found = f"{sized(len(data))} that unpack to more than {sized(size)}"
                most = limits.unpacked_bytes
                raise too_much(file, "unpacks to too much", limit="unpacked_bytes", most=most, found=found)
            held.append(batch)
        table = pa.Table.from_batches(held, schema=held[0].schema if held else source.schema_arrow)
        frame, nameless = raw_arrow(table.unify_dictionaries(), file)
    except (pa.ArrowException, OSError) as error:
        told = str(error).partition("\n")[0]
        raise unreadable(file, "cannot be read as Parquet", found=told, expected="a Parquet file") from None
    return Raw(file, frame, hashlib.sha256(data).hexdigest(), nameless=nameless)


def _texts(data: bytes) -> list[str]:
    """Columns of text, which stay packed until it is known how much they hold."""
    schema = pq.read_schema(io.BytesIO(data))
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _unpacked(values: pa.Array) -> int:
    if not pa.types.is_dictionary(values.type):
        return int(values.nbytes)
    lengths = pc.binary_length(values.dictionary).cast(pa.int64()).take(values.indices)
    return int(pc.sum(lengths).as_py() or 0)


def _bytes(path: Path, label: str, limits: Limits) -> bytes:
    """Content of a file of bearable size; of a CSV file nothing yet, for that is streamed."""
    try:
        if path.exists() and not path.is_file():
            cause = "is no regular file"
            raise unreadable(label, cause, found="a folder or a device", expected="a file with a table")
        size = path.stat().st_size
        if size > limits.file_bytes:
            hint = "Take it from a database, as a query, or split it into files of one table"
            raise too_much(
                label,
                "is too large",
                limit="file_bytes",
                most=limits.file_bytes,
                found=sized(size),
                hint=hint,
            )
        if path.suffix.lower() in (".parquet", *EXCEL):
            return path.read_bytes()
        with path.open("rb"):
            return b""
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError) and "null" not in str(error):
            raise
        there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, there)
        known = isinstance(error, OSError) and path.exists()
        cause = "cannot be opened" if known else "no such file"
        found = str(getattr(error, "strerror", "")).lower() if known else "files: " + listed(sorted(there))
        hint = f"Did you mean {near}?" if near and near != path.name else "Correct file in company.toml"
        raise unreadable(label, cause, found=found, expected="a readable file", hint=hint) from None


def read(
    path: Path, label: str, *, sheet: str = "", encoding: str = "utf-8", limits: Limits = DEFAULT
) -> Raw:
    """Read one .csv, .tsv, .txt, .parquet, .xlsx, .xls or .ods file as text.

    Parameters
    ----------
    path : Path
        The file.
    label : str
        What messages call it.
    sheet : str
        Excel only: the sheet; the first when empty.
    encoding : str
        CSV only.
    limits : Limits
        The most that the file may hold.

    Raises
    ------
    TableError
        When the file is missing, empty, beyond the limits, or not what its name says.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        expected = "one of " + ", ".join(SUFFIXES)
        raise unreadable(label, "unknown kind of file", found=repr(suffix), expected=expected)
    data = _bytes(path, label, limits)
    if suffix in EXCEL:
        return read_spreadsheet(data, label, suffix=suffix, sheet=sheet, limits=limits)
    if suffix == ".parquet":
        return _parquet(data, label, limits)
    return read_delimited(path, label, encoding=encoding, limits=limits)
