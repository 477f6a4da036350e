"""CSV and its kin, record by record: a file is hashed, decoded and parsed as it streams, and never held whole."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cslib.sources.limits import Limits, too_much
from cslib.sources.raw import TEXT, Raw, header, text_frame, unreadable

__all__ = ["read_delimited"]

_CHUNK: Final = 2_000  # rows held as Python text at a time: few enough to stay in the processor's cache
_BLOCK: Final = 1 << 20
_HEAD: Final = 20_000
_LINE: Final = 10  # a line may be as long as so many cells
_DELIMITERS: Final = (",", ";", "\t", "|")


class _ZeroByteError(Exception):
    """A zero byte where there should be text."""


class _LongLineError(Exception):
    """A line longer than any table has."""


class _Tap(io.RawIOBase):
    """File that is hashed as it is read, and read no further than a zero byte."""

    def __init__(self, path: Path, *, zeros: bool) -> None:
        self.file = path.open("rb", buffering=0)
        self.digest = hashlib.sha256()
        self.zeros = zeros

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self.file.readinto(buffer) or 0
        part = bytes(memoryview(buffer)[:n])
        self.digest.update(part)
        if not self.zeros and b"\0" in part:
            raise _ZeroByteError
        return n

    def close(self) -> None:
        self.file.close()
        super().close()


def _encoding(path: Path, encoding: str) -> str:
    with path.open("rb") as file:
        if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
    return "utf-8-sig" if encoding.lower() in ("utf-8", "utf8", "utf_8") else encoding


def _not_text(path: Path, file: str, encoding: str) -> Exception:
    """Build the error that says where the first byte stands that cannot be text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    named = "utf-8" if encoding == "utf-8-sig" else encoding
    hint = 'Save it as UTF-8, or say in company.toml what it is, such as: encoding = "latin-1"'
    seen, row = 0, 1
    with path.open("rb") as source:
        while True:
            block = source.read(_BLOCK)
            held = decoder.getstate()[0]
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                data = held + block
                at, row = seen - len(held) + error.start + 1, row + data[: error.start].count(b"\n")
                found, expected = f"0x{data[error.start]:02x}", f"text in {named}"
                return unreadable(
                    file, f"byte {at:,} is not {named}", row=row, found=found, expected=expected, hint=hint
                )
            except UnicodeError as error:
                return unreadable(file, f"is not {named}", found=str(error), expected="text", hint=hint)
            if not block:
                return unreadable(file, f"is not {named}", expected=f"text in {named}", hint=hint)
            seen += len(block)
            row += block.count(b"\n") - held.count(b"\n")


def _zero_byte(path: Path, file: str) -> Exception:
    row = 1
    with path.open("rb") as source:
        while block := source.read(_BLOCK):
            if (at := block.find(b"\0")) >= 0:
                row += block[:at].count(b"\n")
                break
            row += block.count(b"\n")
    hint = "Is it a spreadsheet or an archive?"
    return unreadable(file, "holds a zero byte", row=row, expected="text, such as a CSV file", hint=hint)


def _sniff(text: str) -> str:
    """Separator that splits the first lines most evenly, then into most cells."""
    sample = io.StringIO(text[:_HEAD], newline="").readlines()[:20]

    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        except csv.Error:
            return (0, 0)
        return (widths.count(widths[0]), widths[0]) if widths and widths[0] > 1 else (0, 0)

    return max(_DELIMITERS, key=fitness)


def _breaks(cell: str) -> int:
    return cell.count("\n") + cell.count("\r") - cell.count("\r\n")


def _lines(stream: io.TextIOWrapper, most: int) -> Iterator[str]:
    while line := stream.readline(most + 1):
        if len(line) > most:
            raise _LongLineError
        yield line


@contextmanager
def _cells_up_to(most: int) -> Iterator[None]:
    before = csv.field_size_limit(most)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[tuple[io.TextIOWrapper, _Tap]]:
    tap = _Tap(path, zeros=encoding == "utf-16")
    with io.TextIOWrapper(io.BufferedReader(tap, _BLOCK), encoding=encoding, newline="") as stream:
        yield stream, tap


def _batches(
    source: Iterable[str], delimiter: str
) -> Iterator[tuple[npt.NDArray[np.int64], list[list[str]]]]:
    """Records, many at a time, with the line each starts on; lines without a character are left out."""
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        rows = list(islice(reader, _CHUNK))
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


