"""Files as they are: CSV, Parquet and Excel read into frames of text, each row with its line number."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine

from cslib.tables import Problem, TableError, listed, nearest

__all__ = ["SUFFIXES", "Raw", "raw_frame", "read"]

EXCEL: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SUFFIXES: Final = (".csv", ".tsv", ".txt", ".parquet", *EXCEL)
_CHUNK: Final = 2_000  # rows held as Python text at a time: few enough to stay in the processor's cache
_DELIMITERS: Final = (",", ";", "\t", "|")
_TEXT: Final = pa.large_string()


@dataclass(frozen=True)
class Raw:
    """One file as text: `frame` is indexed by ``line``.

    `ragged` are the lines with too few cells, which are filled up with blanks, or too many, of which the last
    holds the rest; `nameless` are columns whose header is blank or there twice.
    """

    file: str
    frame: pd.DataFrame
    sha256: str
    ragged: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    nameless: frozenset[str] = frozenset()


def _error(
    file: str, cause: str, *, row: int | None = None, found: str = "", expected: str = "", hint: str = ""
) -> TableError:
    return TableError(Problem("", file, row, "", found, expected, hint, cause=cause))


def _names(header: Sequence[str], file: str, *, line: int) -> tuple[list[str], frozenset[str]]:
    """Column names, made distinct, and those that nobody chose."""
    names = [name.strip() for name in header]
    if not any(names):
        raise _error(file, "has no header", row=line, expected="a first line with the names of the columns")
    count = Counter(names)
    odd = [not name or count[name] > 1 for name in names]
    names = [
        f"{name or 'column'} (no. {i})" if o else name
        for i, (name, o) in enumerate(zip(names, odd, strict=True), 1)
    ]
    return names, frozenset(name for name, o in zip(names, odd, strict=True) if o)


def _frame(
    names: Sequence[str], columns: Sequence[pa.ChunkedArray], lines: npt.NDArray[np.int64]
) -> pd.DataFrame:
    index = pd.Index(lines, name="line")
    cells = zip(names, columns, strict=True)
    return pd.DataFrame(
        {name: pd.Series(texts, dtype="str", index=index) for name, texts in cells}, index=index
    )


def _text(data: bytes, file: str, encoding: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        text = data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8", "utf_8") else encoding)
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        hint = 'Save it as UTF-8, or say in company.toml what it is, such as: encoding = "latin-1"'
        row, found = data.count(b"\n", 0, at) + 1, f"0x{data[at]:02x}"
        raise _error(
            file,
            f"byte {at + 1:,} is not {encoding}",
            row=row,
            found=found,
            expected=f"text in {encoding}",
            hint=hint,
        ) from None
    if (at := text.find("\0")) >= 0:
        row, expected = text.count("\n", 0, at) + 1, "text, such as a CSV file"
        raise _error(
            file, "holds a zero byte", row=row, expected=expected, hint="Is it a spreadsheet or an archive?"
        )
    return text


def _sniff(text: str) -> str:
    """Separator that splits the first lines most evenly, then into most cells."""
    sample = io.StringIO(text[:20_000], newline="").readlines()[:20]

    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            return (0, 0)
        return (widths.count(widths[0]), widths[0]) if widths and widths[0] > 1 else (0, 0)

    return max(_DELIMITERS, key=fitness)


def _breaks(cell: str) -> int:
    return cell.count("\n") + cell.count("\r") - cell.count("\r\n")


def _batches(text: str, delimiter: str, file: str) -> Iterator[tuple[npt.NDArray[np.int64], list[list[str]]]]:
    """Records, many at a time, with the line each starts on; lines without a character are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            rows = list(islice(reader, _CHUNK))
        except csv.Error as error:
            expected = "cells in double quotes closed before the next separator, quotes inside them doubled"
            row = _broken_record(text, delimiter)
            raise _error(
                file, "cannot be read as CSV", row=row, found=str(error), expected=expected
            ) from None
        if not rows:
            return
        height = np.ones(len(rows), dtype=np.int64)
        if reader.line_num - start + 1 > len(rows):
            height += [sum(map(_breaks, row)) for row in rows]
        lines = start + np.cumsum(height) - height
        if [] in rows:
            lines = lines[np.fromiter(map(bool, rows), dtype=bool)]
            rows = [row for row in rows if row]
        yield lines, rows


