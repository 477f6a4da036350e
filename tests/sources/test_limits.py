"""Hostile files end in a clear error, within bounded memory and time, and never in a figure."""

from __future__ import annotations

import datetime as dt
import io
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cslib.book import Book
from cslib.metrics import retention
from cslib.report.outputs import table_csv
from cslib.report.save import slug
from cslib.sources.company import load_config
from cslib.sources.limits import Limits, read_limits, sized
from cslib.sources.read import read
from cslib.tables import TableError

HEAD = "account_id,start_date,end_date,mrr,currency\n"


def workbook(path: Path) -> bytes:
    pd.DataFrame({"account_id": ["A"], "mrr": [1]}).to_excel(path, index=False)
    return path.read_bytes()


def with_part(data: bytes, part: str, content: bytes) -> bytes:
    """Archive with one part replaced."""
    old, new = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as out:
        for name in old.namelist():
            out.writestr(name, content if name == part else old.read(name))
    return new.getvalue()


def sheet(*cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = "".join(
        f'<row r="{"".join(filter(str.isdigit, c))}"><c r="{c}" t="inlineStr"><is><t>x</t></is></c></row>'
        for c in cells
    )
    return (
        f'<?xml version="1.0"?><worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    )


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    data = workbook(path)
    path.write_bytes(with_part(data, "xl/worksheets/sheet1.xml", b"<!--" + b" " * 30_000_000 + b"-->"))
    assert path.stat().st_size < 100_000
    with pytest.raises(
        TableError, match=r"bomb\.xlsx: unpacks to too much.*at most 2\.0 MB.*limits\.unpacked_bytes"
    ):
        read(path, "bomb.xlsx", limits=Limits(unpacked_bytes=2_000_000))


def test_a_size_that_an_archive_lies_about_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "liar.xlsx"
    data = with_part(workbook(path), "xl/worksheets/sheet1.xml", b"<!--" + b" " * 30_000_000 + b"-->")
    size = (30_000_007).to_bytes(4, "little")
    assert data.count(size) == 2
    path.write_bytes(data.replace(size, (900).to_bytes(4, "little")))
    with pytest.raises(TableError, match="unpacks to too much"):
        read(path, "liar.xlsx", limits=Limits(unpacked_bytes=2_000_000))


def test_a_sheet_of_two_cells_at_its_corners_is_not_laid_out(tmp_path: Path) -> None:
    path = tmp_path / "corners.xlsx"
    path.write_bytes(with_part(workbook(path), "xl/worksheets/sheet1.xml", sheet("A1", "XFD1048576")))
    with pytest.raises(TableError, match=r"spans too many columns.*row 1,048,576, column 16,384"):
        read(path, "corners.xlsx")


def test_a_spreadsheet_that_is_broken_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "broken.xlsx"
    path.write_bytes(workbook(path)[:-200])
    with pytest.raises(TableError, match="cannot be read as a spreadsheet"):
        read(path, "broken.xlsx")


def test_a_formula_is_the_value_that_was_saved_with_it_or_blank(tmp_path: Path) -> None:
    frame = pd.DataFrame({"account_id": ["=1+1", "A"], "mrr": [1, 2]})
    frame.to_excel(tmp_path / "formula.xlsx", index=False)
    assert read(tmp_path / "formula.xlsx", "f").frame["account_id"].fillna("").tolist() == ["", "A"]


def test_a_file_beyond_the_limit_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "vast.csv"
    path.write_text(HEAD)
    os.truncate(path, 5_000_000_000)  # a hole: it takes no room on the disk
    with pytest.raises(
        TableError, match=r"vast\.csv: is too large. Found 5\.0 GB, expected at most 1\.0 GB.*file_bytes"
    ):
        read(path, "vast.csv")


STREAMED = """
import resource, sys
from pathlib import Path
from cslib.sources.limits import Limits
from cslib.sources.read import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read(Path(sys.argv[1]), "long.csv", limits=Limits(rows=1_000))
except ValueError as error:
    print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_long_csv_is_read_no_further_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    line = b"A" * 40 + b",2024-01-01,,1,USD\n"
    with path.open("wb") as file:
        file.write(HEAD.encode())
        for _ in range(60):
            file.write(line * 20_000)
    assert path.stat().st_size > 60_000_000
    told = subprocess.run(
        [sys.executable, "-c", STREAMED, str(path)], capture_output=True, text=True, check=True
    )
    words, grown = told.stdout.strip().rsplit("\n", 1)
    assert "has too many rows" in words
    assert "limits.rows" in words
    assert int(grown) < 30  # MB, of a file of 70
    assert resource.RLIMIT_AS


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            ("h" * 40 + ",") * 5_000 + "\n",
            r"has too many columns. Found 5,001 columns, expected at most 1,000",
        ),
        (
            HEAD + "A" * 200_000 + ",2024-01-01,,1,USD\n",
            r"holds too much. Found a cell from row 2 on of more than 100,000",
        ),
        (HEAD + "A" * 3_000_000, r"holds too much. Found a (cell|line) from row 2 on"),
        (HEAD + '"' + "x,\n" * 200_000, r"holds too much.*Is a quote left open"),
        (HEAD + "A,2024-01-01,,1,USD\n\0\n", r"holds a zero byte, row 3"),
    ],
)
def test_what_no_table_holds_is_refused(tmp_path: Path, data: str, words: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_text(data)
    with pytest.raises(TableError, match=words):
        read(path, "odd.csv")


def test_two_encodings_in_one_file_are_told_by_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "mixed.csv"
    good = "Zürich,2024-01-01,,1,USD\n".encode() * 60_000
    path.write_bytes(HEAD.encode() + good + "Zürich,2024-01-01,,1,USD\n".encode("latin-1"))
    with pytest.raises(
        TableError, match=rf"byte {len(HEAD) + len(good) + 2:,} is not utf-8, row 60,002. Found 0xfc"
    ):
        read(path, "mixed.csv")


def test_a_packed_parquet_is_measured_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "packed.parquet"
    pq.write_table(pa.table({"account_id": pa.array(["x" * 50_000] * 4_000).dictionary_encode()}), path)
    assert path.stat().st_size < 200_000
    with pytest.raises(TableError, match=r"unpacks to too much.*limits\.unpacked_bytes"):
        read(path, "packed.parquet", limits=Limits(unpacked_bytes=50_000_000))
    with pytest.raises(TableError, match=r"has too many rows.*4,000 rows.*at most 100"):
        read(path, "packed.parquet", limits=Limits(rows=100))


def test_a_device_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(TableError, match="is no regular file"):
        read(tmp_path / "pipe.csv", "pipe.csv")


@pytest.mark.parametrize(("depth", "words"), [(20, ""), (80, "too deeply nested")])
def test_nested_values_are_text_or_refused(tmp_path: Path, depth: int, words: str) -> None:
    value: object = 1
    for _ in range(depth):
        value = [value]
    pq.write_table(pa.table({"account_id": ["A"], "deep": [value]}), tmp_path / "deep.parquet")
    if words:
        with pytest.raises(TableError, match=words):
            read(tmp_path / "deep.parquet", "deep")
    else:
        assert read(tmp_path / "deep.parquet", "deep").frame["deep"].iloc[0].count("[") == depth


def test_limits_are_settings(tmp_path: Path) -> None:
    (tmp_path / "company.toml").write_text('name = "A"\ncurrency = "USD"\n[limits]\nrows = 5\n')
    assert load_config(tmp_path).limits == Limits(rows=5)
    with pytest.raises(TableError, match=r"limits: unknown key.*'row'.*Did you mean rows"):
        read_limits({"row": 5})
    with pytest.raises(TableError, match=r"limits\.rows: not a whole number"):
        read_limits({"rows": "5"})
    assert sized(1_500) == "1.5 kB"


def test_an_ods_cell_that_stands_a_million_times_is_not_laid_out(tmp_path: Path) -> None:
    urn = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{n}="{urn}:{n}:1.0"' for n in ("office", "table", "text"))
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="100000000"><text:p>x</text:p>'
    with zipfile.ZipFile(tmp_path / "wide.ods", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        out.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name='S'>"
            f"<table:table-row>{cell}</table:table-cell></table:table-row></table:table></office:spreadsheet>"
            "</office:body></office:document-content>",
        )
    with pytest.raises(TableError, match=r"spans too many columns.*column 100,000,000"):
        read(tmp_path / "wide.ods", "wide.ods")


def test_names_from_data_are_names_and_nothing_more(tmp_path: Path) -> None:
    """SQL, paths and formulas in names and cells are text: nothing is run, nothing is written elsewhere."""
    names = [
        "Robert'); DROP TABLE accounts;--",
        "../../etc/passwd",
        '=HYPERLINK("http://evil")',
        "$(rm -rf /)",
    ]
    rows = "".join(
        f'"{name.replace(chr(34), chr(34) * 2)}",2024-01-01,,{i},USD\n' for i, name in enumerate(names, 1)
    )
    (tmp_path / "subscriptions.csv").write_text(HEAD + rows + '"=1+1",2024-01-01,,-1,USD\n')
    toml = 'name = "../../out"\ncurrency = "USD"\n[tables.subscriptions]\nbroken_rows = "reject"\n'
    (tmp_path / "company.toml").write_text(toml)
    book = Book.load(tmp_path, as_of=dt.date(2024, 6, 30))
    assert sorted(retention.account_changes(book, window=3)["account_id"]) == sorted(names)
    assert slug("../../etc/passwd") == "etc-passwd"
    assert b"'=1+1" in table_csv(book.rejected["subscriptions"])
