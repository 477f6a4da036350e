"""One file, frame or answer of a database as text, each row with its line number: what every reader yields."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cslib.tables import Problem, TableError

__all__ = ["TEXT", "Raw", "cell_text", "header", "raw_arrow", "raw_frame", "text_frame", "unreadable"]

TEXT: Final = pa.large_string()


@dataclass(frozen=True)
class Raw:
    """One file as text: `frame` is indexed by ``line``.

    `ragged` are the lines with too few cells, which are filled up with blanks, or too many, of which the last
    holds the rest; `nameless` are columns whose header is blank or there twice; `title` are the words of a sheet above
    its header.
    """

    file: str
    frame: pd.DataFrame
    sha256: str
    ragged: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    nameless: frozenset[str] = frozenset()
    title: str = ""


def unreadable(
    file: str, cause: str, *, row: int | None = None, found: str = "", expected: str = "", hint: str = ""
) -> TableError:
    """Build the error for a file that is not what its name says."""
    return TableError(Problem("", file, row, "", found, expected, hint, cause=cause))


def header(header: Sequence[str], file: str, *, line: int) -> tuple[list[str], frozenset[str]]:
    """Column names, made distinct, and those that nobody chose."""
    names = [name.strip() for name in header]
    if not any(names):
        raise unreadable(
            file, "has no header", row=line, expected="a first line with the names of the columns"
        )
    count = Counter(names)
    odd = [not name or count[name] > 1 for name in names]
    names = [
        f"{name or 'column'} (no. {i})" if o else name
        for i, (name, o) in enumerate(zip(names, odd, strict=True), 1)
    ]
    return names, frozenset(name for name, o in zip(names, odd, strict=True) if o)


def text_frame(
    names: Sequence[str], columns: Sequence[pa.ChunkedArray], lines: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Columns of text as a frame, its index the `lines` the rows came from."""
    index = pd.Index(lines, name="line")
    cells = zip(names, columns, strict=True)
    return pd.DataFrame(
        {name: pd.Series(texts, dtype="str", index=index) for name, texts in cells}, index=index
    )


def cell_text(value: object) -> str | None:
    """Value as a file would hold it; nothing where it is blank.

    >>> cell_text(1200.0), cell_text(True), cell_text(dt.date(2024, 3, 1)), cell_text("")
    ('1200', 'true', '2024-03-01', None)
    """
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


def _as_text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Arrow column as text; whole floats without a point, as an id that lost its type would have them."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):  # such as a numeric of Postgres, which comes as its text
        values = pa.chunked_array([chunk.storage for chunk in values.chunks], type=kind.storage_type)
        kind = kind.storage_type
    if pa.types.is_dictionary(kind):
        values, kind = values.cast(kind.value_type), kind.value_type
    nested = pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    if nested or pa.types.is_time(kind) or pa.types.is_duration(kind):
        return pa.chunked_array([pa.array([cell_text(value) for value in values.to_pylist()], type=TEXT)])
    texts = values.cast(TEXT)
    if not pa.types.is_floating(kind):
        return texts
    floats = values.cast(pa.float64()).to_pandas()
    whole = (floats % 1 == 0) & (floats.abs() < 1e15)
    plain = texts.to_pandas().astype("str").mask(floats.isna())
    plain[whole] = floats[whole].astype("int64").astype("str")
    return pa.chunked_array([pa.array(plain, type=TEXT, from_pandas=True)])


def raw_arrow(table: pa.Table, file: str) -> tuple[pd.DataFrame, frozenset[str]]:
    """Arrow table as a frame of text, and the columns that nobody named.

    >>> raw_arrow(pa.table({"amount": [1.0, 2.5]}), "costs")[0]["amount"].tolist()
    ['1', '2.5']
    """
    names, nameless = header([str(name) for name in table.column_names] or [""], file, line=1)
    columns = [_as_text(column) for column in table.columns]
    return text_frame(names, columns, np.arange(2, table.num_rows + 2)), nameless


def raw_frame(frame: pd.DataFrame, name: str) -> Raw:
    """Take a frame from memory as if it were a file whose first row is line 2.

    >>> raw_frame(pd.DataFrame({"function": ["support"], "amount": [1.5]}), "costs").frame.loc[2].tolist()
    ['support', '1.5']
    """
    names, nameless = header([str(column) for column in frame.columns] or [""], name, line=1)
    columns = []
    for position in range(frame.shape[1]):
        values = frame.iloc[:, position]
        try:
            arrow = pa.array(values, from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError):
            cells = values.astype(object).where(values.notna(), None)
            arrow = pa.array([cell_text(cell) for cell in cells], type=TEXT)
        columns.append(_as_text(arrow if isinstance(arrow, pa.ChunkedArray) else pa.chunked_array([arrow])))
    text = text_frame(names, columns, np.arange(2, len(frame) + 2))
    digest = hashlib.sha256("\x1f".join(names).encode())
    digest.update(pd.util.hash_pandas_object(text, index=False).to_numpy().tobytes())
    return Raw(name, text, digest.hexdigest(), nameless=nameless)