def _broken_record(path: Path, encoding: str, delimiter: str, most: int) -> int:
    """Line on which the first record starts that the reader cannot read."""
    line = 1
    with _opened(path, encoding) as (stream, _):
        reader = csv.reader(_lines(stream, most), delimiter=delimiter, strict=True)
        try:
            for _row in reader:
                line = reader.line_num + 1
        except (csv.Error, _LongLineError):
            pass
    return line


def _squeezed(row: list[str], width: int, delimiter: str) -> list[str]:
    return [*row[: width - 1], delimiter.join(row[width - 1 :])]


def read_delimited(path: Path, file: str, *, encoding: str, limits: Limits) -> Raw:
    """Read a CSV file, or one with another separator, as text.

    Raises
    ------
    TableError
        When it is no text in `encoding`, no CSV, empty, or beyond the limits.
    """
    encoding = _encoding(path, encoding)
    longest = _LINE * limits.cell_characters
    delimiter = ","
    try:
        with _opened(path, encoding) as (stream, _):
            delimiter = _sniff(stream.read(_HEAD))
        with _cells_up_to(limits.cell_characters), _opened(path, encoding) as (stream, tap):
            short = path.stat().st_size <= longest  # no line of it can be too long
            raw = _parsed(stream if short else _lines(stream, longest), file, delimiter, limits)
            return Raw(file, raw.frame, tap.digest.hexdigest(), raw.ragged, raw.nameless)
    except UnicodeError:
        raise _not_text(path, file, encoding) from None
    except _ZeroByteError:
        raise _zero_byte(path, file) from None
    except (csv.Error, _LongLineError) as error:
        with _cells_up_to(limits.cell_characters):
            row = _broken_record(path, encoding, delimiter, longest)
        expected = "cells in double quotes closed before the next separator, quotes inside them doubled"
        if isinstance(error, _LongLineError) or "field larger than field limit" in str(error):
            what = "a line" if isinstance(error, _LongLineError) else "a cell"
            most = longest if isinstance(error, _LongLineError) else limits.cell_characters
            found = f"{what} from row {row:,} on of more than {most:,} characters"
            hint = "Is a quote left open, or is it no table?"
            raise too_much(
                file,
                "holds too much",
                limit="cell_characters",
                most=limits.cell_characters,
                found=found,
                hint=hint,
            ) from None
        raise unreadable(
            file, "cannot be read as CSV", row=row, found=str(error), expected=expected
        ) from None


def _parsed(source: Iterable[str], file: str, delimiter: str, limits: Limits) -> Raw:
    names: list[str] = []
    nameless: frozenset[str] = frozenset()
    parts: list[list[pa.Array]] = []
    lines: list[npt.NDArray[np.int64]] = []
    ragged: list[npt.NDArray[np.int64]] = []
    n_rows = 0
    most = limits.rows
    for at, rows in _batches(source, delimiter):
        if not names and rows:
            n = len(rows[0])
            if n > limits.columns:
                raise too_much(
                    file, "has too many columns", limit="columns", most=limits.columns, found=f"{n:,} columns"
                )
            names, nameless = header(rows.pop(0), file, line=int(at[0]))
            at = at[1:]
            parts = [[] for _ in names]
            most = min(limits.rows, limits.cells // len(names))
        width = len(names)
        n_rows += len(rows)
        if n_rows > most:
            limit = "rows" if most == limits.rows else "cells"
            found, top = f"{n_rows:,} or more rows of {width:,} cells", getattr(limits, limit)
            raise too_much(file, "has too many rows", limit=limit, most=top, found=found)
        odd = np.flatnonzero(np.fromiter(map(len, rows), dtype=np.int64, count=len(rows)) != width)
        for i in odd:
            row = rows[i]
            rows[i] = (
                [*row, *[""] * (width - len(row))] if len(row) < width else _squeezed(row, width, delimiter)
            )
        for part, cells in zip(parts, zip(*rows, strict=True), strict=bool(rows)):
            part.append(pa.array(cells, type=TEXT))
        lines.append(at)
        ragged.append(at[odd])
    if not names:
        raise unreadable(file, "is empty", expected="a header line and at least one row")
    columns = [
        pa.chunked_array([pa.concat_arrays([*part, pa.array([], type=TEXT)])], type=TEXT) for part in parts
    ]
    return Raw(file, text_frame(names, columns, np.concatenate(lines)), "", np.concatenate(ragged), nameless)
