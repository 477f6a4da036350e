from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cslib.sources import delimited as reading
from cslib.sources.read import Raw, raw_frame, read
from cslib.tables import TableError


def csv_file(tmp_path: Path, data: bytes | str, **how: str) -> Raw:
    path = tmp_path / "t.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read(path, "t.csv", **how)


def rows(raw: Raw) -> list[list[str]]:
    return [list(row) for row in raw.frame.fillna("").itertuples(index=False)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(tmp_path: Path, delimiter: str) -> None:
    text = "a;b;c\n1;x,y;3\n4;z,w,v;6\n".replace(";", "\0").replace(",", " ").replace("\0", delimiter)
    raw = csv_file(tmp_path, text)
    assert list(raw.frame.columns) == ["a", "b", "c"]
    assert raw.frame["c"].tolist() == ["3", "6"]


def test_lines_are_counted_as_a_person_counts(tmp_path: Path) -> None:
    raw = csv_file(tmp_path, '\n a ,b\r\n"1\n\n1",2\n\n3,"4\r\n5"\n6,7')
    assert raw.frame.index.tolist() == [3, 7, 9]
    assert rows(raw) == [["1\n\n1", "2"], ["3", "4\r\n5"], ["6", "7"]]
    assert list(raw.frame.columns) == ["a", "b"]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert list(csv_file(tmp_path, "\ufeffa,b\n1,2\n").frame.columns) == ["a", "b"]
    assert list(csv_file(tmp_path, "a,b\n1,2\n".encode("utf-16")).frame.columns) == ["a", "b"]


def test_bytes_that_are_not_utf8_are_named_by_line_and_place(tmp_path: Path) -> None:
    data = "a,b\n1,2\n3,Müller\n".encode("latin-1")
    with pytest.raises(TableError) as error:
        csv_file(tmp_path, data)
    assert str(error.value) == (
        "t.csv: byte 12 is not utf-8, row 3. Found 0xfc, expected text in utf-8. "
        'Save it as UTF-8, or say in company.toml what it is, such as: encoding = "latin-1".'
    )
    assert rows(csv_file(tmp_path, data, encoding="latin-1"))[1] == ["3", "Müller"]


def test_ragged_lines_keep_all_their_text(tmp_path: Path) -> None:
    raw = csv_file(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n")
    assert raw.ragged.tolist() == [3, 4]
    assert rows(raw) == [["1", "2", "3"], ["4", "5", ""], ["6", "7", "8,9"]]


def test_names_that_nobody_chose_can_still_be_asked_for(tmp_path: Path) -> None:
    raw = csv_file(tmp_path, "a,,b,b\n1,2,3,4\n")
    assert list(raw.frame.columns) == ["a", "column (no. 2)", "b (no. 3)", "b (no. 4)"]
    assert raw.nameless == {"column (no. 2)", "b (no. 3)", "b (no. 4)"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b",,\n1,2,3\n", "has no header, row 1"),
        (b"a,b\n1,\0\n", "holds a zero byte, row 2"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "cannot be read as CSV, row 3"),
        (b'a,b\n"1"x,2\n', "cannot be read as CSV, row 2"),
    ],
)
def test_what_is_no_csv_is_said(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(TableError, match=words):
        csv_file(tmp_path, data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for suffix in (".csv", ".parquet", ".xlsx", ".xls", ".ods"):
        path = folder / f"any{suffix}"
        path.write_bytes(data)
        try:
            raw = read(path, path.name)
        except TableError as error:
            assert path.name in str(error)
        else:
            assert raw.frame.index.is_monotonic_increasing


CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=8), st.integers(1, 5))
def test_what_csv_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], chunk: int
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *table])
    path = tmp_path_factory.getbasetemp() / "back.csv"
    path.write_bytes(text.getvalue().encode())
    whole = reading._CHUNK
    reading._CHUNK = chunk  # type: ignore[misc]
    try:
        raw = read(path, "back.csv")
    finally:
        reading._CHUNK = whole  # type: ignore[misc]
    assert rows(raw) == table
    lines = path.read_bytes().decode().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line, row in zip(raw.frame.index, table, strict=True):
        head = row[0].replace("\r\n", "\n").replace("\r", "\n").split("\n")[0].replace('"', '""')
        assert lines[line - 1].startswith('"' + head)


