"""Files as they are: CSV, Parquet and Excel read into frames of text, each row with its line number."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import python_calamine

from cslib.tables import Problem, TableError, nearest

__all__ = ["SUFFIXES", "Raw", "as_text", "raw_frame", "read"]

EXCEL: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
SUFFIXES: Final = (".csv", ".tsv", ".txt", ".parquet", *EXCEL)
_CHUNK: Final = 50_000
_DELIMITERS: Final = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Raw:
    """One file as text: `frame` indexed by ``line``; `ragged` holds the lines whose number of cells is wrong."""

    file: str
    frame: pd.DataFrame
    sha256: str
    ragged: dict[int, tuple[int, str]] = field(default_factory=dict)
    n_ragged: int = 0


def _problem(
    file: str, cause: str, *, row: int | None = None, found: str = "", expected: str = "", hint: str = ""
) -> TableError:
    return TableError(Problem("", file, row, "", found, expected, hint, 1, cause))


def as_text(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    """Arrow column as text: days as ISO dates, whole floats without a point, blanks as null."""
    chunked = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    if pa.types.is_dictionary(chunked.type):
        chunked = chunked.cast(chunked.type.value_type)
    if pa.types.is_floating(chunked.type):
        floats = chunked.cast(pa.float64()).to_pandas()
        whole = floats.notna() & (floats % 1 == 0) & (floats.abs() < 1e15)
        text = pa.array(floats, from_pandas=True).cast(pa.string()).to_pandas().astype("str")
        if whole.any():
            text[whole] = floats[whole].astype("int64").astype("str")
        return pa.chunked_array([pa.array(text, type=pa.large_string(), from_pandas=True)])
    return chunked.cast(pa.large_string())


def _frame(columns: dict[str, pa.ChunkedArray], lines: Iterable[int]) -> pd.DataFrame:
    index = pd.Index(np.fromiter(lines, dtype=np.int64), name="line")
    return pd.DataFrame(
        {name: pd.Series(values, dtype="str", index=index) for name, values in columns.items()}, index=index
    )


def _names(header: list[str], file: str, *, line: int) -> list[str]:
    names = [name.strip().removeprefix("\ufeff") for name in header]
    if not any(names):
        raise _problem(file, "has no header", row=line, expected="a first line with the names of the columns")
    count = Counter(names)
    # A column without a name, or with a name that occurs twice, cannot be asked for; it is kept for rejected rows.
    seen: Counter[str] = Counter()
    for i, name in enumerate(names):
        seen[name] += 1
        if not name or count[name] > 1:
            names[i] = f"{name or 'column'} (no. {i + 1})"
    return names


def _sniff(sample: list[str]) -> str:
    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            rows = list(csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            return (0, 0)
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) if width > 1 else 0, width)

    return max(_DELIMITERS, key=fitness)


def _text(data: bytes, file: str, encoding: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        text = data.decode(
            "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        )
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = data.count(b"\n", 0, at) + 1
        raise _problem(
            file,
            f"byte {at + 1:,} is not {encoding}",
            row=line,
            found=f"0x{data[at]:02x}",
            expected=f"text in {encoding}",
            hint='Save it as UTF-8, or name what it is in company.toml: encoding = "latin-1"',
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _problem(
            file,
            "holds a zero byte",
            row=line,
            expected="text, such as a CSV file",
            hint="Is it an archive or a picture?",
        )
    return text


def _records(text: str, delimiter: str, file: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _problem(
                file,
                "cannot be read as CSV",
                row=line + 1,
                found=f"{error}",
                expected="cells in double quotes closed before the next separator, quotes inside them doubled",
            ) from None
        yield line + 1, row
        line = reader.line_num


def _read_csv(data: bytes, file: str, encoding: str) -> tuple[pd.DataFrame, dict[int, tuple[int, str]]]:
    text = _text(data, file, encoding)
    delimiter = _sniff(text[:20_000].splitlines()[:20])
    records = _records(text, delimiter, file)
    header = next(((line, row) for line, row in records if row), None)
    if header is None:
        raise _problem(file, "is empty", expected="a header line and at least one row")
    names = _names(header[1], file, line=header[0])
    width = len(names)
    parts: list[list[pa.Array]] = [[] for _ in names]
    lines: list[int] = []
    ragged: dict[int, tuple[int, str]] = {}
    chunk: list[list[str]] = []

    def flush() -> None:
        for i, cells in enumerate(zip(*chunk, strict=True)):
            parts[i].append(pa.array(cells, type=pa.large_string()))
        chunk.clear()

    for line, row in records:
        if len(row) == width:
            pass
        elif not row:
            continue
        else:
            ragged[line] = (len(row), delimiter.join(row)[:1000])
            row = (row + [""] * width)[:width]
        lines.append(line)
        chunk.append(row)
        if len(chunk) == _CHUNK:
            flush()
    flush()
    columns = {
        name: pa.chunked_array(part, type=pa.large_string()) for name, part in zip(names, parts, strict=True)
    }
    return _frame(columns, lines), ragged


def _cell(value: object) -> str | None:
    match value:
        case None | "":
            return None
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
    return str(value)


def _read_excel(data: bytes, file: str, sheet: str) -> pd.DataFrame:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
        if sheet and sheet not in names:
            near = nearest(sheet, names)
            raise _problem(
                file,
                f"has no sheet {sheet!r}",
                found="sheets: " + ", ".join(names),
                expected="one of them",
                hint=f"Did you mean {near[0]!r}?" if near else "",
            )
        rows = book.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, IndexError, OSError) as error:
        raise _problem(
            file, "cannot be read as a spreadsheet", found=str(error), expected="an Excel or ODS file"
        ) from None
    cells = [(line, [_cell(value) for value in row]) for line, row in enumerate(rows, start=1)]
    filled = [(line, row) for line, row in cells if any(row)]
    if not filled:
        raise _problem(file, "is empty", expected="a header row and at least one row")
    start, header = filled[0]
    used = [i for i in range(len(header)) if any(row[i] for _, row in filled)]
    columns = _names([header[i] or "" for i in used], file, line=start)
    body = filled[1:]
    return _frame(
        {
            name: pa.chunked_array([pa.array([row[i] for _, row in body], type=pa.large_string())])
            for name, i in zip(columns, used, strict=True)
        },
        [line for line, _ in body],
    )


def _read_parquet(data: bytes, file: str) -> pd.DataFrame:
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _problem(
            file, "cannot be read as Parquet", found=str(error).split("\n")[0], expected="a Parquet file"
        ) from None
    return _from_arrow(table, file)


def _from_arrow(table: pa.Table, file: str) -> pd.DataFrame:
    columns = {}
    names = _names([str(name) for name in table.column_names], file, line=1)
    for name, values in zip(names, table.columns, strict=True):
        try:
            columns[name] = as_text(values)
        except (pa.ArrowException, ValueError, TypeError):
            columns[name] = pa.chunked_array(
                [pa.array([str(value) for value in values.to_pylist()], pa.large_string())]
            )
    return _frame(columns, range(2, table.num_rows + 2))


def raw_frame(frame: pd.DataFrame, file: str) -> Raw:
    """Take a frame from memory as if it were a file: row 2 is its first row.

    >>> raw_frame(pd.DataFrame({"function": ["support"], "amount": [1.5]}), "costs").frame.loc[2].tolist()
    ['support', '1.5']
    """
    columns = {}
    for name in frame.columns:
        values = frame[name]
        try:
            columns[str(name)] = as_text(pa.array(values, from_pandas=True))
        except (pa.ArrowException, ValueError, TypeError):
            texts = [
                None if value is None else _cell(value)
                for value in values.astype(object).where(values.notna(), None)
            ]
            columns[str(name)] = pa.chunked_array([pa.array(texts, pa.large_string())])
    text = _frame(columns, range(2, len(frame) + 2))
    digest = hashlib.sha256("\x1f".join(text.columns).encode())
    digest.update(pd.util.hash_pandas_object(text, index=False).to_numpy().tobytes())
    return Raw(file, text, digest.hexdigest())


def read(path: Path, *, sheet: str = "", encoding: str = "utf-8") -> Raw:
    """Read one file as text.

    Parameters
    ----------
    path : Path
        A .csv, .tsv, .txt, .parquet, .xlsx, .xls or .ods file.
    sheet : str
        Excel only: the sheet; the first when empty.
    encoding : str
        CSV only.

    Raises
    ------
    TableError
        When the file is missing, empty, or not what its name says.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        there = sorted(p.name for p in path.parent.iterdir() if p.is_file()) if path.parent.is_dir() else []
        near = nearest(path.name, there)
        raise _problem(
            path.name,
            "cannot be opened" if path.exists() else "no such file",
            found=error.strerror or "",
            expected=f"a readable file, relative to the company folder: {path.name}",
            hint=f"Did you mean {near[0]}?"
            if near
            else ("There are: " + ", ".join(there[:20]) if there else ""),
        ) from None
    digest = hashlib.sha256(data).hexdigest()
    suffix = path.suffix.lower()
    if suffix in EXCEL:
        return Raw(path.name, _read_excel(data, path.name, sheet), digest)
    if suffix == ".parquet":
        return Raw(path.name, _read_parquet(data, path.name), digest)
    if suffix not in SUFFIXES:
        raise _problem(
            path.name, "unknown kind of file", found=repr(suffix), expected="one of " + ", ".join(SUFFIXES)
        )
    frame, ragged = _read_csv(data, path.name, encoding)
    return Raw(path.name, frame, digest, ragged, len(ragged))