def _broken_record(text: str, delimiter: str) -> int:
    """Line on which the first record starts that the reader cannot read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for _ in reader:
            line = reader.line_num + 1
    except csv.Error:
        pass
    return line


def _csv(data: bytes, file: str, encoding: str) -> Raw:
    text = _text(data, file, encoding)
    delimiter = _sniff(text)
    names: list[str] = []
    nameless: frozenset[str] = frozenset()
    parts: list[list[pa.Array]] = []
    lines: list[npt.NDArray[np.int64]] = []
    ragged: list[npt.NDArray[np.int64]] = []
    for at, rows in _batches(text, delimiter, file):
        if not names and rows:
            names, nameless = _names(rows.pop(0), file, line=int(at[0]))
            at = at[1:]
            parts = [[] for _ in names]
        width = len(names)
        odd = np.flatnonzero(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)) != width)
        for i in odd:
            row = rows[i]
            rows[i] = (
                [*row, *[""] * (width - len(row))] if len(row) < width else _squeezed(row, width, delimiter)
            )
        for part, cells in zip(parts, zip(*rows, strict=True), strict=bool(rows)):
            part.append(pa.array(cells, type=_TEXT))
        lines.append(at)
        ragged.append(at[odd])
    if not names:
        raise _error(file, "is empty", expected="a header line and at least one row")
    columns = [
        pa.chunked_array([pa.concat_arrays([*part, pa.array([], type=_TEXT)])], type=_TEXT) for part in parts
    ]
    frame = _frame(names, columns, np.concatenate(lines))
    digest = hashlib.sha256(data).hexdigest()
    return Raw(file, frame, digest, np.concatenate(ragged), nameless)


def _squeezed(row: list[str], width: int, delimiter: str) -> list[str]:
    return [*row[: width - 1], delimiter.join(row[width - 1 :])]


def _cell(value: object) -> str | None:
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case float():
            whole = value.is_integer() and abs(value) < 1e15
            return None if value != value else str(int(value)) if whole else repr(value)
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
    return str(value)


def _excel(data: bytes, file: str, sheet: str) -> tuple[pd.DataFrame, frozenset[str]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = book.sheet_names
        if sheet and sheet not in sheets:
            near = nearest(sheet, sheets)
            hint = f"Did you mean {near!r}?" if near else ""
            raise _error(
                file,
                f"has no sheet {sheet!r}",
                found="sheets: " + listed(sheets),
                expected="one of them",
                hint=hint,
            )
        grid = book.get_sheet_by_name(sheet or sheets[0]).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, IndexError, OSError) as error:
        raise _error(
            file, "cannot be read as a spreadsheet", found=str(error), expected="an Excel or ODS file"
        ) from None
    rows = [(line, [_cell(value) for value in row]) for line, row in enumerate(grid, start=1)]
    rows = [(line, row) for line, row in rows if any(row)]
    if not rows:
        raise _error(file, "is empty", expected="a header row and at least one row")
    (start, header), *body = rows
    used = [i for i in range(len(header)) if any(row[i] for _, row in rows)]
    names, nameless = _names([header[i] or "" for i in used], file, line=start)
    columns = [pa.chunked_array([pa.array([row[i] for _, row in body], type=_TEXT)]) for i in used]
    return _frame(names, columns, np.array([line for line, _ in body], dtype=np.int64)), nameless


def _as_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Arrow column as text; whole floats without a point, as an id that lost its type would have them."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    nested = pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    if nested or pa.types.is_time(kind) or pa.types.is_duration(kind):
        return pa.chunked_array([pa.array([_cell(value) for value in values.to_pylist()], type=_TEXT)])
    texts = values.cast(_TEXT)
    if not pa.types.is_floating(kind):
        return texts
    floats = values.cast(pa.float64()).to_pandas()
    whole = (floats % 1 == 0) & (floats.abs() < 1e15)
    plain = texts.to_pandas().astype("str").mask(floats.isna())
    plain[whole] = floats[whole].astype("int64").astype("str")
    return pa.chunked_array([pa.array(plain, type=_TEXT, from_pandas=True)])


def _parquet(data: bytes, file: str) -> tuple[pd.DataFrame, frozenset[str]]:
    try:
        table = pq.read_table(io.BytesIO(data))
        names, nameless = _names([str(name) for name in table.column_names] or [""], file, line=1)
        columns = [_as_text(column) for column in table.columns]
    except (pa.ArrowException, OSError) as error:
        found = str(error).partition("\n")[0]
        raise _error(file, "cannot be read as Parquet", found=found, expected="a Parquet file") from None
    return _frame(names, columns, np.arange(2, table.num_rows + 2)), nameless


def raw_frame(frame: pd.DataFrame, name: str) -> Raw:
    """Take a frame from memory as if it were a file whose first row is line 2.

    >>> raw_frame(pd.DataFrame({"function": ["support"], "amount": [1.5]}), "costs").frame.loc[2].tolist()
    ['support', '1.5']
    """
    names, nameless = _names([str(column) for column in frame.columns] or [""], name, line=1)
    columns = []
    for position in range(frame.shape[1]):
        values = frame.iloc[:, position]
        try:
            arrow = pa.array(values, from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError):
            cells = values.astype(object).where(values.notna(), None)
            arrow = pa.array([_cell(cell) for cell in cells], type=_TEXT)
        columns.append(_as_text(arrow if isinstance(arrow, pa.ChunkedArray) else pa.chunked_array([arrow])))
    text = _frame(names, columns, np.arange(2, len(frame) + 2))
    digest = hashlib.sha256("\x1f".join(names).encode())
    digest.update(pd.util.hash_pandas_object(text, index=False).to_numpy().tobytes())
    return Raw(name, text, digest.hexdigest(), nameless=nameless)


def _bytes(path: Path, label: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = nearest(path.name, there)
        cause = "cannot be opened" if path.exists() else "no such file"
        found = (error.strerror or "").lower() if path.exists() else "files: " + listed(sorted(there))
        hint = f"Did you mean {near}?" if near and near != path.name else "Correct file in company.toml"
        raise _error(label, cause, found=found, expected="a readable file", hint=hint) from None


def read(path: Path, label: str, *, sheet: str = "", encoding: str = "utf-8") -> Raw:
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

    Raises
    ------
    TableError
        When the file is missing, empty, or not what its name says.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise _error(
            label, "unknown kind of file", found=repr(suffix), expected="one of " + ", ".join(SUFFIXES)
        )
    data = _bytes(path, label)
    if suffix in EXCEL:
        frame, nameless = _excel(data, label, sheet)
        return Raw(label, frame, hashlib.sha256(data).hexdigest(), nameless=nameless)
    if suffix == ".parquet":
        frame, nameless = _parquet(data, label)
        return Raw(label, frame, hashlib.sha256(data).hexdigest(), nameless=nameless)
    return _csv(data, label, encoding)