def test_parquet_keeps_ids_days_and_blanks(tmp_path: Path) -> None:
    table = pa.table(
        {
            "id": pa.array([1.0, None, 3.0]),
            "day": pa.array([dt.date(2024, 1, 1), None, dt.date(2024, 1, 2)]),
            "when": pa.array([dt.datetime(2024, 1, 1, 3), None, None]),  # noqa: DTZ001 - a file may hold such
            "amount": pa.array([Decimal("1.50"), None, Decimal("2.00")]),
            "share": pa.array([0.1, 0.25, None]),
            "flag": pa.array([True, False, None]),
            "plan": pa.array(["a", "b", None]).dictionary_encode(),
            "list": pa.array([[1], [2], None]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    raw = read(tmp_path / "t.parquet", "t.parquet")
    assert raw.frame.index.tolist() == [2, 3, 4]
    assert rows(raw)[0] == [
        "1",
        "2024-01-01",
        "2024-01-01 03:00:00.000000",
        "1.50",
        "0.1",
        "true",
        "a",
        "[1]",
    ]
    assert rows(raw)[2] == ["3", "2024-01-02", "", "2.00", "", "", "", ""]


@pytest.mark.parametrize(
    ("above", "n_above"),
    [([], 0), (["Invoices of 2025"], 1), (["Invoices of 2025", [], "Run at,2026-01-02"], 3)],
)
def test_titles_above_the_header_of_a_sheet_are_not_read(
    tmp_path: Path, above: list[Any], n_above: int
) -> None:
    book = openpyxl.Workbook()
    for row in above:
        book.active.append(row.split(",") if row else [])
    for cells in (["id", "day", "amount", "note"], ["a", "2025-01-01", 7, None], ["b", None, None, None]):
        book.active.append(cells)
    book.save(tmp_path / "t.xlsx")
    raw = read(tmp_path / "t.xlsx", "t.xlsx")
    assert list(raw.frame) == ["id", "day", "amount", "note"]
    assert raw.frame.index.tolist() == [n_above + 2, n_above + 3], "rows are numbered as in the sheet"
    assert raw.title == ", ".join(cell for row in above if row for cell in row.split(","))


def test_excel_rows_are_those_of_the_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Notes"
    data = book.create_sheet("Subs")
    for row in (
        [],
        ["id", "day", "amount", "ok"],
        [1, dt.date(2024, 1, 31), 10.5, True],
        [],
        ["x", None, 7, False],
    ):
        data.append(row)
    data["A1"] = None
    book.save(tmp_path / "t.xlsx")
    raw = read(tmp_path / "t.xlsx", "t.xlsx", sheet="Subs")
    assert rows(raw) == [["1", "2024-01-31", "10.5", "true"], ["x", "", "7", "false"]]
    assert raw.frame.index.tolist() in ([3, 5], [2, 4])
    with pytest.raises(TableError, match=r"has no sheet 'subs'.*sheets: Notes, Subs.*Did you mean 'Subs'"):
        read(tmp_path / "t.xlsx", "t.xlsx", sheet="subs")
    with pytest.raises(TableError, match="is empty"):
        read(tmp_path / "t.xlsx", "t.xlsx", sheet="Notes")


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "subs.csv").write_text("a\n1\n")
    with pytest.raises(TableError, match=r"sub\.csv: no such file.*files: subs\.csv.*Did you mean subs\.csv"):
        read(tmp_path / "sub.csv", "sub.csv")
    with pytest.raises(TableError, match=r"unknown kind of file.*'\.pdf'"):
        read(tmp_path / "sub.pdf", "sub.pdf")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(TableError, match="is no regular file"):
        read(tmp_path / "folder.csv", "folder.csv")


def test_a_frame_in_memory_is_read_like_a_file() -> None:
    frame = pd.DataFrame({"id": [1, 2], "mixed": [dt.date(2024, 1, 1), "x"], "blank": [None, float("nan")]})
    raw = raw_frame(frame, "usage")
    assert rows(raw) == [["1", "2024-01-01", ""], ["2", "x", ""]]
    assert raw.sha256 == raw_frame(frame.copy(), "usage").sha256
    assert raw.sha256 != raw_frame(frame.assign(id=[1, 3]), "usage").sha256
