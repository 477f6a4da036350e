"""Excel and ODS sheets as text, unpacked only as far as the limits go: a small file may hold a vast one."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import python_calamine

from cslib.sources.limits import Limits, sized, too_much
from cslib.sources.raw import TEXT, Raw, cell_text, header, text_frame, unreadable
from cslib.tables import listed, nearest

__all__ = ["read_spreadsheet"]

_BLOCK: Final = 1 << 20
_CELL: Final = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
_REPEATED: Final = re.compile(
    rb'<table:(?:covered-)?table-cell\b[^>]*?table:number-columns-repeated="([0-9]{1,9})"[^>]*>'
)
_SEEN: Final = 20  # first rows of a sheet, among which its header is looked for
_KEPT: Final = 4_000  # of a block, looked at again with the next, for a tag may lie across


def _unpacked(data: bytes, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """What an entry really holds, whatever its header says of its size."""
    start = entry.header_offset
    name, extra = (int.from_bytes(data[start + at : start + at + 2], "little") for at in (26, 28))
    start += 30 + name + extra
    packed = memoryview(data)[start : start + entry.compress_size]
    if entry.compress_type == zipfile.ZIP_STORED:
        yield bytes(packed)
        return
    unpack = zlib.decompressobj(-15)
    left = bytes(packed)
    while left and not unpack.eof:
        yield unpack.decompress(left, _BLOCK)
        left = unpack.unconsumed_tail


def _column(letters: bytes) -> int:
    n = 0
    for letter in letters:
        n = n * 26 + letter - 64
    return n


def _extent(blocks: Iterator[bytes], *, count: list[int], most: int) -> Iterator[tuple[int, int]]:
    """Rows and columns that a sheet of an .xlsx reaches, as it is unpacked."""
    before = b""
    rows = columns = 0
    for block in blocks:
        count[0] += len(block)
        if count[0] > most:
            return
        for letters, row in _CELL.findall(before + block):
            rows, columns = max(rows, int(row)), max(columns, _column(letters))
        before = block[-_KEPT:]
        yield rows, columns


def _guard(data: bytes, file: str, suffix: str, limits: Limits) -> None:
    """Refuse an archive that unpacks to more than the limits, or a sheet that spans more cells."""
    if not data.startswith(b"PK"):
        return  # .xls holds what it holds: 65,536 rows of 256 columns at most
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise unreadable(
            file, "cannot be read as a spreadsheet", found=str(error), expected="an Excel or ODS file"
        ) from None
    count = [0]
    hint = "Save the sheet as CSV"
    for entry in entries:
        sheet = PurePosixPath(entry.filename)
        blocks = _unpacked(data, entry)
        try:
            if suffix in (".xlsx", ".xlsm") and sheet.suffix == ".xml" and "worksheets" in sheet.parts:
                for rows, columns in _extent(blocks, count=count, most=limits.unpacked_bytes):
                    _fits(rows, columns, file, limits)
            elif suffix == ".ods" and sheet.name == "content.xml":
                _ods(blocks, file, count, limits)
            else:
                for block in blocks:
                    count[0] += len(block)
                    if count[0] > limits.unpacked_bytes:
                        break
        except zlib.error as error:
            found = f"{entry.filename}: {error}"
            raise unreadable(
                file, "cannot be read as a spreadsheet", found=found, expected="an Excel or ODS file"
            ) from None
        if count[0] > limits.unpacked_bytes:
            found = f"{sized(len(data))} that unpack to more than {sized(count[0])}"
            raise too_much(
                file,
                "unpacks to too much",
                limit="unpacked_bytes",
                most=limits.unpacked_bytes,
                found=found,
                hint=hint,
            )


def _fits(rows: int, columns: int, file: str, limits: Limits) -> None:
    hint = "Delete the cells far from the table, or save it as CSV"
    for limit, n, what in (
        ("columns", columns, "columns"),
        ("rows", rows, "rows"),
        ("cells", rows * columns, "cells"),
    ):
        if n > getattr(limits, limit):
            found = f"cells up to row {rows:,}, column {columns:,}"
            raise too_much(
                file,
                f"spans too many {what}",
                limit=limit,
                most=getattr(limits, limit),
                found=found,
                hint=hint,
            )


def _ods(blocks: Iterator[bytes], file: str, count: list[int], limits: Limits) -> None:
    """Repeated cells that hold something; a sheet ends in a million repeated blanks as a rule."""
    before = b""
    for block in blocks:
        count[0] += len(block)
        if count[0] > limits.unpacked_bytes:
            return
        for tag in _REPEATED.finditer(before + block):
            if b"office:value" in tag[0] and int(tag[1]) > limits.columns:
                _fits(1, int(tag[1]), file, limits)
        before = block[-_KEPT:]


def _grid(data: bytes, file: str, sheet: str) -> list[list[Any]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = book.sheet_names
        if sheet and sheet not in sheets:
            near = nearest(sheet, sheets)
            raise unreadable(
                file,
                f"has no sheet {sheet!r}",
                found="sheets: " + listed(sheets),
                expected="one of them",
                hint=f"Did you mean {near!r}?" if near else "",
            )
        grid: list[list[Any]] = book.get_sheet_by_name(sheet or sheets[0]).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, IndexError, OSError) as error:
        raise unreadable(
            file, "cannot be read as a spreadsheet", found=str(error), expected="an Excel or ODS file"
        ) from None
    return grid


def _title_rows(rows: list[list[str | None]]) -> int:
    """Rows before the header: those that fill fewer than three cells for five of the fullest of the first rows.

    Of a sheet with one or two columns the first row is the header.

    >>> _title_rows([["Invoices of 2025", None, None], ["account", "from", "amount"], ["A", "2025-01-01", "7"]])
    1
    """
    filled = [sum(cell is not None for cell in row) for row in rows]
    most = max(filled)
    return next(i for i, n in enumerate(filled) if 5 * n >= 3 * most or most < 3)


def read_spreadsheet(data: bytes, file: str, *, suffix: str, sheet: str, limits: Limits) -> Raw:
    """Read one sheet, the first where none is named, as text; of a formula the value that was saved with it.

    Raises
    ------
    TableError
        When it is no spreadsheet, has no such sheet, is empty, or is beyond the limits.
    """
    _guard(data, file, suffix, limits)
    grid = _grid(data, file, sheet)
    _fits(len(grid), max(map(len, grid), default=0), file, limits)
    rows = [(line, [cell_text(value) for value in row]) for line, row in enumerate(grid, start=1)]
    rows = [(line, row) for line, row in rows if any(row)]
    if not rows:
        raise unreadable(file, "is empty", expected="a header row and at least one row")
    above = _title_rows([row for _, row in rows[:_SEEN]])
    title = ", ".join(cell for _, row in rows[:above] for cell in row if cell)
    (start, first), *body = rows[above:]
    used = [i for i in range(len(first)) if any(row[i] for _, row in rows[above:])]
    names, nameless = header([first[i] or "" for i in used], file, line=start)
    columns = [pa.chunked_array([pa.array([row[i] for _, row in body], type=TEXT)]) for i in used]
    frame: pd.DataFrame = text_frame(names, columns, np.array([line for line, _ in body], dtype=np.int64))
    return Raw(file, frame, hashlib.sha256(data).hexdigest(), nameless=nameless, title=title)
